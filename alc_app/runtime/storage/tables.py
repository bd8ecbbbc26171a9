"""Tables of the runtime. Secrets are sealed (sealing.py); times are seconds since 1970, UTC.

Only the migrations make tables and indices. A partial index has its condition in `info["where"]`, which a test compares
with theirs: `sqlite_where` and `postgresql_where` would import both of SQLAlchemy's dialects at every start.
"""

from sqlalchemy import Index, LargeBinary, text
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel


class Table(SQLModel, registry=registry()):
    """Base class of the runtime's tables, with their own registry."""

    model_config = {"defer_build": True}  # a row is validated nowhere


class OAuthFlow(Table, table=True):
    """An OAuth flow, from the click on Connect or a sign-in to its callback. Kept here, not in the browser (O3)."""

    __tablename__ = "oauth_flow"

    id: str = Field(primary_key=True)
    state_hash: str = Field(unique=True)
    browser_hash: str
    purpose: str = "connect"
    """connect or sign_in: a callback of one ends no flow of the other."""
    person_id: str | None = None
    """Who has begun it (O22); None where nobody signs in, and for a sign-in."""
    return_to: str = ""
    """The page to show afterwards: a path of this app; empty for the usual one."""
    issuer: str
    verifier: str
    """Sealed."""
    code: str | None = None
    """Sealed; set when the callback has been accepted."""
    expires_at: float
    used_at: float | None = None


class PersonRow(Table, table=True):
    """Somebody who has signed in. The id is made of the issuer and its subject (sign_in/people.py)."""

    __tablename__ = "person"

    id: str = Field(primary_key=True)
    email: str
    name: str
    role: str
    """The role at the last sign-in, to be shown. What somebody may do is said by the session."""
    seen_at: float


class SignInSession(Table, table=True):
    """A session of a signed-in person (sign_in/sessions.py). The browser has its id, and we have the hash of that."""

    __tablename__ = "sign_in_session"

    id_hash: str = Field(primary_key=True)
    person_id: str = Field(index=True)
    role: str
    rules_hash: str
    """The hash of the rules that gave the role. When they change, the session ends."""
    id_token: str = ""
    """Sealed; the provider wants it back when the person signs out."""
    created_at: float
    used_at: float


class PersonAction(Table, table=True):
    """What a signed-in person has asked for: one row for each request that may change something."""

    __tablename__ = "person_action"

    id: int | None = Field(default=None, primary_key=True)
    at: float
    person_id: str
    route: str
    """A key of the table of who may (web/who_may.py), such as `POST /settings`."""
    path: str


