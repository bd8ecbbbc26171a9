"""Find what the user has begun among all messages."""

from alembic import op

revision = "0106"
down_revision = "0100"


def upgrade() -> None:
    """Add the index."""
    op.create_index("ix_message_sender", "message", ["sender"])
