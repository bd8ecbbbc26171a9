"""The parts of the web process and of the worker: one object with the stores, the clients and the manifest."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from sqlmodel import select

from alc_app.attio.host.context import Settings
from alc_app.attio.manifest import App
from alc_app.config.settings import Config
from alc_app.runtime import failpoints
from alc_app.runtime.bell import WORK, Bell, Notifications, Pipes
from alc_app.runtime.engine import Engine
from alc_app.runtime.exchanges.log import ExchangeLog
from alc_app.runtime.http_client import Http
from alc_app.runtime.migrations.schema import Schema, told
from alc_app.runtime.oauth_client import OAuthClient
from alc_app.runtime.sign_in.oidc import OpenIdProvider
from alc_app.runtime.sign_in.people import People
from alc_app.runtime.sign_in.proxy import Proxies
from alc_app.runtime.sign_in.roles import Roles
from alc_app.runtime.sign_in.sessions import Sessions
from alc_app.runtime.storage.database import Database, DatabaseUnusable
from alc_app.runtime.storage.event_log import append_event
from alc_app.runtime.storage.file_locks import FileLocks
from alc_app.runtime.storage.locks import AdvisoryLocks
from alc_app.runtime.storage.sealing import KeyMissing, Sealer
from alc_app.runtime.storage.tables import ConnectionRow
from alc_app.runtime.stores.call_limit import CallLimit
from alc_app.runtime.stores.circuit_breaker import CircuitBreaker
from alc_app.runtime.stores.connections import Connections
from alc_app.runtime.stores.handler_cache import HandlerCache
from alc_app.runtime.stores.inbox import Inbox
from alc_app.runtime.stores.key_values import KeyValues
from alc_app.runtime.stores.oauth_flows import OAuthFlows
from alc_app.runtime.stores.rate_limit import RateLimiter
from alc_app.runtime.stores.subscriptions import Subscriptions
from alc_app.runtime.stores.webhook_handlers import WebhookHandlers
from alc_app.runtime.stores.worker_ids import WorkerIds
from alc_app.runtime.stores.workflow_runs import WorkflowRuns
from alc_app.runtime.stores.workspace_settings import WorkspaceSettings

WORKSPACE = "workspace"
"""An installation serves one workspace, that of the Attio token. Labs add connections of workspaces of their own."""


class Services:
    """The stores and clients that the web process and the worker share."""

    def __init__(self, config: Config, manifest: App, now: Callable[[], float] = time.time) -> None:
        """Open the databases, and build everything. `now` gives epoch seconds. Raises: DatabaseUnusable; KeyMissing."""
        self.config, self.manifest, self.now = config, manifest, now
        failpoints.arm(config.failpoints)
        self.bell = Bell(Notifications(config.database_url) if config.shares_database else Pipes(config.home / "bells"))
        self.database = Database(config.database("app"), committed=partial(self.bell.ring, WORK))
        # SQLite: a file for each, so that a delivery never waits for another writer. Postgres: one pool for all.
        separate = config.database("inbox") != config.database("app")
        inbox = Database(config.database("inbox")) if separate else self.database
        exchanges = Database(config.database("exchanges"), durable=False) if separate else self.database
        self.engine = Engine(config.database("engine"), self.bell)
        self.sealer = sealer = self._open(inbox, exchanges)
        self.exchanges = ExchangeLog(
            exchanges if config.notes_exchanges else None,
            now,
            {urlsplit(config.alc_url).netloc: "ALC", urlsplit(config.attio_origin).netloc: "Attio API"},
        )
        self.handler_cache = HandlerCache(self.database)
        self.inbox = Inbox(inbox, self.bell, now, self.handler_cache.changed)
        locks = FileLocks(config.home / "workers") if self.database.is_sqlite else AdvisoryLocks(self.database.engine)
        self.worker_ids = WorkerIds(self.database, locks)
        self.http = Http()
        self.rate_limiter = RateLimiter(self.database)
        self.call_limit = CallLimit(self.database, lambda: self.worker_ids.my_id)
        self.circuit_breaker = CircuitBreaker(self.database, now)
        self.oauth = OAuthClient(config, self.http, now)
        self.oauth_flows = OAuthFlows(self.database, sealer, self.oauth, now)
        self.roles, self.proxies = Roles(config), Proxies(config)
        self.people = People(self.database, now)
        self.sessions = Sessions(self.database, sealer, self.roles.hash, now)
        self.provider = OpenIdProvider(config, self.http, now)
        self.sign_in_flows = OAuthFlows(self.database, sealer, self.provider, now, "sign_in")
        self.connections = Connections(self.database, sealer, self.oauth, self.call_limit, now)
        self.webhook_handlers = WebhookHandlers(self.database, sealer, config.base_url, now)
        self.subscriptions = Subscriptions(self.database, sealer, self.webhook_handlers, manifest, now)
        self.settings = _settings(config, self.webhook_handlers)
        self.key_values = KeyValues(self.database, WORKSPACE, now)
        self.workspace_settings = WorkspaceSettings(self.database, WORKSPACE, now)
        self.workflow_runs = WorkflowRuns(self.database, f"{config.base_url}/workflows", now)

    def _open(self, inbox: Database, exchanges: Database) -> Sealer:
        """Migrate or check the schema of each database, and return the sealer of their secrets.

        Closes them all if one does not fit or cannot be opened, or if the key is missing.
        """
        databases = {"app": self.database, "inbox": inbox, "exchanges": exchanges}
        try:
            for folder, database in databases.items():
                Schema(database, folder).prepare()
            with told():
                self.engine.open()
            return Sealer.from_config(self.config, in_use=self._has_sealed_secrets())
        except (DatabaseUnusable, KeyMissing):
            self.engine.close()
            for database in databases.values():
                database.close()
            raise

    def _has_sealed_secrets(self) -> bool:
        with self.database.reading() as session:
            return (
                session.exec(select(ConnectionRow.id).where(ConnectionRow.access_token != "").limit(1)).first()
                is not None
            )

    def publish(self, kind: str, data: Mapping[str, Any]) -> None:
        """Send an event to the open pages; within a transaction, when it commits."""
        with self.database.transaction() as session:
            append_event(session, kind, data, self.now())

    def take_over(self, worker_ids: Sequence[str]) -> None:
        """Let living workers have what these dead ones had: runs, deliveries, and the places of their calls.

        DBOS's own recovery would put the runs into a queue that is polled rarely.
        """
        self.engine.requeue_runs_of(worker_ids)
        self.inbox.release(worker_ids)
        self.call_limit.release(worker_ids)

    def close(self) -> None:
        """Close the databases, the log of exchanges, and the bell."""
        self.bell.close()
        self.exchanges.close()
        self.engine.close()
        self.database.close()
        self.inbox.close()


def _settings(config: Config, handlers: WebhookHandlers) -> Settings:
    """Return what app code may know of the configuration."""
    return Settings(
        alc_url=config.alc_url,
        attio_url=config.attio_origin,
        attio_api_token=config.attio_token,
        workspace_id=WORKSPACE,
        hooks_url=handlers.url("", "standard_webhooks"),
        events_url=handlers.url("", "attio"),
        subscription_seconds=config.subscription_seconds,
        send_new_people=config.send_new_people,
        strict_removal=config.removal == "strict",
    )
