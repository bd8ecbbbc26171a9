"""Virtual time: moves the clock by days at once and runs everything that becomes due on the way, in order."""

import threading
from datetime import datetime, timedelta

from sqlmodel import col, func, select

from mock_alc.background.worker import Worker
from mock_alc.base.clock import VirtualClock
from mock_alc.base.database import Database
from mock_alc.leads.leads import PROCESSING, Lead
from mock_alc.webhooks.delivery import Sender
from mock_alc.webhooks.outbox import Delivery

HORIZON = timedelta(days=30)  # Work that is due later than this does not count as pending.
MAX_STEPS = 10_000
ATTEMPT_SECONDS = 60.0  # Longer than any attempt may take.


class TimeTravel:
    """Moves the clock of one mock from one due time to the next."""

    def __init__(self, clock: VirtualClock, database: Database, worker: Worker, sender: Sender) -> None:
        """Use the clock and the jobs of one mock."""
        self._clock, self._database, self._worker, self._sender = clock, database, worker, sender
        self._lock = threading.Lock()

    def advance(self, seconds: float) -> None:
        """Move the clock forward by `seconds`."""
        self.go_to(self._clock() + timedelta(seconds=seconds))

    def go_to(self, instant: datetime) -> None:
        """Move the clock to `instant` and run what becomes due until then; a past instant only sets the clock."""
        with self._lock:
            self._advance_to(instant)
            self._clock.move_to(instant)
            self._run_due()
        self._worker.wake()

    def run_until_idle(self, at_most: timedelta = HORIZON) -> bool:
        """Move the clock until nothing is due within `at_most`; return whether that was reached."""
        with self._lock:
            self._advance_to(self._clock() + at_most)
        self._worker.wake()
        return self.is_idle(at_most)

    def is_idle(self, within: timedelta = HORIZON) -> bool:
        """Return whether no attempt is running and nothing is due within `within`."""
        due = self._next_due()
        return not self._sender.in_flight and (due is None or due > self._clock() + within)

    def _advance_to(self, end: datetime) -> None:
        for _step in range(MAX_STEPS):
            self._run_due()
            due = self._next_due()
            if due is None or due > end:
                return
            self._clock.move_to(max(due, self._clock()))

    def _run_due(self) -> None:
        """Run what is due now and wait for the running attempts."""
        self._worker.run_due()
        while self._sender.in_flight:
            self._sender.wait(ATTEMPT_SECONDS)
            self._worker.run_due()

    def _next_due(self) -> datetime | None:
        """Return when the agent or the outbox next has work; a leased delivery is due when its lease ends."""
        with self._database.read() as session:
            decision = session.exec(select(func.min(col(Lead.decide_at))).where(Lead.status == PROCESSING)).one()
            waiting = select(Delivery.due_at, Delivery.lease_until).where(Delivery.state == "pending")
            attempts = [max(due, lease or due) for due, lease in session.exec(waiting)]
        return min((due for due in (decision, *attempts) if due is not None), default=None)
