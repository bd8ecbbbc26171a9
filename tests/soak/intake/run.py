"""Measure intake beside other servers: each in turn for a second or two, so that a busy machine harms all alike."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from uuid import uuid4

from sqlmodel import func, select

from alc_app.app import app as manifest
from alc_app.config.settings import Config
from alc_app.runtime.oauth_client import Tokens
from alc_app.runtime.services import WORKSPACE, Services
from alc_app.runtime.storage.tables import Delivery
from tests.soak.intake.load import as_fast_as_answered
from tests.soak.intake.sender import BODY, Sender
from tests.soak.table import Report, Row
from tests.support.servers.stack import free_ports
from tests.support.waiting import eventually

HERE = Path(__file__).parent
NewDatabase = Callable[[], AbstractContextManager[str]]
GUNICORN, NODE, VERIFYING, STORING = "tutorial on gunicorn", "tutorial on node:http", "verify only", "SQLModel session"
APP, FULL = "app", "app, full"


@dataclass
class Contestant:
    """A server under load, and what it is sent."""

    port: int
    sender: Sender
    rates: list[float] = field(default_factory=list)
    accepted: int = 0
    refused: int = 0

    def round(self, seconds: float) -> None:
        """Load it for so long with deliveries that are signed before."""
        supply = [self.sender.request() for _ in range(int(max([2000.0, *self.rates]) * seconds * 2))]
        answers = as_fast_as_answered(self.port, supply, seconds)
        self.rates.append(answers.rate)
        self.accepted += answers.statuses[200]
        self.refused += answers.statuses.total() - answers.statuses[200]


def run(
    home: Path,
    new_database: NewDatabase | None,
    rounds: int,
    seconds: float,
    stored: int,
    on_progress: Callable[[], None],
) -> Report:
    """Measure in `home`. Without `new_database`, which yields URLs of migrated Postgres databases, on SQLite."""
    with ExitStack() as stack:
        urls = [stack.enter_context(new_database()) if new_database else "" for _ in range(4)]
        apps = {APP: _App(home / "app", urls[0]), FULL: _App(home / "full", urls[1])}
        apps[FULL].fill(stored)
        contestants = {name: Contestant(stack.enter_context(one.serving()), one.sender) for name, one in apps.items()}
        contestants |= _others(stack, home, urls[2], contestants[APP].sender)
        for number in range(rounds + 1):  # the first one warms up
            for name, one in contestants.items():
                if number <= 2 or name not in (GUNICORN, NODE):  # they are far from the app's rate
                    one.round(seconds)
            on_progress()
        report = Report(_rows(contestants, stored, postgres=new_database is not None))
        for name, one in contestants.items():
            if one.refused:
                report.wrong.append(f"{name}: {one.refused} answers that are not 200")
        for name, app in apps.items():
            taken, found = contestants[name].accepted, app.count() - (stored if name == FULL else 0)
            if found != taken:
                report.wrong.append(f"{name}: {taken} deliveries were taken, {found} are stored")
    return report


def _rows(contestants: Mapping[str, Contestant], stored: int, *, postgres: bool) -> list[Row]:
    """Compare neighbours of the same round, and take the median."""

    def ratio(one: str, other: str) -> float:
        pairs = zip(contestants[one].rates[1:], contestants[other].rates[1:], strict=False)
        return round(median(a / b for a, b in pairs if b), 2)

    goals = {VERIFYING: "≥ 0.65", STORING: "≥ 2.5" if postgres else "≥ 3"}
    rows = [Row(f"{name}, answers a second", round(median(one.rates[1:]))) for name, one in contestants.items()]
    rows += [
        Row(f"app ÷ {name}", ratio(APP, name), goals.get(name, "")) for name in contestants if name not in (APP, FULL)
    ]
    return [*rows, Row(f"app with {stored:,} deliveries stored ÷ empty", ratio(FULL, APP), "≥ 0.95")]


class _App:
    """The app's web process in a home of its own, with a connection and one webhook handler."""

    def __init__(self, home: Path, database_url: str) -> None:
        [self.port] = free_ports(1)
        self.settings = {
            "ALC_APP_HOME": str(home), "ALC_APP_PORT": str(self.port), "ALC_APP_DATABASE_URL": database_url,
        }  # fmt: skip
        self._log = home.with_suffix(".log")
        with self._services() as services:
            connection_id = services.connections.add(WORKSPACE, Tokens("token", "refresh", time.time() + 86_400, ""))
            services.connections.activate(connection_id)
            handler_id = services.webhook_handlers.create(connection_id, "lead_processed")
            self.sender = Sender(handler_id, services.webhook_handlers.get(handler_id).secret)

    def fill(self, count: int) -> None:
        """Store so many deliveries that have been done."""
        row = {"handler_id": self.sender.handler_id, "body": BODY, "digest": "0" * 64, "tries": 1, "state": "done"}
        with self._services() as services, services.inbox._database.transaction() as session:
            for start in range(0, count, 10_000):
                at = {"received_at": time.time(), "due_at": time.time()}
                rows = [{**row, **at, "webhook_id": f"msg_{uuid4().hex}"} for _ in range(min(10_000, count - start))]
                session.execute(services.database.insert(Delivery), rows)

    def serving(self) -> AbstractContextManager[int]:
        """Run the web process."""
        return _process([sys.executable, "-m", "alc_app", "serve"], self.port, self.settings, self._log)

    def count(self) -> int:
        """Count the stored deliveries."""
        with self._services() as services, services.inbox._database.reading() as session:
            return session.exec(select(func.count()).select_from(Delivery)).one()

    def _services(self) -> AbstractContextManager[Services]:
        return closing(Services(Config.model_validate(self.settings), manifest))


