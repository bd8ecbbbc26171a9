"""What every view needs: the settings, the database, and the sender of the current request."""

from dataclasses import dataclass, replace

from flask import current_app, g

from alc_app.mock_attio.store.config import MockAttioConfig
from alc_app.mock_attio.store.database import Database
from alc_app.mock_attio.store.deliveries import DeliveryLog
from alc_app.mock_attio.store.events import EVENT_TYPES, Actor
from alc_app.mock_attio.store.faults import PATHS, TROUBLES
from alc_app.mock_attio.store.rate_limits import Limits
from alc_app.mock_attio.store.timestamps import to_text
from alc_app.mock_attio.store.webhook_sender import Sender
from alc_app.mock_attio.store.write_faults import OPERATIONS
from mock_alc.base.clock import VirtualClock
from mock_alc.double.faults import Faults
from mock_alc.double.request_log import ReceivedRequests
from mock_alc.double.services import Double
from mock_alc.double.time_travel import TimeTravel


@dataclass(frozen=True)
class Caller:
    """Who sends a request: an access token, or a member of the workspace. Values that it writes show it as actor."""

    token_id: str
    scope: frozenset[str]
    actor_type: str = "api-token"


@dataclass(frozen=True)
class Services(Double):
    """The parts of one running stand-in."""

    config: MockAttioConfig
    database: Database
    limits: Limits
    sender: Sender
    deliveries: DeliveryLog

    def now(self) -> str:
        """Return the current time in Attio's format."""
        return to_text(self.clock())

    def forget(self) -> None:
        """Return to the real time, and forget faults, requests, deliveries and the use of the rate limits."""
        self.faults.clear()
        self.clock.reset_to_real()
        self.received.clear()
        self.deliveries.clear()
        self.limits.clear()


def make_services(config: MockAttioConfig) -> Services:
    """Connect to the database and create the services; nothing runs yet."""
    clock, database = VirtualClock(config.now), Database(config.database_url)
    faults, deliveries = Faults(PATHS, TROUBLES, EVENT_TYPES), DeliveryLog()
    sender = Sender(database, config.post, clock, faults=faults, log=deliveries)
    return Services(
        clock=clock,
        time=TimeTravel(clock, sender),
        faults=faults,
        received=ReceivedRequests(),
        operations=OPERATIONS,
        config=replace(config, now=clock),  # whoever asks the settings for the time gets that of the clock
        database=database,
        limits=Limits(reads=config.reads_per_second, writes=config.writes_per_second, clock=clock),
        sender=sender,
        deliveries=deliveries,
    )


def services() -> Services:
    """Return the services of the app that handles the current request."""
    found: Services = current_app.extensions["mock_attio"]
    return found


def actor() -> Actor:
    """Return the sender of the current request as an actor."""
    return Actor(caller().actor_type, caller().token_id)


def caller() -> Caller:
    """Return the sender of the current request; only after `auth.authenticate` has run."""
    found: Caller = g.caller
    return found
