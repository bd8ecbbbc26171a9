"""Count the calls to another service by places, which all processes share."""

import sqlalchemy as sa
from alembic import op

revision = "0108"
down_revision = "0105"


def upgrade() -> None:
    """Create the table. Its rows are made by the first call."""
    op.create_table(
        "call_place",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("free_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("name", "place"),
    )
