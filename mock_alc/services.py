"""What the rooms of one running mock share; reached from a request with `alc()`."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import cast

from flask import current_app

from mock_alc.clock import Clock
from mock_alc.config import Config
from mock_alc.database import Database
from mock_alc.delivery import Sender
from mock_alc.limits import SlidingWindow
from mock_alc.received import ReceivedRequests
from mock_alc.sealing import Sealer
from mock_alc.worker import Worker

WRONG_CREDENTIALS_A_MINUTE = 10
DECISIONS_A_MINUTE = 60


@dataclass(frozen=True)
class Services:
    """One mock's belongings; two mocks in one process share nothing."""

    config: Config
    clock: Clock
    database: Database
    secret_key: str
    sealer: Sealer
    sender: Sender
    worker: Worker
    provision: Callable[[], None]
    received: ReceivedRequests = field(default_factory=ReceivedRequests)
    wrong_credentials: SlidingWindow = field(default_factory=lambda: SlidingWindow(WRONG_CREDENTIALS_A_MINUTE))
    decisions: SlidingWindow = field(default_factory=lambda: SlidingWindow(DECISIONS_A_MINUTE))

    def now(self) -> datetime:
        """Return the present instant of this mock's clock."""
        return self.clock()

    def reset(self) -> None:
        """Cancel the work under way, forget everything, and provision anew: the state after a first start."""
        with self.worker.quiet():
            self.database.empty()
            self.provision()
        self.received.clear()
        self.wrong_credentials.clear()
        self.decisions.clear()

    def close(self) -> None:
        """Stop the background work and give the database back."""
        self.worker.stop()
        self.database.close()


def alc() -> Services:
    """Return the services of the mock that answers the current request."""
    return cast(Services, current_app.extensions["mock_alc"])
