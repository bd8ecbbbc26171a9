"""The tables of the first whole loop."""

from alembic import op
from sqlalchemy import Column, Float, Integer, PrimaryKeyConstraint, String, UniqueConstraint, text

revision = "0001"
down_revision = None

LIVE = text("status in ('active', 'needs_reconnect')")
OPEN = text("status in ('sending', 'pending')")


def upgrade() -> None:
    """Make them."""
    _connection()
    _live_event()
    _oauth_flow()
    _pace()
    _webhook_handler()
    _early_event()
    _lead()


def _connection() -> None:
    op.create_table(
        "connection",
        Column("id", String(), nullable=False),
        Column("workspace_id", String(), nullable=False),
        Column("status", String(), nullable=False),
        Column("access_token", String(), nullable=False),
        Column("refresh_token", String(), nullable=False),
        Column("expires_at", Float(), nullable=True),
        Column("refresh_at", Float(), nullable=False),
        Column("scope", String(), nullable=False),
        Column("token_version", Integer(), nullable=False),
        Column("refreshing_until", Float(), nullable=False),
        Column("created_at", Float(), nullable=False),
        Column("why", String(), nullable=True),
        Column("removing_since", Float(), nullable=True),
        Column("replaced", String(), nullable=True),
        Column("tries", Integer(), nullable=False),
        Column("due_at", Float(), nullable=True),
        PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "one_live_connection_per_workspace",
        "connection",
        ["workspace_id"],
        unique=True,
        sqlite_where=LIVE,
        postgresql_where=LIVE,
    )


def _live_event() -> None:
    op.create_table(
        "live_event",
        Column("id", Integer(), nullable=False),
        Column("kind", String(), nullable=False),
        Column("data", String(), nullable=False),
        Column("at", Float(), nullable=False),
        PrimaryKeyConstraint("id"),
    )


def _oauth_flow() -> None:
    op.create_table(
        "oauth_flow",
        Column("id", String(), nullable=False),
        Column("state_hash", String(), nullable=False),
        Column("browser_hash", String(), nullable=False),
        Column("issuer", String(), nullable=False),
        Column("verifier", String(), nullable=False),
        Column("code", String(), nullable=True),
        Column("expires_at", Float(), nullable=False),
        Column("used_at", Float(), nullable=True),
        PrimaryKeyConstraint("id"),
        UniqueConstraint("state_hash"),
    )


def _pace() -> None:
    op.create_table(
        "pace",
        Column("name", String(), nullable=False),
        Column("next_at", Float(), nullable=False),
        PrimaryKeyConstraint("name"),
    )


def _webhook_handler() -> None:
    op.create_table(
        "webhook_handler",
        Column("id", String(), nullable=False),
        Column("connection_id", String(), nullable=False),
        Column("file_name", String(), nullable=False),
        Column("external_webhook_id", String(), nullable=True),
        Column("secret", String(), nullable=False),
        Column("created_at", Float(), nullable=False),
        Column("gone_at", Float(), nullable=True),
        Column("deleted_at", Float(), nullable=True),
        PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_webhook_handler_connection_id", "webhook_handler", ["connection_id"], unique=False)


def _early_event() -> None:
    op.create_table(
        "early_event",
        Column("alc_lead_id", String(), nullable=False),
        Column("workspace_id", String(), nullable=False),
        Column("event", String(), nullable=False),
        Column("received_at", Float(), nullable=False),
        PrimaryKeyConstraint("alc_lead_id"),
    )


def _lead() -> None:
    op.create_table(
        "lead",
        Column("id", String(), nullable=False),
        Column("workspace_id", String(), nullable=False),
        Column("record_id", String(), nullable=False),
        Column("attempt", Integer(), nullable=False),
        Column("posts", Integer(), nullable=False),
        Column("status", String(), nullable=False),
        Column("alc_lead_id", String(), nullable=True),
        Column("interest", String(), nullable=True),
        Column("summary", String(), nullable=True),
        Column("occurred_at", Float(), nullable=False),
        Column("version", Integer(), nullable=False),
        Column("shown_version", Integer(), nullable=False),
        Column("writer", String(), nullable=True),
        Column("writer_until", Float(), nullable=False),
        Column("due_at", Float(), nullable=True),
        Column("ask_at", Float(), nullable=True),
        Column("tries", Integer(), nullable=False),
        Column("why", String(), nullable=True),
        Column("created_at", Float(), nullable=False),
        PrimaryKeyConstraint("id"),
        UniqueConstraint("alc_lead_id"),
    )
    op.create_index("ix_lead_record_id", "lead", ["record_id"], unique=False)
    op.create_index("leads_by_due", "lead", ["due_at"], unique=False)
    op.create_index("leads_to_ask_about", "lead", ["ask_at"], unique=False)
    op.create_index(
        "one_open_lead_per_record",
        "lead",
        ["workspace_id", "record_id"],
        unique=True,
        sqlite_where=OPEN,
        postgresql_where=OPEN,
    )
