"""One of the threads: a user with a browser, who also reaches ALC's and Attio's control doors."""

from __future__ import annotations

import itertools
import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Any, NamedTuple

import requests
from sqlalchemy import text

from tests.soak.mix.crm_gate import CrmGate
from tests.soak.mix.journal import Journal, Sends
from tests.support.people import Effect, User
from tests.support.servers.clients import Alc, Attio
from tests.support.servers.process import Server
from tests.support.servers.stack import Stack
from tests.support.waiting import eventually


class Done(NamedTuple):
    """What came of an operation."""

    outcome: str
    records: tuple[str, ...] = ()
    sends: Sends = "no"


@dataclass
class World:
    """The servers, and what all threads share."""

    stack: Stack
    gate: CrmGate
    workers: list[Server]
    journal: Journal = field(default_factory=Journal)
    connecting: threading.Lock = field(default_factory=threading.Lock)
    """Held while the connection is being made anew: by one thread at a time."""
    connected_at: float = 0.0
    killing: threading.Lock = field(default_factory=threading.Lock)
    merging: threading.Condition = field(default_factory=threading.Condition)
    merges: int = 0
    """How many merges are under way; -1 while the app is not subscribed: nobody could ever tell it of a merge."""

    postdated: set[str] = field(default_factory=set)
    """Leads at ALC whose verdict is dated later than it can be read."""

    def __post_init__(self) -> None:
        """Open the control doors, and a browser."""
        self._numbers = itertools.count(1)
        self.pages = User(self.stack.app_url)
        self.alc, self.attio = Alc(self.stack.alc_url), Attio(self.stack.attio_url, "e2e-attio-token")

    @contextmanager
    def merge(self) -> Iterator[bool]:
        """Yield whether Attio would tell the app of a merge now; if so, it stays so until the end."""
        with self.merging:
            is_heard = self.merges >= 0
            self.merges += is_heard
        try:
            yield is_heard
        finally:
            with self.merging:
                self.merges -= is_heard
                self.merging.notify_all()

    @contextmanager
    def without_merges(self) -> Iterator[None]:
        """Let the app be without a subscription: when it has heard of all merges so far, and without further ones."""
        with self.merging:
            self.merging.wait_for(lambda: self.merges == 0)
            self.merges = -1
        try:
            eventually(lambda: not messages_of_attio(self.stack))
            yield
        finally:
            self.merges = 0

    def add_person(self) -> str:
        """Create a person with a phone number, and return the record id."""
        number = next(self._numbers)
        record_id = self.attio.add_person(f"Person {number}", f"+44207946{number:04}")
        self.journal.add(record_id)
        return record_id


class Hand:
    """What one thread needs for its operations."""

    def __init__(self, world: World, random: Random) -> None:
        """Use a browser session of its own."""
        self.world, self.random, self.user = world, random, User(world.stack.app_url)
        self.alc, self.attio, self.journal = world.alc, world.attio, world.journal

    def somebody(self) -> str:
        """Choose a person; half of the time one of a few, so that the threads meet."""
        people = self.journal.people()
        if self.random.random() < 0.5:
            people = people[:6]
        return self.random.choice(people)

    def some(self, count: int) -> list[str]:
        """Choose several people."""
        people = self.journal.people()
        return self.random.sample(people, min(count, len(people)))

    def stream(self, path: str, body: Any = None) -> tuple[int, list[Effect]]:
        """Post to a button of the page. Returns the status, which is 0 without an answer, and the effects."""
        try:
            response = self.user.post(path, **({"json": body} if body else {}), stream=True)
            effects = [json.loads(line) for line in response.iter_lines()] if response.ok else []
        except requests.RequestException:
            return 0, []
        return response.status_code, effects


def messages_of_attio(stack: Stack) -> int:
    """Count the events that Attio has still to deliver. Its stand-in keeps them in a file of its own."""
    with stack.sql_of_file("mock_attio") as connection:
        return int(connection.execute(text("select count(*) from attio_message")).scalar_one())


def words(effects: Sequence[Effect]) -> tuple[str, str]:
    """Return the title and the text of what the screen shows at the end."""
    shown = [effect for effect in effects if effect.get("title")]
    return (shown[-1]["title"], shown[-1].get("text") or "") if shown else ("", "")
