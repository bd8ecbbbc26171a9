"""Counting leads by their status, and finding those that ended long ago, without reading them all."""

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Make it."""
    op.create_index("leads_by_status", "lead", ["status", "created_at"], unique=False)
