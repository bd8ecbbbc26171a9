"""Workers that die by kill -9 at a place of their code, and come back. Real processes, without the wait for imports."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from tests.support.stack import Stack
from tests.support.waiting import eventually

T = TypeVar("T")
FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["dbos", "alc_app.app", "alc_app.serve", "alc_app.runtime.worker"])
ALIVE_IN = 20.0


def _work(settings: Mapping[str, str], log: str) -> None:
    """The body of a forked process: what `alc-app worker` does."""
    from alc_app.config import Config
    from alc_app.serve import run_worker

    file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(file, 1)
    os.dup2(file, 2)
    sys.stderr = os.fdopen(2, "w", buffering=1)
    os.environ.update(settings)
    run_worker(Config.from_env(), "")


class Workers:
    """The workers of a stack, each of which can be armed to die at a place."""

    def __init__(self, stack: Stack, count: int) -> None:
        self._stack, self._count = stack, count
        self._log = stack.home / "workers.log"
        self._running: list[multiprocessing.process.BaseProcess] = []

    def start(self, *, dying_at: str = "", count: int | None = None) -> None:
        """Start them all."""
        settings = {**self._stack.settings, "ALC_FAILPOINTS": f"{dying_at}:kill" if dying_at else ""}
        for _ in range(count or self._count):
            process = FORKS.Process(target=_work, args=(settings, str(self._log)), daemon=True)
            process.start()
            self._running.append(process)

    def one_has_died(self) -> bool:
        """Has one of them been killed?"""
        return any(process.exitcode == -signal.SIGKILL for process in self._running)

    def kill(self) -> None:
        """The power goes."""
        for process in self._running:
            process.kill()
            process.join(10)
            process.close()
        self._running = []

    def stop(self) -> list[int | None]:
        """End them as a supervisor would; returns their exit codes."""
        for process in self._running:
            process.terminate()
        for process in self._running:
            process.join(15)
        codes = [process.exitcode for process in self._running]
        self.kill()
        return codes

    def die_at(self, places: Sequence[str], while_doing: Callable[[], T]) -> T | None:
        """Do something, while the workers die at each of these places in turn; then they live on.

        Returns what was done, or None when that was cut off.
        """
        self.kill()
        self.start(dying_at=places[0])
        with ThreadPoolExecutor(1) as pool:
            doing = pool.submit(while_doing)
            for place, following in zip(places, [*places[1:], ""], strict=True):
                eventually(
                    self.one_has_died, within=ALIVE_IN, what=lambda at=place: f"Nobody died at {at}.\n{self.log()}"
                )
                self.kill()
                self.start(dying_at=following)
            with suppress(OSError):
                return doing.result(timeout=60)
        return None

    def log(self) -> str:
        """The last of what they have said."""
        return Path(self._log).read_text()[-3000:] if self._log.exists() else ""
