"""Processes that die by kill -9 at a place of their code, and come back."""

from __future__ import annotations

import multiprocessing.connection
import signal
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Literal, TypeVar

import requests

from tests.support.servers.process import Server
from tests.support.servers.stack import Stack
from tests.support.waiting import PATIENCE, eventually

T = TypeVar("T")
Role = Literal["web", "worker"]


class Mortals:
    """The web process or the workers of a stack, each of which can be armed to die at a place."""

    def __init__(self, stack: Stack, role: Role, count: int = 1) -> None:
        url, command = (stack.app_url, "serve") if role == "web" else ("", "worker")
        self._all = [stack.server(f"{role}-{number}", url, "alc_app", command) for number in range(count)]

    def start(self, dying_at: str = "") -> None:
        """Start them; the web process answers when this returns, unless something has let it die at once."""
        for each in self._all:
            each.environment["ALC_FAILPOINTS"] = f"{dying_at}:kill" if dying_at else ""
            each.launch()
        answering = [each for each in self._all if each.url]
        eventually(lambda: (dying_at and self._deaths(0)) or all(each.responds() for each in answering), what=self.log)

    def wait_for_a_death(self, place: str) -> None:
        """Wait until one of them has been killed at this place."""
        assert self._deaths(PATIENCE), f"nobody died at {place}\n{self.log()}"

    def _deaths(self, within: float) -> list[Server]:
        """Those who were killed, waiting some seconds for the first."""
        living = {each.process.sentinel: each for each in self._all if each.process}
        died = multiprocessing.connection.wait(list(living), within)
        ended = [each for sentinel, each in living.items() if sentinel in died]
        return [each for each in ended if each.wait_for_exit() == -signal.SIGKILL]

    def kill(self) -> None:
        """The power goes."""
        for each in self._all:
            if each.process:
                each.kill()

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
        return "\n".join(each.log_tail() for each in self._all if each.process)


def _lives(places: Sequence[str | Callable[[], object]]) -> list[tuple[str, list[Callable[[], object]]]]:
    """Each place to die at, and what happens between that death and the next life."""
    lives: list[tuple[str, list[Callable[[], object]]]] = []
    for place in places:
        if isinstance(place, str):
            lives.append((place, []))
        else:
            lives[-1][1].append(place)
    return lives
