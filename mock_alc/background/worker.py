"""The background thread: runs the agent, the sender and the housekeeping when they have something due."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Protocol

from mock_alc.base.clock import Clock
from mock_alc.webhooks.delivery import Sender

log = logging.getLogger(__name__)
LONGEST_SLEEP = 1.0  # Seconds; another process on the same database may add work that we are not told of.
STOP_SECONDS = 3.0  # How long to wait for running attempts and for the thread.


class Job(Protocol):
    """Background work that becomes due from time to time."""

    def run_due(self) -> datetime | None:
        """Do what is due; return when more will be due, or None if that is unknown."""


class Worker:
    """Runs the jobs in a thread. Tests that do not call `start` run them with `run_due`."""

    def __init__(self, jobs: list[Job], sender: Sender, clock: Clock) -> None:
        """Take the jobs; `sender`, one of them, wakes the worker after each attempt."""
        self._jobs, self._sender, self._clock = jobs, sender, clock
        self._wakeup = threading.Event()
        self._stopping = threading.Event()
        self._run_lock = threading.Lock()
        self._thread: threading.Thread | None = None
        sender.when_done = self.wake

    def start(self) -> None:
        """Start the thread, unless it runs already."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="mock-alc-worker", daemon=True)
            self._thread.start()

    def wake(self) -> None:
        """Make the thread check for due work now."""
        self._wakeup.set()

    def run_due(self) -> datetime | None:
        """Run each job once; return the earliest next due time, or None if no job knows one."""
        with self._run_lock:
            dues = [job.run_due() for job in self._jobs]
        return min((due for due in dues if due is not None), default=None)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Abort the running attempts and run no job during the `with` block."""
        with self._run_lock:
            self._sender.abort()
            self._sender.wait(STOP_SECONDS)
            yield
        self.wake()

    def stop(self) -> None:
        """End the thread and the running attempts; unfinished work stays in the database."""
        self._stopping.set()
        self.wake()
        if self._thread is not None:
            self._thread.join(STOP_SECONDS)
        self._sender.stop()

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._wakeup.wait(self._work())
            self._wakeup.clear()

    def _work(self) -> float:
        try:
            due = self.run_due()
        except Exception:  # The thread must survive a full disk or a lost database.
            log.exception("The background work failed. It runs again in a second.")
            return LONGEST_SLEEP
        if due is None:
            return LONGEST_SLEEP
        return min(max((due - self._clock()).total_seconds(), 0.0), LONGEST_SLEEP)
