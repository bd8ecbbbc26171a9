"""Who signs for a handler, what Attio is to tell us of, and leads that somebody asked for in the CRM."""

from alembic import op
from sqlalchemy import Boolean, Column, Float, Integer, String, false

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Make them."""
    signed_by = Column("signed_by", String(), nullable=False, server_default="standard_webhooks")
    op.add_column("webhook_handler", signed_by)
    op.add_column("lead", Column("requested", Boolean(), nullable=False, server_default=false()))
    op.add_column("lead", Column("alc_record_id", String(), nullable=True))
    op.create_table(
        "record_subscription",
        Column("handler_id", String(), primary_key=True),
        Column("due_at", Float(), nullable=False),
        Column("tries", Integer(), nullable=False),
        Column("why", String(), nullable=True),
    )
