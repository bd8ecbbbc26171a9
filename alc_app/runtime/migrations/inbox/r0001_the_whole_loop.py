"""The table of deliveries, as it began."""

from alembic import op
from sqlalchemy import Column, Float, Integer, LargeBinary, PrimaryKeyConstraint, String

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make them."""

    op.create_table(
        "delivery",
        Column("handler_id", String(), nullable=False),
        Column("webhook_id", String(), nullable=False),
        Column("body", LargeBinary(), nullable=False),
        Column("digest", String(), nullable=False),
        Column("received_at", Float(), nullable=False),
        Column("state", String(), nullable=False),
        Column("due_at", Float(), nullable=False),
        Column("tries", Integer(), nullable=False),
        Column("why", String(), nullable=True),
        PrimaryKeyConstraint("handler_id", "webhook_id"),
    )
    op.create_index("deliveries_to_queue", "delivery", ["state", "due_at"], unique=False)
