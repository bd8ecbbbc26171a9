"""A delivery knows the worker that runs it."""

import sqlalchemy as sa
from alembic import op

revision = "0107"
down_revision = "0104"


def upgrade() -> None:
    """Add the column."""
    op.add_column("delivery", sa.Column("worker", sa.String(), nullable=True))
