"""What both processes are made of: one object that holds the stores, the clients and the manifest."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from sqlmodel import select

from alc_app.attio.http import Request, Response
from alc_app.attio.runtime import Settings
from alc_app.attio.types import App, Upkeep
from alc_app.config import Config
from alc_app.runtime import failpoints
from alc_app.runtime.connections import Connections
from alc_app.runtime.database import Database
from alc_app.runtime.engine import Engine
from alc_app.runtime.event_log import append
from alc_app.runtime.exchanges import ExchangeLog
from alc_app.runtime.executor import Executors
from alc_app.runtime.flows import Flows
from alc_app.runtime.handlers import Handlers
from alc_app.runtime.http import Http
from alc_app.runtime.inbox import Inbox
from alc_app.runtime.key_values import KeyValues
from alc_app.runtime.locks import AdvisoryLocks, FileLocks
from alc_app.runtime.oauth import OAuthClient
from alc_app.runtime.pace import Pacer
from alc_app.runtime.refusals import Refusals
from alc_app.runtime.schema import Schema, SchemaUnfit
from alc_app.runtime.sealing import Sealer
from alc_app.runtime.subscriptions import Subscriptions
from alc_app.runtime.tables import ConnectionRow
from alc_app.runtime.workflow_switches import PREFIX
from alc_app.runtime.workflows import Workflows
from alc_app.runtime.workspace_settings import WorkspaceSettings

WORKSPACE = "workspace"
"""One installation serves one workspace, the one that the token belongs to; rows name it all the same."""


class House:
    """Everything that app code, run in either process, can lean on."""

    def __init__(self, config: Config, manifest: App, now: Callable[[], float] = time.time) -> None:
        self.config, self.manifest, self.now = config, manifest, now
        failpoints.arm(config.failpoints, config.kill_once)
        self.database = Database(config.database("app"))
        # On SQLite a file of its own, so that a delivery never waits for another writer; on Postgres one pool.
        apart = config.database("inbox") != config.database("app")
        inbox = Database(config.database("inbox")) if apart else self.database
        exchanges = Database(config.database("exchanges")) if apart else self.database
        self._fit(inbox, exchanges)
        self.exchanges = ExchangeLog(
            exchanges if config.notes_exchanges else None,
            now,
            {urlsplit(config.alc_url).netloc: "ALC", urlsplit(config.attio_origin).netloc: "Attio API"},
        )
        self.inbox = Inbox(inbox, now)
        self.engine = Engine(config.database("engine"))
        locks = FileLocks(config.home / "executors") if self.database.is_sqlite else AdvisoryLocks(self.database.engine)
        self.executors = Executors(self.database, locks)
        self.http = Http()
        self.pacer = Pacer(self.database)
        self.refusals = Refusals(self.database, now)
        self.sealer = sealer = Sealer.from_config(config, in_use=self._holds_secrets())
        self.oauth = OAuthClient(config, self.http, now)
        self.flows = Flows(self.database, sealer, self.oauth, now)
        self.connections = Connections(self.database, sealer, self.oauth, now)
        self.handlers = Handlers(self.database, sealer, config.base_url, now)
        self.subscriptions = Subscriptions(self.database, sealer, self.handlers, manifest, now)
        self.settings = _settings(config, self.handlers)
        self.key_values = KeyValues(self.database, WORKSPACE, now)
        self.workspace_settings = WorkspaceSettings(self.database, WORKSPACE, now)
        self.workflows = Workflows(self)

    def _fit(self, inbox: Database, exchanges: Database) -> None:
        fits = {"app": self.database, "inbox": inbox, "exchanges": exchanges}
        try:
            for folder, database in fits.items():
                Schema(database, folder).fit()
        except SchemaUnfit:
            for database in fits.values():
                database.close()
            raise

    def _holds_secrets(self) -> bool:
        with self.database.reading() as session:
            return (
                session.exec(select(ConnectionRow.id).where(ConnectionRow.access_token != "").limit(1)).first()
                is not None
            )

    @property
    def upkeep(self) -> list[Upkeep]:
        """What is to be finished later: the app's, and the workflows'."""
        return [*self.manifest.upkeep, *self.workflows.upkeep]

    def webhook(self, file_name: str) -> Callable[[Request], Response]:
        """What answers at a webhook handler: a file of the app's, or a workflow's trigger. Raises: LookupError."""
        if file_name.startswith(PREFIX):
            return self.workflows.switches.handler(file_name)
        return self.manifest.webhook(file_name)

    def publish(self, kind: str, data: Mapping[str, Any]) -> None:
        """Tell the open pages; within a transaction, when it commits."""
        with self.database.transaction() as session:
            append(session, kind, data, self.now())

    def close(self) -> None:
        """Give everything back."""
        self.exchanges.close()
        self.engine.close()
        self.database.close()
        self.inbox.close()


def _settings(config: Config, handlers: Handlers) -> Settings:
    """What app code may know of the configuration."""
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
