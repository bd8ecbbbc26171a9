"""The trace that a lead began in."""

from alembic import op
from sqlalchemy import Column, String

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make it."""
    op.add_column("lead", Column("traceparent", String(), nullable=True))
