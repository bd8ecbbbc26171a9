"""Subscriptions that connectors keep, and sweeps: when ALC is asked for everything that no webhook has told."""

from alembic import op
from sqlalchemy import Column, Float, Integer, String

revision = "0020"
down_revision = "0006"


def upgrade() -> None:
    """Make them."""
    op.add_column("webhook_handler", Column("connector", String(), nullable=False, server_default=""))
    op.create_table(
        "connector_subscription",
        Column("handler_id", String(), primary_key=True),
        Column("parameters", String(), nullable=False),
        Column("state", String(), nullable=False),
        Column("due_at", Float(), nullable=True),
        Column("tries", Integer(), nullable=False),
        Column("why", String(), nullable=True),
    )
    op.create_table(
        "sweep",
        Column("workspace_id", String(), primary_key=True),
        Column("due_at", Float(), nullable=False),
        Column("since", Float(), nullable=False),
        Column("done_at", Float(), nullable=True),
        Column("told", Integer(), nullable=False),
        Column("why", String(), nullable=True),
    )
