"""What the mock does by itself: decisions of the agent, and deliveries."""

from datetime import datetime

from sqlmodel import select

from mock_alc.background.worker import Worker
from mock_alc.base.database import Database
from mock_alc.leads.agent import NEXT_DECISION
from mock_alc.webhooks.delivery import Sender
from mock_alc.webhooks.outbox import Delivery

ATTEMPT_SECONDS = 60.0  # Longer than any attempt may take.
WAITING = select(Delivery.due_at, Delivery.lease_until).where(Delivery.state == "pending")


class Work:
    """The work of one mock, for its time travel."""

    def __init__(self, database: Database, worker: Worker, sender: Sender) -> None:
        """Use the jobs of one mock."""
        self._database, self._worker, self._sender = database, worker, sender

    @property
    def in_flight(self) -> bool:
        """Whether an attempt is running."""
        return self._sender.in_flight

    def run_due(self) -> None:
        """Run what is due now and wait for the running attempts."""
        self._worker.run_due()
        while self._sender.in_flight:
            self._sender.wait(ATTEMPT_SECONDS)
            self._worker.run_due()

    def next_due(self) -> datetime | None:
        """Return when the agent or the outbox next has work; a leased delivery is due when its lease ends."""
        with self._database.read() as session:
            decision = session.exec(NEXT_DECISION).one()
            attempts = [max(due, lease or due) for due, lease in session.exec(WAITING)]
        return min((due for due in (decision, *attempts) if due is not None), default=None)

    def wake(self) -> None:
        """Make the worker look for due work now."""
        self._worker.wake()
