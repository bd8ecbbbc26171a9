"""The messages between the participants of the tutorial's diagrams."""

from alembic import op
from sqlalchemy import Column, Float, Integer, PrimaryKeyConstraint, String

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make them."""
    op.create_table(
        "message",
        Column("id", Integer(), nullable=False),
        Column("trace_id", String(), nullable=False),
        Column("at", Float(), nullable=False),
        Column("kind", String(), nullable=False),
        Column("call", String(), nullable=False),
        Column("sender", String(), nullable=False),
        Column("receiver", String(), nullable=False),
        Column("label", String(), nullable=False),
        Column("detail", String(), nullable=False),
        PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_message_trace_id", "message", ["trace_id"], unique=False)
