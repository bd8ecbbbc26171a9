"""Virtual time: moves the clock by days at once and runs everything that becomes due on the way, in order."""

import threading
from datetime import datetime, timedelta
from typing import Protocol

from mock_alc.base.clock import VirtualClock

HORIZON = timedelta(days=30)  # Work that is due later than this does not count as pending.
MAX_STEPS = 10_000


class Work(Protocol):
    """What a mock does by itself, each piece at its time."""

    @property
    def in_flight(self) -> bool:
        """Whether a piece of it is running."""

    def run_due(self) -> object:
        """Do what is due, and return when it has ended."""

    def next_due(self) -> datetime | None:
        """Return when the next piece is due, or None if there is none."""

    def wake(self) -> None:
        """Make the background thread look for due work now."""


class TimeTravel:
    """Moves the clock of one mock from one due time to the next."""

    def __init__(self, clock: VirtualClock, work: Work) -> None:
        """Use the clock and the work of one mock."""
        self._clock, self._work = clock, work
        self._lock = threading.Lock()

    def advance(self, seconds: float) -> None:
        """Move the clock forward by `seconds`; with 0, only run what is due."""
        if seconds:
            self.go_to(self._clock() + timedelta(seconds=seconds))
            return
        with self._lock:
            self._advance_to(self._clock())
        self._work.wake()

    def go_to(self, instant: datetime) -> None:
        """Move the clock to `instant` and run what becomes due until then; a past instant only sets the clock."""
        with self._lock:
            self._advance_to(instant)
            self._clock.move_to(instant)
            self._work.run_due()
        self._work.wake()

    def run_until_idle(self, at_most: timedelta = HORIZON) -> bool:
        """Move the clock until nothing is left to do, by `at_most` at most; return whether that was reached."""
        with self._lock:
            self._advance_to(self._clock() + at_most)
        self._work.wake()
        return self.is_idle()

    def is_idle(self) -> bool:
        """Return whether nothing is running, and nothing is due that counts as pending."""
        due = self.seconds_to_next()
        return not self._work.in_flight and (due is None or due > HORIZON.total_seconds())

    def seconds_to_next(self) -> float | None:
        """Return in how many seconds the next piece of work is due, or None if there is none."""
        due = self._work.next_due()
        return None if due is None else (due - self._clock()).total_seconds()

    def return_to_real(self) -> None:
        """Set the clock back to the real time."""
        self._clock.reset_to_real()
        self._work.wake()

    def _advance_to(self, end: datetime) -> None:
        for _step in range(MAX_STEPS):
            self._work.run_due()
            due = self._work.next_due()
            if due is None or due > end:
                return
            self._clock.move_to(max(due, self._clock()))
