"""The background thread: runs the agent and the sender whenever something of theirs is due."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Protocol

from mock_alc.base.clock import Clock
from mock_alc.webhooks.delivery import Sender

log = logging.getLogger(__name__)
LONGEST_SLEEP = 1.0  # Another process on the same database may have made work for us.
PATIENCE = 3.0


class Chore(Protocol):
    """Something that has due times."""

    def run_due(self) -> datetime | None:
        """Do what is due and return when there will be more, if that is known."""


class Worker:
    """Owns the thread; without `start`, a test runs the chores itself with `run_due`."""

    def __init__(self, chores: list[Chore], sender: Sender, clock: Clock) -> None:
        self._chores, self._sender, self._clock = chores, sender, clock
        self._bell = threading.Event()
        self._stopping = threading.Event()
        self._turn = threading.Lock()
        self._thread: threading.Thread | None = None
        sender.when_done = self.wake

    def start(self) -> None:
        """Begin to work in the background; once."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="mock-alc-worker", daemon=True)
            self._thread.start()

    def wake(self) -> None:
        """Say that there may be something to do."""
        self._bell.set()

    def run_due(self) -> datetime | None:
        """Run each chore once; return the earliest next due time."""
        with self._turn:
            dues = [chore.run_due() for chore in self._chores]
        return min((due for due in dues if due is not None), default=None)

    @contextmanager
    def quiet(self) -> Iterator[None]:
        """Hold the work still, attempts under way included, while the block runs."""
        with self._turn:
            self._sender.abort()
            self._sender.wait(PATIENCE)
            yield
        self.wake()

    def stop(self) -> None:
        """End the thread and the attempts under way; what is not done stays in the database."""
        self._stopping.set()
        self.wake()
        if self._thread is not None:
            self._thread.join(PATIENCE)
        self._sender.stop()

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._bell.wait(self._work())
            self._bell.clear()

    def _work(self) -> float:
        try:
            due = self.run_due()
        except Exception:  # The thread must outlive a full disk or a lost database, and tell of it.
            log.exception("The background work failed; it is tried again in a second.")
            return LONGEST_SLEEP
        if due is None:
            return LONGEST_SLEEP
        return min(max((due - self._clock()).total_seconds(), 0.0), LONGEST_SLEEP)
