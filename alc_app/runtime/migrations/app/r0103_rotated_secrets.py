"""Let a webhook handler have two secrets: the current one, and the previous one until its end."""

import sqlalchemy as sa
from alembic import op

revision = "0103"
down_revision = "0102"


def upgrade() -> None:
    """Add the columns. No handler from before has a previous secret."""
    op.add_column("webhook_handler", sa.Column("previous_secret", sa.String(), nullable=False, server_default=""))
    op.add_column("webhook_handler", sa.Column("previous_secret_until", sa.Float(), nullable=True))
    op.add_column("webhook_handler", sa.Column("rotate_at", sa.Float(), nullable=True))
    op.add_column("webhook_handler", sa.Column("rotate_tries", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("webhook_handler", sa.Column("rotate_why", sa.String(), nullable=True))
