"""What every view needs at hand: the settings, the database, and who is asking."""

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
    """The holder of a token: its id stands as the actor beside each value that it writes."""

    token_id: str
    scope: frozenset[str]


@dataclass(frozen=True)
class Crm:
    """One running stand-in."""

    config: MockAttioConfig
    database: Database
    limits: Limits
    faults: Faults = field(default_factory=Faults)

    def now(self) -> str:
        """Return the present moment as Attio writes it."""
        return to_text(self.config.now())


def crm() -> Crm:
    """Return the stand-in that answers the present request."""
    found: Crm = current_app.extensions["mock_attio"]
    return found


def actor() -> Actor:
    """Return the sender of the present request as the one who changes something."""
    return Actor("api-token", caller().token_id)


def caller() -> Caller:
    """Return who sent the present request; only behind `auth.authenticate`."""
    found: Caller = g.caller
    return found
