"""Kill processes with kill -9 at chosen failpoints, and start them again."""

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


class KillableServers:
    """The web process or the workers of a stack, which can be started so that they are killed at a failpoint."""

    def __init__(self, stack: Stack, role: Role, count: int = 1) -> None:
        """Prepare `count` processes; `start` starts them."""
        url, command = (stack.app_url, "serve") if role == "web" else ("", "worker")
        self._order = stack.home / "kill-once" if role == "worker" else None
        self._all = [stack.server(f"{role}-{number}", url, "alc_app", command) for number in range(count)]

    def start(self, failpoint: str = "") -> None:
        """Start them, armed with a failpoint. Returns when the web process answers, or was killed already."""
        for each in self._all:
            each.environment["ALC_FAILPOINTS"] = f"{failpoint}:kill" if failpoint else ""
            each.launch()
        answering = [each for each in self._all if each.url]
        eventually(lambda: (failpoint and self._killed(0)) or all(each.responds() for each in answering), what=self.log)

    def wait_until_killed(self, place: str) -> None:
        """Wait until one of them has been killed at this failpoint."""
        assert self._killed(PATIENCE), f"no process was killed at {place}\n{self.log()}"

    def _killed(self, within: float) -> list[Server]:
        """Return the killed processes; wait up to `within` seconds for the first."""
        running = {each.process.sentinel: each for each in self._all if each.process}
        ended = multiprocessing.connection.wait(list(running), within)
        stopped = [each for sentinel, each in running.items() if sentinel in ended]
        return [each for each in stopped if each.wait_for_exit() == -signal.SIGKILL]

    def kill(self) -> None:
        """Kill all of them, as a power failure does."""
        for each in self._all:
            if each.process:
                each.kill()

    def kill_at(self, *places: str | Callable[[], object], while_doing: Callable[[], T]) -> T | None:
        """Call `while_doing`, while the running processes are killed at each of these failpoints in turn.

        Workers learn of the first failpoint by the file that labs use. A web process looks for no such file and is
        started again for it, as all are for the next ones. A function between two failpoints is called while the
        processes are down. Returns what `while_doing` returned, or None if its connection was cut.
        """
        plan = _plan(places)
        self._arm(plan[0][0])
        with ThreadPoolExecutor(1) as pool:
            doing = pool.submit(while_doing)
            for (place, meanwhile), (following, _) in zip(plan, [*plan[1:], ("", [])], strict=True):
                self.wait_until_killed(place)
                self.kill()
                for act in meanwhile:
                    act()
                self.start(following)
            with suppress(requests.RequestException):
                return doing.result(timeout=60)
        return None

    def _arm(self, failpoint: str) -> None:
        """Let the running processes know of their first failpoint."""
        if self._order:
            self._order.write_text(failpoint, encoding="ascii")
        else:
            self.kill()
            self.start(failpoint)

    def log(self) -> str:
        """Return the end of their logs."""
        return "\n".join(each.log_tail() for each in self._all if each.process)


def _plan(places: Sequence[str | Callable[[], object]]) -> list[tuple[str, list[Callable[[], object]]]]:
    """Return each failpoint with the functions to call between the kill and the next start."""
    plan: list[tuple[str, list[Callable[[], object]]]] = []
    for place in places:
        if isinstance(place, str):
            plan.append((place, []))
        else:
            plan[-1][1].append(place)
    return plan
