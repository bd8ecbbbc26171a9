"""A whole installation in one thread and in virtual time: the real House, routes, relay and runs on SQLite files,
with an ALC, an Attio and an engine that do what a test tells them to.
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
from alc_app.runtime.routes import oauth as connecting
from alc_app.runtime.routes import webhooks
from alc_app.runtime.routes.record_actions import Actions
from alc_app.runtime.services import WORKSPACE, Services
from alc_app.runtime.stores import connections
from tests.support.chaos.crashes import Crash, Doom, doomed
from tests.support.fakes.peers import ALC, ATTIO, Authorization, Clock, Event, Peers, Wire
from tests.support.fakes.runtime import START
from tests.support.fakes.stepping_engine import SteppingEngine

T = TypeVar("T")


class NoPace:
    """Virtual time has no second in which there could be too many writes."""

    def wait_for_slot(self, name: str, per_second: float) -> None:
        """At once."""

    def push(self, name: str, wait: float) -> None:
        """Not here."""


class World:
    """The installation, and what people and services do to it. Whoever is at it may die, and another goes on."""

    def __init__(self, services: Services, clock: Clock, doom: Doom) -> None:
        self.services, self.clock, self.doom = services, clock, doom
        for database in (services.database, services.inbox._database):  # nobody cuts the power of a test
            event.listen(database.engine, "connect", lambda own, _: own.execute("PRAGMA synchronous=OFF"))
            database.engine.dispose()
        self._eyes = sqlite3.connect(services.config.home / "app.db", isolation_level=None)
        self._eyes.execute("attach ? as inbox", [str(services.config.home / "inbox.db")])
        self._web = _web(services)
        self.begin()

    def begin(self) -> None:
        """Empty tables, peers that know nobody, and nothing that is being done."""
        self._wipe()
        self.clock.now, self.doom.after, self.doom.deaths = START, None, 0
        self.peers = Peers(self.clock)
        self.engine = SteppingEngine(lambda workflow, args: getattr(self.worker, workflow)(*args))
        oauth: Any = Authorization(self.peers, self.clock)
        _put(self.services, engine=self.engine, rate_limiter=NoPace(), oauth=oauth, http=Wire(self.peers))
        _put(self.services.oauth_flows, _client=oauth)
        _put(self.services.connections, _client=oauth)
        self.worker = Worker(self.services)
        self._actions = Actions(self.services, self._person)
        self._browser = self._web.test_client()
        self.acknowledged: set[tuple[str, str]] = set()
        """Handler and message of each delivery that we have answered with 2xx."""

    def close(self) -> None:
        """No more looks at the files."""
        self._eyes.close()

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """What is stored, read past all code of ours; the inbox is attached."""
        return self._eyes.execute(query).fetchall()

    def click(self, record_id: str) -> list[str]:
        """Press "Send to ALC"; returns the titles of what happens on the screen."""
        lines = _unless_dead(lambda: list(self._actions.start("send-to-alc", record_id)), [])
        return [line["title"] for line in lines if "title" in line]

    def connect(self) -> None:
        """Connect, allow, and come back."""
        _unless_dead(self._connect, None)

    def disconnect(self) -> None:
        """Press Disconnect."""
        _unless_dead(lambda: self._browser.post("/connections/alc/disconnect"), None)

    def deliver(self, event: Event) -> None:
        """ALC sends this event, once or once more."""
        webhook = self.peers.webhooks.get(event.webhook_id)
        if webhook is None:  # ALC has been told to forget it (W11)
            event.answers.append(410)
            return
        status = _unless_dead(lambda: self._post(event, webhook["url"]), 0)
        event.answers.append(status)
        if status == 200:
            self.acknowledged.add((webhook["name"], event.message_id))

    def refresh(self) -> None:
        """Ask for new tokens, as every call does that ALC has refused."""
        _unless_dead(self._refresh, None)

    def look(self) -> None:
        """The relay looks for what is due, and the worker does it."""
        _unless_dead(self._look, None)

    def is_connected(self) -> bool:
        """Does the connection work, and not only as far as we know?"""
        try:
            usable = self.services.connections.usable_id(WORKSPACE)
            return self.peers.takes(self.services.connections.with_fresh_token(usable).value)
        except AttioError:
            return False

    def _connect(self) -> None:
        there = self._browser.get("/connections/alc/connect").headers["Location"]
        [state] = parse_qs(urlsplit(there).query)["state"]
        back = {"state": state, "code": self.peers.consent(), "iss": ALC}
        self._browser.get("/connections/alc/callback", query_string=back)

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

    def _look(self) -> None:
        relay = self.worker._relay
        for task in (
            relay.enqueue_deliveries,
            relay.enqueue_jobs,
            relay.enqueue_removals,
            relay.enqueue_subscriptions,
        ):
            task()
        self.engine.work()

    def _person(self, _query: str, variables: dict[str, Any]) -> dict[str, Any]:
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
    """A world in this folder; with `begin()` it begins again and again."""
    config = Config.from_env(home=home, alc_url=ALC, attio_url=ATTIO, mock_attio_token="attio-token")
    clock = Clock()
    services = Services(config, manifest, lambda: clock.now)
    with (
        closing(services),
        patch.object(connections, "time", clock),
        doomed() as doom,
        closing(World(services, clock, doom)) as it,
    ):
        yield it


def _unless_dead(act: Callable[[], T], otherwise: T) -> T:
    """What comes of it; when the process dies of it, nobody hears anything."""
    try:
        return act()
    except Crash:
        return otherwise


def _web(services: Services) -> Flask:
    app = Flask(__name__)
    app.secret_key = "test"
    pages = Blueprint("pages", __name__)
    pages.add_url_rule("/apps/alc", "install", lambda: "")
    for rooms in (pages, connecting.blueprint(services), webhooks.blueprint(services)):
        app.register_blueprint(rooms)
    return app


def _put(target: object, **parts: Any) -> None:
    for name, part in parts.items():
        setattr(target, name, part)
