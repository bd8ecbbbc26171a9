"""A whole installation in one thread and in virtual time.

Services, routes, relay and runs are the real ones, on SQLite files. ALC, Attio and the engine are fakes that a test
controls.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from copy import deepcopy
from functools import partial
from pathlib import Path
from typing import Any, TypeVar
from unittest.mock import patch
from urllib.parse import parse_qs, urlsplit

from flask import Blueprint, Flask
from sqlalchemy import event

from alc_app.app import app as manifest
from alc_app.attio import AttioError
from alc_app.attio.host.context import running
from alc_app.attio.host.doctor import Check, DeadLetter
from alc_app.attio.host.errors import SerializableError
from alc_app.config.settings import Config
from alc_app.runtime.context import AppContext
from alc_app.runtime.doctor.work_checks import check_connection, check_dead_letters
from alc_app.runtime.jobs import dead_letters
from alc_app.runtime.jobs.relay import Relay
from alc_app.runtime.jobs.worker import Worker
from alc_app.runtime.routes import oauth
from alc_app.runtime.routes.record_actions import Actions
from alc_app.runtime.routes.webhooks import Intake
from alc_app.runtime.services import WORKSPACE, Services
from alc_app.runtime.stores import call_limit, connections
from alc_app.runtime.workflows.runner import WorkflowRunner
from alc_app.web.limits import REFUSED_DELIVERIES
from alc_app.web.presenters.settings import save
from tests.support.chaos.crashes import Crash, CrashPlan, crash_plan
from tests.support.chaos.tables import Tables
from tests.support.fakes.authorization import ALC, Authorization
from tests.support.fakes.clock import Clock, Patient
from tests.support.fakes.messages import Message, Request
from tests.support.fakes.peers import ATTIO, Peers
from tests.support.fakes.runtime import START
from tests.support.fakes.stepping_engine import SteppingEngine

T = TypeVar("T")


class World:
    """The installation, and what people and services do to it. Any action may end in a crash."""

    def __init__(self, services: Services, clock: Clock, crash_plan: CrashPlan) -> None:
        """Use these services, in the time of `clock`, and reset everything."""
        self.services, self.clock, self.crash_plan = services, clock, crash_plan
        for database in (services.database, services.inbox._database):
            event.listen(database.engine, "connect", self._prepare)
            event.listen(database.engine, "commit", crash_plan.before_write)
            database.engine.dispose()
        self._tables = Tables(services.config.home)
        self._web = _web(services)
        self.reset()

    def reset(self) -> None:
        """Empty all tables, and make new peers, a new engine and a new worker."""
        self._tables.empty()
        self.clock.now, self.clock.moments = START, 0
        peers, engine = Peers(self.clock), SteppingEngine(lambda workflow, args: getattr(self.worker, workflow)(*args))
        self._begin(peers, engine, Authorization(peers.call, self.clock))

    def keep(self) -> None:
        """Remember how everything is, for `restore`."""
        self._tables.keep()
        self._kept = self._copy(self.clock.now, self.clock.moments, self.peers, self.engine, self.services.oauth)

    def restore(self) -> None:
        """Make everything as it was at `keep`, in less time than it took to get there; only the worker is new."""
        self._tables.restore()
        self.clock.now, self.clock.moments, *others = self._copy(*self._kept)
        self._begin(*others)

    def _copy(self, *parts: Any) -> tuple[Any, ...]:
        """Copy parts that refer to each other, and to the clock, which stays the same."""
        return deepcopy(parts, {id(self.clock): self.clock})

    def _begin(self, peers: Peers, engine: SteppingEngine, authorization: Any) -> None:
        """Make a new worker among these, and let nothing be left of what came before."""
        self.crash_plan.clear()
        self.crash_plan.crashes = 0
        self.peers, self.engine = peers, engine
        _replace(self.services, engine=engine, oauth=authorization, http=peers, manifest=manifest)
        self.services.handler_cache._kept.clear()
        _replace(self.services.oauth_flows, _client=authorization)
        _replace(self.services.connections, _client=authorization)
        self.worker = Worker(self.services)
        executor: Any = self.engine
        self.relay = Relay(self.services, executor, self.worker.run_webhook, self.worker.prepare_job)
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
        self._tables.close()

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Run a query on the files directly; the inbox is attached."""
        return self._tables.rows(query)

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

    def deliver(self, message: Message) -> None:
        """Deliver a message of ALC's or Attio's, for the first time or again."""
        sender = self.peers.alc if message in self.peers.alc.messages else self.peers.attio
        request = sender.sign(message)
        if request is None:  # deleted there (W11)
            message.answers.append(410)
            return
        status = _unless_crashed(lambda: self._post(request), 0)
        message.answers.append(status)
        if status == 200:
            self.acknowledged.add((request.url.rpartition("/")[2], message.id))

    def run_workflow(self, workflow_id: str, record_id: str) -> str | None:
        """Press Run for a person; return the run's id."""
        runner = WorkflowRunner(self.services)
        return _unless_crashed(lambda: runner.start(workflow_id, record_id), None)

    def set_setting(self, key: str, value: bool) -> None:
        """Save a workspace setting on its page."""
        _unless_crashed(lambda: save(self.services, {key: value}), None)

    def rotate_secrets(self) -> None:
        """Press the button that rotates the signing secrets of our webhooks at ALC."""
        if live := self.services.connections.live(WORKSPACE):
            _unless_crashed(lambda: self.services.webhook_handlers.rotate_secrets(live.id), None)

    def repair_everything(self) -> list[str]:
        """Run the doctor's checks, and every repair that they offer; return what they have found to be wrong."""
        return _unless_crashed(lambda: [text for check in self._checks() for text in self._repair(check)], [])

    def dead_letters(self) -> list[DeadLetter]:
        """The dead letters, the newest first."""
        return dead_letters.find(self.services)

    def replay(self, letter: DeadLetter) -> None:
        """Press Replay on a dead letter."""
        with suppress(SerializableError):
            _unless_crashed(lambda: dead_letters.replay(self.services, letter.id), None)

    def refresh(self) -> None:
        """Refresh the tokens, as a call does that ALC refused."""
        _unless_crashed(self._refresh, None)

    def run_due_work(self) -> None:
        """Have the relay enqueue what is due, and the worker run it."""
        _unless_crashed(self._run_due_work, None)

    def restart(self) -> None:
        """Have a worker take up what the crashed one had begun."""
        _unless_crashed(lambda: self.services.inbox.release([self.services.worker_ids.my_id]), None)
        self.engine.restart()

    def settle(self) -> None:
        """Do what can be done at once, crashes made good, until nothing is left."""
        begun = -1
        while self.engine.begun > begun or any(run.state == "lost" for run in self.engine.runs.values()):
            begun = self.engine.begun
            self.restart()
            self.run_due_work()

    def is_connected(self) -> bool:
        """Return whether ALC accepts the token of our connection."""
        try:
            usable = self.services.connections.usable_id(WORKSPACE)
            token = self.services.connections.with_fresh_token(usable).value
            return self.peers.alc.authorization.takes(token)
        except AttioError:
            return False

    def _connect(self) -> None:
        own = self.services.config.base_url
        there = self._browser.get("/connections/alc/connect", base_url=own).headers["Location"]
        [state] = parse_qs(urlsplit(there).query)["state"]
        back = {"state": state, "code": self.peers.alc.authorization.consent(), "iss": ALC}
        self._browser.get("/connections/alc/callback", base_url=own, query_string=back)

    def _refresh(self) -> None:
        row = self.services.connections.live(WORKSPACE)
        if row:
            with suppress(AttioError):
                self.services.connections.refresh(row.id, row.token_version)

    def _post(self, request: Request) -> int:
        path, headers = urlsplit(request.url).path, dict(request.headers)
        answered = self._browser.post(path, data=request.body, headers=headers, content_type="application/json")
        return answered.status_code

    def _checks(self) -> list[Check]:
        """The app's checks, and those of the runtime that are about its work; but nobody looks for workers here."""
        mine = [partial(check_connection, self.services), partial(check_dead_letters, self.services)]
        return [*(Check("", find) for find in mine), *self.services.manifest.operations.checks]

    def _repair(self, check: Check) -> list[str]:
        """Do what the doctor does with one check. What cannot be checked or repaired now is left as it is."""
        wrong = []
        with running(AppContext(self.services)), suppress(SerializableError):
            for finding in list(check.find()):
                wrong += [finding.text] if finding.level == "error" else []
                if finding.repair:
                    with suppress(SerializableError):
                        finding.repair()
        return wrong

    def _run_due_work(self) -> None:
        relay = self.relay
        for task in (
            relay.start_deliveries,
            relay.enqueue_jobs,
            relay.enqueue_connections,
            relay.enqueue_subscriptions,
            relay.enqueue_rotations,
        ):
            task()
        self.engine.work()

    def _query(self, _query: str, variables: dict[str, Any]) -> dict[str, Any]:
        found = self.peers.attio.people.get(variables["recordId"])
        if found is None or not found.is_there:
            return {"data": {"person": None}}
        return {"data": {"person": {"name": {"full_name": found.name}, "phone_numbers": found.phone_numbers}}}


@contextmanager
def world(home: Path) -> Iterator[World]:
    """Make a world in this folder; `reset()` makes it new again."""
    config = Config.from_env(home=home, alc_url=ALC, attio_url=ATTIO, mock_attio_token="attio-token", exchanges="off")
    clock = Clock()
    services = Services(config, manifest, lambda: clock.now)
    with (
        closing(services),
        patch.object(services.database, "read_clock", lambda: clock.now),
        patch.object(connections, "time", clock),
        patch.object(call_limit, "time", Patient(clock)),
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
    for blueprint in (pages, oauth.blueprint(services)):
        app.register_blueprint(blueprint)
    app.wsgi_app = Intake(services, app.wsgi_app, REFUSED_DELIVERIES)
    return app


def _replace(target: object, **parts: Any) -> None:
    for name, part in parts.items():
        setattr(target, name, part)