class ConnectionRow(Table, table=True):
    """A connection to ALC: adding → active ⇄ needs_reconnect → removing → removed | given_up."""

    __tablename__ = "connection"
    __table_args__ = (
        Index(
            "one_live_connection_per_workspace",
            "workspace_id",
            unique=True,
            info={"where": "status in ('active', 'needs_reconnect')"},
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
    connected_by: str | None = None
    """The person who has connected, where people sign in."""
    issued_at: float | None = None
    """When the access token was received."""
    token_version: int = 1
    """Increased by each refresh."""
    refreshing_until: float = 0
    """Until then one process has the lease to refresh the token."""
    created_at: float
    why: str | None = None
    removing_since: float | None = None
    replaced: str | None = None
    """The id of the connection that this one replaced."""
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
    """The signature scheme of its sender, a key of `SCHEMES` (signatures/schemes.py)."""
    connector: str = ""
    """The connector that manages its subscription (stores/subscriptions.py); empty if the app does."""
    secret: str
    """Sealed; empty while the sender has not sent it yet."""
    previous_secret: str = ""
    """Sealed; the secret before the last rotation. It is accepted beside `secret`."""
    previous_secret_until: float | None = None
    """When the outside service stops signing with the previous secret, as it said; None: it has not said so."""
    rotate_at: float | None = None
    """When to tell the outside service of `secret`, after a rotation; None: it has been told."""
    rotate_tries: int = 0
    rotate_why: str | None = None
    """Why the last try failed."""
    created_at: float
    gone_at: float | None = None
    """Set when the removal of the connection begins: from then on the URL answers 410."""
    deleted_at: float | None = None
    """Set when the outside service has deleted the webhook too."""


class SubscriptionRow(Table, table=True):
    """A connector's subscription for a handler, and when it has to be made or refreshed."""

    __tablename__ = "connector_subscription"

    handler_id: str = Field(primary_key=True)
    parameters: str
    """JSON."""
    state: str = ""
    """Sealed JSON; empty until the connector has subscribed."""
    due_at: float | None
    """When to subscribe or refresh; None means never."""
    tries: int = 0
    why: str | None = None


class WorkspaceSettingRow(Table, table=True):
    """A setting that a person of the workspace has set (stores/workspace_settings.py)."""

    __tablename__ = "workspace_setting"

    workspace_id: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    value: str
    """JSON."""
    set_at: float


class KeyValueRow(Table, table=True):
    """A value that the app stores under a key (stores/key_values.py)."""

    __tablename__ = "key_value"

    workspace_id: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    value: str
    """JSON."""
    expires_at: float | None = Field(default=None, index=True)
    """None means never."""


class LiveEvent(Table, table=True):
    """An event for open pages, in an append-only log that `/events` reads."""

    __tablename__ = "live_event"

    id: int | None = Field(default=None, primary_key=True)
    kind: str
    data: str
    at: float


class RateLimitSlot(Table, table=True):
    """A moment before which something is not done again, across all processes (stores/rate_limit.py, call_limit.py)."""

    __tablename__ = "rate_limit_slot"

    name: str = Field(primary_key=True)
    next_at: float


class CallPlace(Table, table=True):
    """One of the calls that another service allows in a second (stores/call_limit.py)."""

    __tablename__ = "call_place"

    name: str = Field(primary_key=True)
    place: int = Field(primary_key=True)
    free_at: float
    worker: str | None = None
    """The id of the worker whose call has it, or had it last; "" for a web process, and None before the first call."""


class WorkerRow(Table, table=True):
    """A worker id that has been used. Its lock says whether it runs now (stores/worker_ids.py)."""

    __tablename__ = "worker"

    id: str = Field(primary_key=True)
    started_at: float


class InboxTable(SQLModel, registry=registry()):
    """Base class of the inbox table, which has its own database file on SQLite."""


IS_OPEN = text("state in ('new', 'queued')")
HAS_FAILED = text("state = 'failed'")
HAS_ENDED = text("state in ('done', 'ignored', 'forgotten')")
"""Conditions of the partial indices of deliveries. A query that repeats one word for word uses its index."""


class Delivery(InboxTable, table=True):
    """A webhook delivery that was answered with 2xx. The primary key deduplicates it (R14)."""

    __table_args__ = (
        Index("open_deliveries", "received_at", "due_at", info={"where": IS_OPEN.text}),
        Index("failed_deliveries", "received_at", info={"where": HAS_FAILED.text}),
        Index("ended_deliveries", "state", "due_at", info={"where": HAS_ENDED.text}),
        Index("deliveries_by_time", "received_at"),
    )

    handler_id: str = Field(primary_key=True)
    webhook_id: str = Field(primary_key=True)
    body: bytes = Field(sa_type=LargeBinary)
    digest: str
    received_at: float
    state: str
    """new → queued → done | failed; or ignored, if there is nothing to do. Later forgotten: the body is erased."""
    due_at: float = 0
    """When a run is to be started. A queued delivery is due again later, in case its run is lost. After its end: when
    it ended."""
    tries: int = 0
    worker: str | None = None
    """The worker that runs it, while it is queued. No other worker may, until this one is dead."""
    why: str | None = None
    traceparent: str | None = None
    """The trace that it was received with; its run continues it."""


class ExchangeTable(SQLModel, registry=registry()):
    """Base class of the log of exchanges, which has its own database file on SQLite."""


class Message(ExchangeTable, table=True):
    """One arrow between two participants (exchanges/log.py)."""

    id: int | None = Field(default=None, primary_key=True)
    trace_id: str = Field(index=True)
    at: float
    kind: str
    """call, answer or note."""
    call: str = ""
    """An id shared by a call and its answer; empty for a message without an answer."""
    sender: str = Field(index=True)
    receiver: str
    label: str
    detail: str = "{}"
    """JSON: the HTTP request or response without secrets, and the source lines that made the call."""
