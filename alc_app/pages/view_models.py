"""What the pages show of people, changes, connections, deliveries and settings."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal

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
        """The name, or the first email address of a person without one."""
        return next((known for known in (self.name, *self.email_addresses) if known), "Unnamed person")


OTHER = "other"
"""Instead of a letter: the people whose names begin with none from A to Z, or who have no name."""


@dataclass(frozen=True)
class PeopleQuery:
    """Which people to show: an empty search or letter finds all; pages count from 1."""

    search: str = ""
    letter: str = ""  # the first of the name, A to Z, where those with accents count as those without; or OTHER
    sort: PeopleSort = "name"
    descending: bool = False
    page: int = 1
    page_size: int = 50


@dataclass(frozen=True)
class PeoplePage:
    """One page of the people table."""

    rows: Sequence[Person]
    has_next: bool
    is_cut: bool = False  # more people may be spelled with other accents than the search


@dataclass(frozen=True)
class TaskView:
    """A task about a person, which a workflow or somebody in the CRM has created."""

    content: str
    is_completed: bool
    created_at: datetime

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON for the page's script."""
        return {**asdict(self), "created_at": self.created_at.isoformat()}


@dataclass(frozen=True)
class Change:
    """One entry of a record's value history: at this time this actor set this attribute to this value."""

    at: datetime
    attribute: str  # its title, such as "ALC status"
    value: str  # as shown to people
    actor: str
    did: str = ""  # what the actor did, if that was not to set an attribute

    @property
    def is_status(self) -> bool:
        """Whether the value is shown as a status badge."""
        return self.value in ALC_STATUSES


@dataclass(frozen=True)
class Handler:
    """A webhook handler of the app, with the number of its deliveries and of those that failed for good."""

    id: str
    path: str  # of its source in alc_app, such as "webhooks/lead_processed.py"
    url: str
    external_webhook_id: str | None
    created_at: datetime
    last_delivery_at: datetime | None
    deliveries: int
    failures: int = 0
    sender: str = "ALC"
    is_rotating: bool = False  # its signing secret is new, and ALC has not confirmed it yet
    rotate_why: str | None = None  # why the last attempt to tell ALC failed
    previous_secret_until: datetime | None = None  # until then the previous secret is accepted too


@dataclass(frozen=True)
class CleanUp:
    """Something that must still be removed at ALC."""

    what: str  # a whole sentence, such as "The webhook wh_1 is still registered at ALC."
    since: datetime
    last_error: str | None
    next_try_at: datetime | None


@dataclass(frozen=True)
class CatchUp:
    """The last time that ALC was asked for results that no webhook had reported."""

    done_at: datetime | None
    news: int  # the number of leads that had news
    is_due: bool = False
    why: str | None = None  # why the last one failed


@dataclass(frozen=True)
class ConnectionView:
    """The workspace's connection to ALC, without secrets."""

    status: ConnectionStatus
    id: str = ""
    connected_at: datetime | None = None
    username: str = ""  # the account at ALC, if ALC names it
    connected_by: str = ""  # the name of the person who did, where people sign in
    token_issued_at: datetime | None = None
    token_expires_at: datetime | None = None
    renewed_at: datetime | None = None  # a use of the token after this time renews it first
    renewals: int = 0
    message: str | None = None  # a whole sentence: why to connect again, or why disconnecting failed
    handlers: Sequence[Handler] = ()
    clean_up: Sequence[CleanUp] = ()
    scopes: Sequence[str] = ()


@dataclass(frozen=True)
class AccessPerson:
    """Somebody who has signed in."""

    id: str
    name: str
    email: str
    role: str
    seen_at: datetime


@dataclass(frozen=True)
class AccessAction:
    """Something that a person has asked for."""

    at: datetime
    name: str
    what: str  # in words, such as "Saved the settings"


@dataclass(frozen=True)
class AccessView:
    """Who has signed in, and what people have asked for lately."""

    people: Sequence[AccessPerson] = ()
    actions: Sequence[AccessAction] = ()


@dataclass(frozen=True)
class SettingField:
    """A setting: its input and its current value."""

    input: Input
    value: float | bool
    is_set: bool  # by a person; otherwise the value is the default

    @property
    def text(self) -> str:
        """The value as text for the form."""
        return self.input.write(self.value)

    @property
    def in_words(self) -> str:
        """The value in words."""
        return self.input.describe(self.value)
