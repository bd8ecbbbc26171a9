"""What the face may know of the world: the `Workspace` protocol, and the small frozen things it shows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol

from .connect_steps import ConnectRun
from .guide_models import Guide
from .settings_models import SettingsSpace
from .workflow_models import WorkflowSpace

ALC_STATUSES = ("Pending", "Complete", "Failed")

ConnectionStatus = Literal["none", "connecting", "active", "needs_reconnect", "removing"]
PeopleSort = Literal["name", "company", "alc_status", "created_at"]


class CrmUnavailable(Exception):
    """The CRM cannot be reached; raised by the reading methods of a `Workspace`, shown as a 503 page."""


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
class ActionButton:
    """A record action of the manifest, as a button and as an entry of the palette."""

    id: str
    label: str
    icon: str | None  # a lucide name; without one the app's own icon is shown


@dataclass(frozen=True)
class WidgetFrame:
    """A record widget of the manifest: the page leaves room for it, and its script asks for what is in it."""

    id: str
    label: str


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


class NotPossible(Exception):
    """What was asked for cannot be done; the message says why, in a whole sentence."""


@dataclass(frozen=True)
class DeadLetter:
    """Work that has ended in failure, in sentences; with an `advice` it takes a person."""

    id: str
    text: str
    why: str
    since: datetime
    advice: str


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


class Workspace(WorkflowSpace, SettingsSpace, Protocol):
    """Everything that the pages ask for; the four attributes must be known without a call to the CRM."""

    @property
    def name(self) -> str: ...

    @property
    def user_name(self) -> str: ...

    @property
    def alc_console_url(self) -> str: ...

    @property
    def notes_exchanges(self) -> bool: ...

    @property
    def guide(self) -> Guide:
        """What the tutorial asks for."""

    def last_event_id(self) -> str:
        """The newest id of the event log, `<boot>:<n>`: a page follows the log from where it was drawn."""

    def people(self, *, search: str, sort: PeopleSort, descending: bool, page: int, page_size: int) -> PeoplePage:
        """One page of people, counted from 1; an empty search is everybody."""

    def person(self, record_id: str) -> Person | None:
        """The person, or None when the CRM has no such record."""

    def activity(self, record_id: str) -> Sequence[Change]:
        """The value history of a record, newest first."""

    def record_actions(self, object_slug: str) -> Sequence[ActionButton]:
        """The manifest's record actions for this object, in its order."""

    def bulk_record_actions(self, object_slug: str) -> Sequence[ActionButton]:
        """The manifest's bulk record actions for this object, in its order."""

    def record_widgets(self, object_slug: str) -> Sequence[WidgetFrame]:
        """The manifest's record widgets for this object, in its order."""

    def connection_status(self) -> ConnectionStatus:
        """How the connection to ALC stands: every page shows it."""

    def connection(self) -> ConnectionView:
        """The connection to ALC, with all that belongs to it."""

    def connect_run(self, connection_id: str) -> ConnectRun:
        """How far the run that makes, or has made, this connection has come; an unknown one is over."""

    def last_catch_up(self) -> CatchUp:
        """When ALC was last asked for everything, and what came of it."""

    def catch_up_soon(self) -> None:
        """Have ALC asked now."""

    def examine(self, *, mend: bool) -> Mapping[str, Any]:
        """The doctor's report, as `alc-app doctor --json` prints it; perhaps after mending what can be mended."""

    def dead_letters(self) -> Sequence[DeadLetter]:
        """The dead letters, newest first."""

    def deliveries(self) -> Sequence[DeliveryView]:
        """The newest deliveries that came, the youngest first."""

    def redeliver(self, delivery_id: str) -> None:
        """Have a delivery worked through once more. Raises: NotPossible."""

    def replay(self, letter_id: str) -> None:
        """Have a dead letter tried again. Raises: NotPossible."""

    def dismiss(self, letter_id: str) -> None:
        """Take a dead letter off the list. Raises: NotPossible."""
