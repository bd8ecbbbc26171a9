"""The app under storm: days that `mock_alc.testing.storm` invents, with real processes and kill -9."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import requests

from mock_alc.commands.control_client import call
from mock_alc.testing.storm import PromiseBroken, Storm
from tests.soak.mix.hand import words
from tests.soak.mix.people_operations import SENT
from tests.soak.mix.quiet import SOON, Quiet
from tests.support.people import User
from tests.support.servers.clients import Alc, Attio
from tests.support.servers.process import Server
from tests.support.servers.stack import Stack
from tests.support.waiting import eventually

PATIENCE = 30.0
"""Real seconds that the app has at the end of a day."""
RETRIES = 900.0
"""Seconds within which the app's retries are due. Its hourly question for all results is not: it would hide a fault."""
STILL_SENDING = "Still sending to ALC"
TOO_MANY = 429


@dataclass
class Report:
    """What was tried. The run has passed if `wrong` is empty, which otherwise has the lines of the story."""

    number: int
    days: int
    happenings: int
    kills: int
    seconds: float
    wrong: list[str]


class AppUnderStorm:
    """How a storm uses the app: a person in a browser, a CRM in which people are made and read, and processes."""

    def __init__(self, stack: Stack, mortals: list[Server]) -> None:
        """Use these servers; the `mortals` are killed in turn."""
        self.alc, self._attio = Alc(stack.alc_url), Attio(stack.attio_url, "e2e-attio-token")
        self._stack, self._user, self._quiet = stack, User(stack.app_url), Quiet(stack, self.alc)
        self._mortals, self._numbers = itertools.cycle(mortals), itertools.count(1)
        self._killed: Server | None = None

    def as_integration(self) -> dict[str, Any]:
        """Return the arguments of `Storm`."""
        names = ("click", "status", "person", "connect", "disconnect", "kill", "start", "settle")
        return {name: getattr(self, name) for name in names}

    def click(self, record_id: str) -> None:
        """Press "Send to ALC" on a person's page. Raises: AssertionError, if the person is told that it failed."""
        title, text = words(User(self._stack.app_url).click_send(record_id))
        assert title in (SENT, STILL_SENDING), f"{title}: {text}"

    def status(self, record_id: str) -> str | None:
        """Read what the CRM shows."""
        return self._attio.value(record_id, "alc_status")

    def person(self) -> str:
        """Make a person in the CRM, with a phone number."""
        number = next(self._numbers)
        return self._attio.add_person(f"Person {number}", f"+4420794{number % 100_000:05}")

    def connect(self) -> None:
        """Press Connect, and allow it at ALC. Raises: AssertionError, if the page says that it failed."""
        page = eventually(lambda: _unless_limited(self._user.connect_alc()), within=90)
        if page.url.endswith("notice=in_progress"):
            eventually(self._user.is_connected, within=90)
        else:
            assert page.url.endswith("notice=connected"), page.url

    def disconnect(self) -> None:
        """Press Disconnect."""
        self._user.disconnect_alc()

    def kill(self) -> None:
        """Kill -9 the next process."""
        self._killed = next(self._mortals)
        self._killed.kill()

    def start(self) -> None:
        """Start it again."""
        assert self._killed
        self._killed.start()

    def settle(self) -> None:
        """Wait for what is under way. If nothing is, let the app's retries be due: only ALC's time is moved."""
        if self._is_quiet():
            self._quiet.let_time_pass(RETRIES)
            self._stack.ring()
            return
        with suppress(AssertionError):
            eventually(self._is_quiet, within=PATIENCE)

    def _is_quiet(self) -> bool:
        """Tell whether there is nothing to do. What is due soon is due now, so that nobody waits for it."""
        if self._quiet.busy_with():
            self._quiet.let_time_pass(SOON)
            self._stack.ring()
            return False
        return True


def run(
    days: int, number: int, home: Path, database_url: str = "", on_progress: Callable[[], object] = lambda: None
) -> Report:
    """Play so many days with real processes in `home`: on SQLite, or on a migrated Postgres with two workers."""
    with storm_over_the_app(home, database_url) as storm:
        return _run(storm, days, number, on_progress)


@contextmanager
def storm_over_the_app(home: Path, database_url: str = "") -> Iterator[Storm]:
    """Start the processes, connect the app, and yield the storm."""
    stack = Stack(home, ALC_APP_DATABASE_URL=database_url)
    stack.attio.arguments += ["--mock-attio-reads-per-second", "0", "--mock-attio-writes-per-second", "0"]
    mortals = [stack.worker, stack.web]
    if database_url:
        mortals.insert(1, stack.server("worker-1", "", "alc_app", "worker"))
        stack.servers.append(mortals[1])
    with stack:
        app = AppUnderStorm(stack, mortals)
        app.connect()
        app.settle()
        yield Storm(partial(_control, stack.alc_url), patience=PATIENCE, **app.as_integration())


def _run(storm: Storm, days: int, number: int, on_progress: Callable[[], object]) -> Report:
    try:
        tally, wrong = storm.run(days, number, told=on_progress), []
    except PromiseBroken as broken:
        tally, wrong = broken.tally, str(broken.story).splitlines()
    return Report(number, tally.days, tally.happenings, tally.kills, tally.seconds, wrong)


def _control(url: str, method: str, path: str, body: Any) -> Any:
    return call(url, method, f"/{path}", body)


def _unless_limited(page: requests.Response) -> requests.Response | None:
    return None if page.status_code == TOO_MANY else page
