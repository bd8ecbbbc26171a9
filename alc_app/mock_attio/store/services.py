"""What every view needs: the settings, the database, and the sender of the current request."""

from dataclasses import dataclass, field

from flask import current_app, g

from alc_app.mock_attio.store.config import MockAttioConfig
from alc_app.mock_attio.store.database import Database
from alc_app.mock_attio.store.events import Actor
from alc_app.mock_attio.store.faults import Faults
from alc_app.mock_attio.store.rate_limits import Limits
from alc_app.mock_attio.store.timestamps import to_text


@dataclass(frozen=True)
class Caller:
    """An access token. Values written with it show its id as their actor."""

    token_id: str
    scope: frozenset[str]


@dataclass(frozen=True)
class Services:
    """The parts of one running stand-in."""

    config: MockAttioConfig
    database: Database
    limits: Limits
    faults: Faults = field(default_factory=Faults)

    def now(self) -> str:
        """Return the current time in Attio's format."""
        return to_text(self.config.now())


def services() -> Services:
    """Return the services of the app that handles the current request."""
    found: Services = current_app.extensions["mock_attio"]
    return found


def actor() -> Actor:
    """Return the sender of the current request as an actor."""
    return Actor("api-token", caller().token_id)


def caller() -> Caller:
    """Return the sender of the current request; only after `auth.authenticate` has run."""
    found: Caller = g.caller
    return found
