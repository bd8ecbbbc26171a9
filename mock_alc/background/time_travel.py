"""Virtual time: days pass at once, and everything that is due in them happens, in its order."""

import threading
from datetime import datetime, timedelta

from sqlmodel import col, func, select

from mock_alc.background.worker import Worker
from mock_alc.base.clock import VirtualClock
from mock_alc.base.database import Database
from mock_alc.leads.leads import PROCESSING, Lead
from mock_alc.webhooks.delivery import Sender
from mock_alc.webhooks.outbox import Delivery

HORIZON = timedelta(days=30)  # What is due later, or never, keeps nobody waiting.
MOST_STEPS = 10_000
PATIENCE = 60.0  # Longer than any attempt may take.


class TimeTravel:
    """Moves the clock of one mock, and stops at each instant at which there is something to do."""

    def __init__(self, clock: VirtualClock, database: Database, worker: Worker, sender: Sender) -> None:
        self._clock, self._database, self._worker, self._sender = clock, database, worker, sender
        self._lock = threading.Lock()

    def advance(self, seconds: float) -> None:
        """Let this many seconds pass."""
        self.go_to(self._clock() + timedelta(seconds=seconds))

    def go_to(self, instant: datetime) -> None:
        """Let time pass until `instant`; one that is past already is shown without anything happening."""
        with self._lock:
            self._pass(instant)
            self._clock.move_to(instant)
            self._settle()
        self._worker.wake()

    def until_idle(self, at_most: timedelta = HORIZON) -> bool:
        """Let time pass until nothing is to come within `at_most`; True when it came to that."""
        with self._lock:
            self._pass(self._clock() + at_most)
        self._worker.wake()
        return self.idle(at_most)

    def idle(self, within: timedelta = HORIZON) -> bool:
        """Is nothing under way, and nothing due soon?"""
        due = self._next_due()
        return not self._sender.in_flight and (due is None or due > self._clock() + within)

    def _pass(self, end: datetime) -> None:
        for _step in range(MOST_STEPS):
            self._settle()
            due = self._next_due()
            if due is None or due > end:
                return
            self._clock.move_to(max(due, self._clock()))

    def _settle(self) -> None:
        """Do what is due now, and wait until the attempts under way have ended."""
        self._worker.run_due()
        while self._sender.in_flight:
            self._sender.wait(PATIENCE)
            self._worker.run_due()

    def _next_due(self) -> datetime | None:
        """Return when the agent or the outbox next has something to do; what somebody holds waits for its lease."""
        with self._database.read() as session:
            decision = session.exec(select(func.min(col(Lead.decide_at))).where(Lead.status == PROCESSING)).one()
            waiting = select(Delivery.due_at, Delivery.lease_until).where(Delivery.state == "pending")
            attempts = [max(due, lease or due) for due, lease in session.exec(waiting)]
        return min((due for due in (decision, *attempts) if due is not None), default=None)
