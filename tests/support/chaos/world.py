"""A whole installation in one thread and in virtual time.

Services, routes, relay and runs are the real ones, on SQLite files. ALC, Attio and the engine are fakes that a test
controls.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar
from unittest.mock import patch
from urllib.parse import parse_qs, urlsplit

from flask import Blueprint, Flask
from sqlalchemy import event
from standardwebhooks import Webhook

from alc_app.app import app as manifest
from alc_app.attio import AttioError
from alc_app.config.settings import Config
from alc_app.runtime.jobs.worker import Worker
from alc_app.runtime.routes import oauth, webhooks
from alc_app.runtime.routes.record_actions import Actions
from alc_app.runtime.services import WORKSPACE, Services
from alc_app.runtime.stores import connections
from tests.support.chaos.crashes import Crash, CrashPlan, crash_plan
from tests.support.fakes.peers import ALC, ATTIO, Authorization, Clock, Event, Peers, Wire
from tests.support.fakes.runtime import START
from tests.support.fakes.stepping_engine import SteppingEngine

T = TypeVar("T")


class UnlimitedRate:
    """A rate limiter that never waits, because virtual time does not pass by itself."""

    def wait_for_slot(self, name: str, per_second: float | None = None) -> None:
        """Return at once."""

    def push_back(self, name: str, wait: float) -> None:
        """Ignore it."""


class World:
    """The installation, and what people and services do to it. Any action may end in a crash."""

    def __init__(self, services: Services, clock: Clock, crash_plan: CrashPlan) -> None:
        """Use these services, in the time of `clock`, and reset everything."""
        self.services, self.clock, self.crash_plan = services, clock, crash_plan
        for database in (services.database, services.inbox._database):
            event.listen(database.engine, "connect", self._prepare)
            database.engine.dispose()
        self._sqlite = sqlite3.connect(services.config.home / "app.db", isolation_level=None)
        self._sqlite.execute("attach ? as inbox", [str(services.config.home / "inbox.db")])
        self._web = _web(services)
        self.reset()

    def reset(self) -> None:
        """Empty all tables, and make new peers, a new engine and a new worker."""
        self._wipe()
        self.clock.now, self.crash_plan.after, self.crash_plan.crashes = START, None, 0
        self.peers = Peers(self.clock)
        self.engine = SteppingEngine(lambda workflow, args: getattr(self.worker, workflow)(*args))
        authorization: Any = Authorization(self.peers, self.clock)
        _replace(
            self.services, engine=self.engine, rate_limiter=UnlimitedRate(), oauth=authorization, http=Wire(self.peers)
        )
        _replace(self.services.oauth_flows, _client=authorization)
        _replace(self.services.connections, _client=authorization)
        self.worker = Worker(self.services)
        self._actions = Actions(self.services, self._query)
        self._browser = self._web.test_client()
        self.acknowledged: set[tuple[str, str]] = set()
        """Handler id and message id of each delivery that we answered with 2xx."""

    def _prepare(self, connection: sqlite3.Connection, _record: object) -> None:
        """Set the database's clock to ours, and do not sync files: no power fails in a test."""
        connection.create_function("julianday", 1, lambda _: 2440587.5 + self.clock.now / 86_400)
        connection.execute("PRAGMA synchronous=OFF")

    def close(self) -> None:
        """Close the connection to the files."""
        self._sqlite.close()

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Run a query on the files directly; the inbox is attached."""
        return self._sqlite.execute(query).fetchall()

    def click(self, record_id: str) -> list[str]:
        """Press "Send to ALC"; return the titles of the toasts and dialogs."""
        lines = _unless_crashed(lambda: list(self._actions.start("send-to-alc", record_id)), [])
        return [line["title"] for line in lines if "title" in line]

    def connect(self) -> None:
        """Press Connect, allow it at ALC, and follow the redirect back."""
        _unless_crashed(self._connect, None)

    def disconnect(self) -> None:
        """Press Disconnect."""
        _unless_crashed(lambda: self._browser.post("/connections/alc/disconnect"), None)

    def deliver(self, event: Event) -> None:
        """Deliver an event of ALC's, for the first time or again."""
        webhook = self.peers.webhooks.get(event.webhook_id)
        if webhook is None:  # deleted at ALC (W11)
            event.answers.append(410)
            return
        status = _unless_crashed(lambda: self._post(event, webhook["url"]), 0)
        event.answers.append(status)
        if status == 200:
            self.acknowledged.add((webhook["name"], event.message_id))

    def refresh(self) -> None:
        """Refresh the tokens, as a call does that ALC refused."""
        _unless_crashed(self._refresh, None)

    def run_due_work(self) -> None:
        """Have the relay enqueue what is due, and the worker run it."""
        _unless_crashed(self._run_due_work, None)

    def is_connected(self) -> bool:
        """Return whether ALC accepts the token of our connection."""
        try:
            usable = self.services.connections.usable_id(WORKSPACE)
            return self.peers.takes(self.services.connections.with_fresh_token(usable).value)
        except AttioError:
            return False

    def _connect(self) -> None:
        own = self.services.config.base_url
        there = self._browser.get("/connections/alc/connect", base_url=own).headers["Location"]
        [state] = parse_qs(urlsplit(there).query)["state"]
        back = {"state": state, "code": self.peers.consent(), "iss": ALC}
        self._browser.get("/connections/alc/callback", base_url=own, query_string=back)

    def _refresh(self) -> None:
        row = self.services.connections.live(WORKSPACE)
        if row:
            with suppress(AttioError):
                self.services.connections.refresh(row.id, row.token_version)

    def _post(self, event: Event, url: str) -> int:
        now, signer = datetime.fromtimestamp(self.clock.now, UTC), Webhook(self.peers.secrets[event.webhook_id])
        signed = {
            "webhook-id": event.message_id,
            "webhook-timestamp": str(int(self.clock.now)),
            "webhook-signature": signer.sign(event.message_id, now, event.body.decode()),
        }
        path = urlsplit(url).path
        answered = self._browser.post(path, data=event.body, headers=signed, content_type="application/json")
        return answered.status_code

    def _run_due_work(self) -> None:
        relay = self.worker._relay
        for task in (
            relay.enqueue_deliveries,
            relay.enqueue_jobs,
            relay.enqueue_connections,
            relay.enqueue_subscriptions,
            relay.enqueue_rotations,
        ):
            task()
        self.engine.work()

    def _query(self, _query: str, variables: dict[str, Any]) -> dict[str, Any]:
        person = {"name": {"full_name": "Ada Lovelace"}, "phone_numbers": ["+442079460018"]}
        return {"data": {"person": None if variables["recordId"] in self.peers.gone else person}}

    def _wipe(self) -> None:
        for schema in ("main", "inbox"):
            tables = self.rows(f"select name from {schema}.sqlite_master where type = 'table'")  # noqa: S608 - two names
            for (table,) in tables:
                if not table.startswith(("sqlite_", "alembic")):
                    self.rows(f'delete from {schema}."{table}"')  # noqa: S608 - our own tables


@contextmanager
def world(home: Path) -> Iterator[World]:
    """Make a world in this folder; `reset()` makes it new again."""
    config = Config.from_env(home=home, alc_url=ALC, attio_url=ATTIO, mock_attio_token="attio-token")
    clock = Clock()
    services = Services(config, manifest, lambda: clock.now)
    with (
        closing(services),
        patch.object(connections, "time", clock),
        crash_plan() as plan,
        closing(World(services, clock, plan)) as it,
    ):
        yield it


def _unless_crashed(act: Callable[[], T], otherwise: T) -> T:
    """Return the result of `act`, or `otherwise` if the process crashed."""
    try:
        return act()
    except Crash:
        return otherwise


def _web(services: Services) -> Flask:
    app = Flask(__name__)
    app.secret_key = "test"
    pages = Blueprint("pages", __name__)
    pages.add_url_rule("/apps/alc", "install", lambda: "")
    for blueprint in (pages, oauth.blueprint(services), webhooks.blueprint(services)):
        app.register_blueprint(blueprint)
    return app


def _replace(target: object, **parts: Any) -> None:
    for name, part in parts.items():
        setattr(target, name, part)
