"""Kill -9 processes at random while users connect, send and disconnect, and ALC decides and calls the webhook."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import requests

from tests.support.chaos.invariants import violations
from tests.support.chaos.killing import KillableServers
from tests.support.people import User
from tests.support.servers.clients import Alc, Attio
from tests.support.servers.stack import Stack
from tests.support.waiting import eventually

PEOPLE = 12
PAUSE = 0.1, 2.0
"""Seconds between a restart and the next kill."""


@dataclass
class Report:
    """What was measured. The run has passed if `wrong` is empty."""

    kills: dict[str, int] = field(default_factory=dict)
    done: dict[str, int] = field(default_factory=dict)
    """Actions of users and ALC that got a response, with their counts."""
    leads: int = 0
    seconds: float = 0.0
    healing: float = 0.0
    """Seconds from the last kill until every invariant held; part of `seconds`."""
    wrong: list[str] = field(default_factory=list)


class Load:
    """Users who act and an ALC that decides, each in a thread, until `stop`."""

    def __init__(self, stack: Stack, random: Random) -> None:
        """Create the people who are sent; `random` decides what happens."""
        self.alc, self.attio = Alc(stack.alc_url), Attio(stack.attio_url, "e2e-attio-token")
        self._stack, self._stopping = stack, threading.Event()
        self._people = [self.attio.add_person(f"Person {number}", "+442079460018") for number in range(PEOPLE)]
        self._seeds = [random.random() for _ in range(4)]
        self.done: Counter[str] = Counter()

    def run(self) -> None:
        """Act until `stop` is called."""
        actions = (self._send, self._send, self._decide, self._connect_or_disconnect)
        with ThreadPoolExecutor(len(actions)) as pool:
            list(pool.map(self._repeat, actions, self._seeds))

    def stop(self) -> None:
        """Let `run` end."""
        self._stopping.set()

    def _repeat(self, action: Callable[[User, Random], str], seed: float) -> None:
        user, random = User(self._stack.app_url), Random(seed)  # noqa: S311 - repeatable, not secret
        while not self._stopping.wait(random.uniform(0, 0.2)):
            with suppress(requests.RequestException, AssertionError):  # the server was killed
                self.done[action(user, random)] += 1

    def _send(self, user: User, random: Random) -> str:
        return f"send: {user.click_send(random.choice(self._people))[-2].get('title', 'connect')}"

    def _decide(self, _: User, random: Random) -> str:
        open_leads = [lead["id"] for lead in self.alc.leads() if lead["status"] == "processing"]
        if not open_leads:
            return "decide: nothing"
        self.alc.decide(random.choice(open_leads), random.choice(["interested", "not_interested", "no_answer"]))
        return "decide"

    def _connect_or_disconnect(self, user: User, random: Random) -> str:
        if not user.is_connected():
            user.connect_alc()
            return "connect"
        if random.random() < 0.15:
            user.disconnect_alc()
            return "disconnect"
        return "look"


def run(kills: int, seed: int, home: Path, database_url: str = "", workers: int = 2) -> Report:
    """Kill so many processes of an installation in `home`, and check that it recovers by itself."""
    random, report, started = Random(seed), Report(), time.monotonic()  # noqa: S311 - repeatable, not secret
    stack = Stack(home, ALC_APP_DATABASE_URL=database_url)
    stack.servers = [stack.alc, stack.attio]
    mortals = {
        "web": KillableServers(stack, "web"),
        **{f"worker {n}": KillableServers(stack, "worker") for n in range(workers)},
    }
    with stack:
        for each in mortals.values():
            each.start()
        load = Load(stack, random)
        with ThreadPoolExecutor(1) as pool:
            loading = pool.submit(load.run)
            _kill(mortals, kills, random, report)
            load.stop()
            loading.result(timeout=120)
        report.done, report.leads = dict(load.done), len(load.alc.leads())
        report.healing = -time.monotonic()
        report.wrong = _heal(stack, load)
        report.healing += time.monotonic()
        for each in mortals.values():
            each.kill()
    report.seconds = time.monotonic() - started
    return report


def _kill(mortals: dict[str, KillableServers], kills: int, random: Random, report: Report) -> None:
    names = Counter[str]()
    for _ in range(kills):
        threading.Event().wait(random.uniform(*PAUSE))
        name = random.choice(list(mortals))
        mortals[name].kill()
        mortals[name].start()
        names[name] += 1
    report.kills = dict(names)


def _heal(stack: Stack, load: Load) -> list[str]:
    """Make waiting rows due until every invariant holds. Return what is still wrong after the timeout."""
    wrong: list[str] = []

    def heals() -> bool:
        stack.make_rows_due()
        wrong[:] = violations(stack, load.alc, load.attio)
        return not wrong

    with suppress(AssertionError):
        eventually(heals)
    return wrong
