"""What the pages show of people, changes, connections, deliveries and settings."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from alc_app.attio.settings_page import Input

ALC_STATUSES = ("Pending", "Complete", "Failed")

ConnectionStatus = Literal["none", "connecting", "active", "needs_reconnect", "removing"]
PeopleSort = Literal["name", "company", "alc_status", "created_at"]


@dataclass(frozen=True)
class Person:
    """A person record, with the attributes that a page shows."""

    record_id: str
    name: str | None
    email_addresses: Sequence[str]
    phone_numbers: Sequence[str]
    job_title: str | None
    company: str | None
    location: str | None
    alc_status: str | None  # one of ALC_STATUSES, unless somebody typed another value into the CRM
    alc_lead_id: str | None
    alc_interest: str | None
    created_at: datetime
    web_url: str | None

    @property
    def display_name(self) -> str:
        """What to call a person whom the CRM may know by address or number only."""
        return next((known for known in (self.name, *self.email_addresses) if known), "Unnamed person")


@dataclass(frozen=True)
class PeoplePage:
    """One page of the people table."""

    rows: Sequence[Person]
    has_next: bool


@dataclass(frozen=True)
class Change:
    """One entry of a record's value history: at this time, this actor set this attribute to this value."""

    at: datetime
    attribute: str  # its title, such as "ALC status"
    value: str  # as people read it
    actor: str

    @property
    def is_status(self) -> bool:
        """Whether the value is drawn as a status badge."""
        return self.value in ALC_STATUSES


@dataclass(frozen=True)
class Handler:
    """A webhook handler of the app, with what has been delivered to it, and how much of that has failed for good."""

    id: str
    path: str  # of its source in alc_app, such as "webhooks/lead_processed.py"
    url: str
    external_webhook_id: str | None
    created_at: datetime
    last_delivery_at: datetime | None
    deliveries: int
    failures: int = 0
    sender: str = "ALC"


@dataclass(frozen=True)
class CleanUp:
    """Something that is still to be tidied up at ALC."""

    what: str  # a whole sentence, such as "The webhook wh_1 is still registered at ALC."
    since: datetime
    last_error: str | None
    next_try_at: datetime | None


@dataclass(frozen=True)
class CatchUp:
    """The last time that ALC was asked for everything that no webhook has told."""

    done_at: datetime | None
    told: int  # leads of which there was news
    is_due: bool = False
    why: str | None = None  # what kept the last one from its end


@dataclass(frozen=True)
class DeliveryView:
    """A webhook delivery that was stored, and how far its work has come."""

    id: str  # `<handler>:<webhook-id>`
    webhook_id: str
    received_at: datetime
    state: str  # new, queued, done, failed, ignored or forgotten
    tries: int
    why: str | None
    body: str

    @property
    def can_run_again(self) -> bool:
        """Whether its body is still there and nothing works on it now."""
        return self.state in ("done", "failed", "ignored")


@dataclass(frozen=True)
class ConnectionView:
    """The workspace's connection to ALC, without anything secret."""

    status: ConnectionStatus
    id: str = ""
    connected_at: datetime | None = None
    username: str = ""  # whose account at ALC, if ALC says so
    token_issued_at: datetime | None = None
    token_expires_at: datetime | None = None
    renewed_at: datetime | None = None  # from then on the token is renewed before it is used
    renewals: int = 0
    message: str | None = None  # a whole sentence: why it must be connected again
    handlers: Sequence[Handler] = ()
    clean_up: Sequence[CleanUp] = ()
    scopes: Sequence[str] = ()


@dataclass(frozen=True)
class SettingField:
    """One setting: its input, and what holds now."""

    input: Input
    value: float | bool
    is_set: bool  # by a person; else the default holds

    @property
    def text(self) -> str:
        """The value as a form has it."""
        return self.input.write(self.value)

    @property
    def in_words(self) -> str:
        """The value in words."""
        return self.input.told(self.value)
