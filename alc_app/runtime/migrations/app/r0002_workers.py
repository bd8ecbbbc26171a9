"""Workers that have run, so that the work of a dead one is taken over."""

from alembic import op
from sqlalchemy import Column, Float, String

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make it."""
    op.create_table("executor", Column("id", String(), primary_key=True), Column("started_at", Float(), nullable=False))
