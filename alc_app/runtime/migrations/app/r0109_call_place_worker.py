"""A place knows the worker whose call has it."""

import sqlalchemy as sa
from alembic import op

revision = "0109"
down_revision = "0108"


def upgrade() -> None:
    """Add the column."""
    op.add_column("call_place", sa.Column("worker", sa.String(), nullable=True))