def _others(stack: ExitStack, home: Path, url: str, sender: Sender) -> dict[str, Contestant]:
    """Start the servers beside which the app is measured."""
    database = url or f"sqlite:///{home}/plain.db"
    here, crm = [sys.executable, "-m", "tests.soak.intake.servers"], free_ports(1)[0]
    log = home / "others.log"
    stack.enter_context(_process([*here, "crm", str(crm)], crm, {}, log, pinned=False))
    environment = {
        "INTAKE_SECRET": sender.secret, "INTAKE_DATABASE": database, "INTAKE_CRM": f"http://127.0.0.1:{crm}",
    }  # fmt: skip
    ports = dict(zip((VERIFYING, STORING, GUNICORN, NODE), map(str, free_ports(4)), strict=True))
    commands = {
        VERIFYING: [*here, "verifying", ports[VERIFYING]],
        STORING: [*here, "storing", ports[STORING]],
        GUNICORN: [
            *(sys.executable, "-m", "gunicorn", "-b", f"127.0.0.1:{ports[GUNICORN]}"),
            "tests.soak.intake.servers:tutorial()",
        ],
    }
    if shutil.which("node"):
        commands[NODE] = ["node", str(HERE / "tutorial.mjs"), ports[NODE], environment["INTAKE_CRM"]]
    return {
        name: Contestant(stack.enter_context(_process(command, int(ports[name]), environment, log)), sender)
        for name, command in commands.items()
    }


@contextmanager
def _process(
    command: Sequence[str], port: int, environment: Mapping[str, str], log: Path, *, pinned: bool = True
) -> Iterator[int]:
    """Run a server; if pinned, on the first processor, to leave another to the client. Yield its port."""
    with (
        log.open("ab") as out,
        subprocess.Popen(command, env=os.environ | environment, stdout=out, stderr=out) as process,  # noqa: S603 - ours
    ):
        if pinned and hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(process.pid, {0})
        try:
            eventually(lambda: _listens(port) or process.poll() is not None)
            yield port
        finally:
            process.terminate()


def _listens(port: int) -> bool:
    with closing(socket.socket()) as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
