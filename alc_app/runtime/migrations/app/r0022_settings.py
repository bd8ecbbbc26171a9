"""What the people of a workspace have set."""

from alembic import op
from sqlalchemy import Column, Float, String

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "workspace_setting",
        Column("workspace_id", String(), primary_key=True),
        Column("key", String(), primary_key=True),
        Column("value", String(), nullable=False),
        Column("set_at", Float(), nullable=False),
    )
