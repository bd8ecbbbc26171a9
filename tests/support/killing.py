"""Processes that die by kill -9 at a place of their code, and come back. Real ones, without the wait for imports."""

from __future__ import annotations

import multiprocessing.connection
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Literal, TypeVar

import requests

from tests.support.stack import Stack
from tests.support.waiting import PATIENCE, eventually

T = TypeVar("T")
Role = Literal["web", "worker"]
FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["tests.support.warm"])


def _live(role: Role, settings: Mapping[str, str], log: str) -> None:
    """The body of a forked process: what `alc-app serve` and `alc-app worker` do."""
    from alc_app import serve
    from alc_app.config import Config

    file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(file, 1)
    os.dup2(file, 2)
    sys.stdout, sys.stderr = os.fdopen(1, "w", buffering=1), os.fdopen(2, "w", buffering=1)
    os.environ.update(settings)
    if role == "worker":
        serve.run_worker(Config.from_env(), "")
    else:
        serve.run(Config.from_env(), with_worker=False)


class Mortals:
    """The web process or the workers of a stack, each of which can be armed to die at a place."""

    def __init__(self, stack: Stack, role: Role, count: int = 1) -> None:
        self._stack, self._role, self._count = stack, role, count
        self._log = stack.home / f"mortal-{role}.log"
        self._running: list[multiprocessing.process.BaseProcess] = []

    def start(self, dying_at: str = "") -> None:
        """Start them; the web process answers when this returns, unless something has let it die at once."""
        settings = {**self._stack.settings, "ALC_FAILPOINTS": f"{dying_at}:kill" if dying_at else ""}
        for _ in range(self._count):
            process = FORKS.Process(target=_live, args=(self._role, settings, str(self._log)), daemon=True)
            process.start()
            self._running.append(process)
        if self._role == "web":
            eventually(lambda: self._answers() or (dying_at and self._deaths(0)), what=self.log)

    def wait_for_a_death(self, place: str) -> None:
        """Wait until one of them has been killed at this place."""
        assert self._deaths(PATIENCE), f"nobody died at {place}\n{self.log()}"

    def _deaths(self, within: float) -> list[multiprocessing.process.BaseProcess]:
        """Those who were killed, waiting some seconds for the first."""
        died = multiprocessing.connection.wait([process.sentinel for process in self._running], within)
        return [p for p in self._running if p.sentinel in died and p.exitcode == -signal.SIGKILL]

    def kill(self) -> None:
        """The power goes."""
        for process in self._running:
            process.kill()
            process.join(10)
            process.close()
        self._running = []

    def die_at(self, *places: str | Callable[[], object], while_doing: Callable[[], T]) -> T | None:
        """Do something, while they die at each of these places in turn; then they live on.

        What is called between two places happens while they are dead. Returns what was done, or None when that was
        cut off.
        """
        lives = _lives(places)
        self.kill()
        self.start(lives[0][0])
        with ThreadPoolExecutor(1) as pool:
            doing = pool.submit(while_doing)
            for (place, meanwhile), (following, _) in zip(lives, [*lives[1:], ("", [])], strict=True):
                self.wait_for_a_death(place)
                self.kill()
                for act in meanwhile:
                    act()
                self.start(following)
            with suppress(requests.RequestException):
                return doing.result(timeout=60)
        return None

    def log(self) -> str:
        """The last of what they have said."""
        return self._log.read_text()[-3000:] if self._log.exists() else ""

    def _answers(self) -> bool:
        try:
            return requests.get(f"{self._stack.app_url}/healthz", timeout=2).ok
        except requests.RequestException:
            return False


def _lives(places: Sequence[str | Callable[[], object]]) -> list[tuple[str, list[Callable[[], object]]]]:
    """Each place to die at, and what happens between that death and the next life."""
    lives: list[tuple[str, list[Callable[[], object]]]] = []
    for place in places:
        if isinstance(place, str):
            lives.append((place, []))
        else:
            lives[-1][1].append(place)
    return lives
