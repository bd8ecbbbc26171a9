"""The services of one running mock; a request gets them with `alc()`."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from flask import current_app

from mock_alc.background.worker import Worker
from mock_alc.base.database import Database
from mock_alc.base.rate_limits import SlidingWindow
from mock_alc.base.sealing import Sealer
from mock_alc.config import Config
from mock_alc.double.services import Double
from mock_alc.scenarios.runner import ScenarioRunner
from mock_alc.webhooks.delivery import Sender


@dataclass(frozen=True)
class Services(Double):
    """The shared objects of one mock; two mocks in one process share none of them."""

    config: Config
    database: Database
    secret_key: str
    sealer: Sealer
    sender: Sender
    worker: Worker
    provision: Callable[[], None]
    scenarios: ScenarioRunner
    wrong_credentials: SlidingWindow
    decisions: SlidingWindow

    def now(self) -> datetime:
        """Return the time of this mock's clock."""
        return self.clock()

    def reset(self) -> None:
        """Return to the state after the first start: cancel running work, delete all data and provision again."""
        self.scenarios.end()
        self.faults.clear()
        with self.worker.paused():
            self.clock.reset_to_real()
            self.database.empty()
            self.provision()
        self.received.clear()
        self.wrong_credentials.clear()
        self.decisions.clear()

    def close(self) -> None:
        """Stop the background work and close the database."""
        self.faults.clear()
        self.worker.stop()
        self.database.close()


def alc() -> Services:
    """Return the services of the mock that handles the current request."""
    return cast(Services, current_app.extensions["mock_alc"])
