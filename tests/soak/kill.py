"""Kill -9 at random, again and again, while people connect, send, and disconnect, and ALC decides and calls back."""

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

from tests.support.chaos.invariants import broken
from tests.support.chaos.killing import Mortals
from tests.support.people import User
from tests.support.servers.outside import Alc, Attio
from tests.support.servers.stack import Stack
from tests.support.waiting import eventually

PEOPLE = 12
PAUSE = 0.1, 2.0
"""Seconds between a restart and the next kill."""


@dataclass
class Report:
    """How it went. All is well when nothing is `wrong`."""

    kills: dict[str, int] = field(default_factory=dict)
    done: dict[str, int] = field(default_factory=dict)
    """What people and ALC have done meanwhile, as often as it was answered."""
    leads: int = 0
    seconds: float = 0.0
    healing: float = 0.0
    """Of these, after the last kill, until every invariant held."""
    wrong: list[str] = field(default_factory=list)


class Crowd:
    """People who click and an ALC that decides, each in a thread, until they are told to stop."""

    def __init__(self, stack: Stack, random: Random) -> None:
        self.alc, self.attio = Alc(stack.alc_url), Attio(stack.attio_url, "e2e-attio-token")
        self._stack, self._stopping = stack, threading.Event()
        self._people = [self.attio.add_person(f"Person {number}", "+442079460018") for number in range(PEOPLE)]
        self._seeds = [random.random() for _ in range(4)]
        self.done: Counter[str] = Counter()

    def run(self) -> None:
        """Until `stop`."""
        acts = (self._send, self._send, self._decide, self._come_and_go)
        with ThreadPoolExecutor(len(acts)) as pool:
            list(pool.map(self._keep_doing, acts, self._seeds))

    def stop(self) -> None:
        """Enough."""
        self._stopping.set()

    def _keep_doing(self, act: Callable[[User, Random], str], seed: float) -> None:
        user, random = User(self._stack.app_url), Random(seed)  # noqa: S311 - the same again is what is wanted
        while not self._stopping.wait(random.uniform(0, 0.2)):
            with suppress(requests.RequestException, AssertionError):  # the server has died meanwhile
                self.done[act(user, random)] += 1

    def _send(self, user: User, random: Random) -> str:
        return f"send: {user.click_send(random.choice(self._people))[-2].get('title', 'connect')}"

    def _decide(self, _: User, random: Random) -> str:
        open_leads = [lead["id"] for lead in self.alc.leads() if lead["status"] == "processing"]
        if not open_leads:
            return "decide: nothing"
        self.alc.decide(random.choice(open_leads), random.choice(["interested", "not_interested", "no_answer"]))
        return "decide"

    def _come_and_go(self, user: User, random: Random) -> str:
        if not user.is_connected():
            user.connect_alc()
            return "connect"
        if random.random() < 0.15:
            user.disconnect_alc()
            return "disconnect"
        return "look"


def run(kills: int, seed: int, home: Path, database_url: str = "", workers: int = 2) -> Report:
    """Kill so many processes of an installation in `home`, and see whether it mends by itself."""
    random, report, started = Random(seed), Report(), time.monotonic()  # noqa: S311 - the same again is what is wanted
    stack = Stack(home, **({"ALC_APP_DATABASE_URL": database_url} if database_url else {}))
    stack.servers = [stack.alc, stack.attio]
    mortals = {"web": Mortals(stack, "web"), **{f"worker {n}": Mortals(stack, "worker") for n in range(workers)}}
    with stack:
        for each in mortals.values():
            each.start()
        crowd = Crowd(stack, random)
        with ThreadPoolExecutor(1) as pool:
            crowding = pool.submit(crowd.run)
            _kill(mortals, kills, random, report)
            crowd.stop()
            crowding.result(timeout=120)
        report.done, report.leads = dict(crowd.done), len(crowd.alc.leads())
        report.healing = -time.monotonic()
        report.wrong = _heal(stack, crowd)
        report.healing += time.monotonic()
        for each in mortals.values():
            each.kill()
    report.seconds = time.monotonic() - started
    return report


def _kill(mortals: dict[str, Mortals], kills: int, random: Random, report: Report) -> None:
    names = Counter[str]()
    for _ in range(kills):
        threading.Event().wait(random.uniform(*PAUSE))
        name = random.choice(list(mortals))
        mortals[name].kill()
        mortals[name].start()
        names[name] += 1
    report.kills = dict(names)


def _heal(stack: Stack, crowd: Crowd) -> list[str]:
    """Everybody lives; time flies, so that nothing waits; returns what is still wrong after that."""

    def wrong() -> list[str]:
        stack.let_time_pass()
        return list(broken(stack, crowd.alc, crowd.attio))

    with suppress(AssertionError):
        eventually(lambda: not wrong())
    return wrong()
