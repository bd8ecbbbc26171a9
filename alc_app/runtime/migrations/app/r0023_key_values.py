"""What the app keeps under keys."""

from alembic import op
from sqlalchemy import Column, Float, String

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "key_value",
        Column("workspace_id", String(), primary_key=True),
        Column("key", String(), primary_key=True),
        Column("value", String(), nullable=False),
        Column("expires_at", Float(), nullable=True, index=True),
    )
