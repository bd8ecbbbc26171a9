"""One living process for each executor id, by an exclusive lock that the system gives back when the process dies."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path


class ExecutorTaken(Exception):
    """Another process holds this executor id; the message says what to do."""


class ExecutorLock:
    """A lock file for each executor id, in a folder that all workers of one machine share."""

    def __init__(self, home: Path, executor_id: str) -> None:
        self.executor_id = executor_id
        self._folder = home / "executors"
        self._file: int | None = None

    def acquire(self) -> None:
        """Take the lock. Raises: ExecutorTaken."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._file = self._try(self.executor_id)
        if self._file is None:
            raise ExecutorTaken(
                f"A worker called {self.executor_id} is running already. Start this one with another --executor-id."
            )

    def release(self) -> None:
        """Give the lock back."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def dead_others(self) -> list[str]:
        """Executor ids that have run here and that nobody holds now."""
        dead = []
        for path in self._folder.glob("*.lock"):
            if path.stem != self.executor_id and (file := self._try(path.stem)) is not None:
                os.close(file)
                dead.append(path.stem)
        return dead

    def _try(self, executor_id: str) -> int | None:
        file = os.open(self._folder / f"{executor_id}.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(file)
            return None
        return file
