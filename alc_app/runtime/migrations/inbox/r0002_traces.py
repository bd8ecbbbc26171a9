"""The trace that a delivery came with."""

from alembic import op
from sqlalchemy import Column, String

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make it."""
    op.add_column("delivery", Column("traceparent", String(), nullable=True))
