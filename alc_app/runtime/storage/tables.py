"""The runtime's own rows. Secrets in them are sealed (sealing.py); instants are seconds since 1970, UTC."""

from __future__ import annotations

from sqlalchemy import Index, LargeBinary, text
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel


class Table(SQLModel, registry=registry()):
    """Base of the runtime's tables, in a registry of their own."""


class OAuthFlow(Table, table=True):
    """One click on Connect, until its callback: what must be remembered on our side of the browser (O3)."""

    __tablename__ = "oauth_flow"

    id: str = Field(primary_key=True)
    state_hash: str = Field(unique=True)
    browser_hash: str
    issuer: str
    verifier: str
    """Sealed."""
    code: str | None = None
    """Sealed; set when the callback has been accepted."""
    expires_at: float
    used_at: float | None = None


class ConnectionRow(Table, table=True):
    """A connection to ALC: adding → active ⇄ needs_reconnect → removing → removed | given_up."""

    __tablename__ = "connection"
    __table_args__ = (
        Index(
            "one_live_connection_per_workspace",
            "workspace_id",
            unique=True,
            sqlite_where=text("status in ('active', 'needs_reconnect')"),
            postgresql_where=text("status in ('active', 'needs_reconnect')"),
        ),
    )

    id: str = Field(primary_key=True)
    workspace_id: str
    status: str
    access_token: str = ""
    refresh_token: str = ""
    expires_at: float | None = None
    refresh_at: float = 0
    scope: str = ""
    username: str = ""
    issued_at: float | None = None
    """Since when there has been this access token."""
    token_version: int = 1
    refreshing_until: float = 0
    created_at: float
    why: str | None = None
    removing_since: float | None = None
    replaced: str | None = None
    """The connection that this one took the place of."""
    tries: int = 0
    due_at: float | None = None


class WebhookHandlerRow(Table, table=True):
    """A webhook handler: registering → active → deleted. A deleted one stays, as a tombstone that answers 410."""

    __tablename__ = "webhook_handler"

    id: str = Field(primary_key=True)
    connection_id: str = Field(index=True)
    file_name: str
    external_webhook_id: str | None = None
    signed_by: str = "standard_webhooks"
    """Which of schemes.py its sender follows."""
    connector: str = ""
    """Which connector keeps its subscription (subscriptions.py); empty: the app does."""
    secret: str
    """Sealed; empty, while the sender has not told it yet."""
    created_at: float
    gone_at: float | None = None
    """Set when the connection is being removed: from then on the address answers 410."""
    deleted_at: float | None = None
    """Set when the outside service has forgotten the webhook too."""


class SubscriptionRow(Table, table=True):
    """What a connector has subscribed to for a handler, and when it is to be looked after."""

    __tablename__ = "connector_subscription"

    handler_id: str = Field(primary_key=True)
    parameters: str
    """JSON."""
    state: str = ""
    """Sealed JSON; empty, until the connector has subscribed."""
    due_at: float | None
    """When to subscribe or to refresh; None: never."""
    tries: int = 0
    why: str | None = None


class WorkspaceSettingRow(Table, table=True):
    """A setting of the app that a person of the workspace has set (workspace_settings.py)."""

    __tablename__ = "workspace_setting"

    workspace_id: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    value: str
    """JSON."""
    set_at: float


class KeyValueRow(Table, table=True):
    """A value that the app keeps under a key (key_values.py)."""

    __tablename__ = "key_value"

    workspace_id: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    value: str
    """JSON."""
    expires_at: float | None = Field(default=None, index=True)
    """None: never."""


class LiveEvent(Table, table=True):
    """Something that open pages want to know: an append-only log, read by `/events`."""

    __tablename__ = "live_event"

    id: int | None = Field(default=None, primary_key=True)
    kind: str
    data: str
    at: float


class RateLimitSlot(Table, table=True):
    """The next free time slot for one kind of call, across all processes (stores/rate_limit.py)."""

    __tablename__ = "rate_limit_slot"

    name: str = Field(primary_key=True)
    next_at: float


class WorkerRow(Table, table=True):
    """A worker that has run here; whether it runs now is known by its lock (stores/worker_ids.py)."""

    __tablename__ = "worker"

    id: str = Field(primary_key=True)
    started_at: float


class InboxTable(SQLModel, registry=registry()):
    """Base of the inbox, which has a database file of its own on SQLite."""


class Delivery(InboxTable, table=True):
    """A webhook delivery that we have answered with 2xx. Its key makes a second one harmless (R14)."""

    __table_args__ = (Index("deliveries_to_queue", "state", "due_at"),)

    handler_id: str = Field(primary_key=True)
    webhook_id: str = Field(primary_key=True)
    body: bytes = Field(sa_type=LargeBinary)
    digest: str
    received_at: float
    state: str
    """new → queued → done | failed; or ignored, when there was nothing to do. Later forgotten: its body is gone."""
    due_at: float = 0
    """When a run is to be asked for; a queued one is due again later, in case its run came to nothing. Of one that has
    ended: when it did."""
    tries: int = 0
    why: str | None = None
    traceparent: str | None = None
    """The trace that it came with, which its run goes on with."""


class ExchangeTable(SQLModel, registry=registry()):
    """Base of the log of exchanges, which has a database file of its own on SQLite."""


class Message(ExchangeTable, table=True):
    """One arrow between two participants (exchanges.py)."""

    id: int | None = Field(default=None, primary_key=True)
    trace_id: str = Field(index=True)
    at: float
    kind: str
    """call, answer or note."""
    call: str = ""
    """What a call and its answer have in common; empty for a message that is not answered."""
    sender: str
    receiver: str
    label: str
    detail: str = "{}"
    """JSON: the HTTP that was spoken, without its secrets, and the lines of ours that made it."""
