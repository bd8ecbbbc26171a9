"""What an undeliverable lead was before, so that a replay goes on from there."""

from alembic import op
from sqlalchemy import Column, String

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Make it."""
    op.add_column("lead", Column("undelivered", String(), nullable=True))
