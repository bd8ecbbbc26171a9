"""Everything that the pages need from the rest of the app: the protocol `Workspace`, and its two exceptions.

`alc_app.web.workspace` implements it with the real services, `tests.support.fakes.workspace` in memory.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from alc_app.attio import BulkRecordAction, RecordAction, RecordWidget
from alc_app.attio.host.doctor import DeadLetter
from alc_app.attio.settings_page import Section

from .connect_steps import ConnectRun
from .explanations import Explanation
from .inspector_rows import DeliveryPage, InspectorQuery, RequestPage
from .view_models import (
    AccessView,
    CatchUp,
    Change,
    ConnectionStatus,
    ConnectionView,
    PeoplePage,
    PeopleQuery,
    Person,
    SettingField,
    TaskView,
)
from .workflow_models import RunView, WorkflowView


class CrmUnavailable(Exception):
    """The CRM cannot be read. Pages show it as 503, with the message; without one, the CRM cannot be reached."""


class NotPossible(Exception):
    """A request cannot be fulfilled; the message says why, in a whole sentence. Pages show it as 409."""


class Workspace(Protocol):
    """One workspace. Every page reads the properties, so they must cost no call to the CRM."""

    @property
    def name(self) -> str:
        """The workspace's name."""

    @property
    def user_name(self) -> str:
        """The name of the person who is using it, or "You" where nobody signs in; empty for somebody signed out."""

    @property
    def signs_in(self) -> bool:
        """Whether people sign in here, at a provider or at a proxy."""

    @property
    def can_sign_out(self) -> bool:
        """Whether this person has signed in here."""

    def may(self, route: str) -> bool:
        """Tell whether this person may use a route, such as `POST /settings` (web/who_may.py)."""

    @property
    def alc_console_url(self) -> str:
        """The URL of ALC's own console."""

    @property
    def notes_exchanges(self) -> bool:
        """Whether calls between the participants are logged, so that pages can draw them."""

    @property
    def may_act(self) -> bool:
        """Whether tutorial steps may be done for the user: only in development, and never on real records."""

    @property
    def settings_sections(self) -> Sequence[Section]:
        """The manifest's settings, in sections."""

    def last_event_id(self) -> str:
        """Return the newest id of the event log, `<boot>:<n>`. A page follows the log from the id it was drawn at."""

    def people(self, query: PeopleQuery) -> PeoplePage:
        """Return one page of people. Raises: CrmUnavailable."""

    def person(self, record_id: str) -> Person | None:
        """Return the person, or None if the CRM has no such record. Raises: CrmUnavailable."""

    def activity(self, record_id: str) -> Sequence[Change]:
        """Return the value history of a record, newest first. Raises: CrmUnavailable."""

    def tasks(self, record_id: str) -> Sequence[TaskView]:
        """Return the newest tasks about a record, newest first; none while the CRM does not tell."""

    def explanation(self, person: Person) -> Explanation:
        """Return why this person has this status, and what happens next."""

    def record_actions(self, object_slug: str) -> Sequence[RecordAction]:
        """Return the manifest's record actions for this object, in its order."""

    def bulk_record_actions(self, object_slug: str) -> Sequence[BulkRecordAction]:
        """Return the manifest's bulk record actions for this object, in its order."""

    def record_widgets(self, object_slug: str) -> Sequence[RecordWidget]:
        """Return the manifest's record widgets for this object, in its order."""

    def connection_status(self) -> ConnectionStatus:
        """Return the status of the connection to ALC. Called for every page."""

    def connection(self) -> ConnectionView:
        """Return the connection to ALC with its webhook handlers and pending clean-ups."""

    def connect_url(self, return_to: str) -> str:
        """Return the address of Connect, which leads back to `return_to` if that is a path of this app."""

    def connect_run(self, connection_id: str) -> ConnectRun:
        """Return the progress of the run that makes, or made, this connection; an unknown run counts as over."""

    def last_catch_up(self) -> CatchUp:
        """Return when ALC was last asked for missed results, and what came of it."""

    def catch_up_soon(self) -> None:
        """Schedule a catch-up now."""

    def rotate_secrets(self) -> None:
        """Give each webhook handler that ALC calls a new signing secret, of which ALC is told soon."""

    def examine(self, *, repair: bool) -> Mapping[str, Any]:
        """Return the doctor's report as `alc-app doctor --json` prints it; with `repair`, repair what can be first."""

    def dead_letters(self) -> Sequence[DeadLetter]:
        """Return the dead letters, newest first."""

    def replay(self, letter_id: str) -> None:
        """Retry a dead letter. Raises: NotPossible."""

    def dismiss(self, letter_id: str) -> None:
        """Remove a dead letter from the list. Raises: NotPossible."""

    def requests(self, query: InspectorQuery) -> RequestPage:
        """Return the newest calls between the participants, newest first."""

    def deliveries(self, query: InspectorQuery) -> DeliveryPage:
        """Return the newest webhook deliveries, newest first."""

    def redeliver(self, delivery_id: str) -> None:
        """Process a stored delivery once more. Raises: NotPossible."""

    def workflows(self) -> Sequence[WorkflowView]:
        """Return the workflow definitions, in the manifest's order."""

    def workflow_runs(self) -> Sequence[RunView]:
        """Return the newest workflow runs, newest first."""

    def run_workflow(self, workflow_id: str, record_id: str) -> str:
        """Start a workflow for a record and return the run's id. Raises: NotPossible."""

    def switch_workflow(self, workflow_id: str, *, on: bool) -> None:
        """Switch a workflow's trigger on or off. Raises: NotPossible."""

    def settings(self) -> Mapping[str, SettingField]:
        """Return the settings with their current values, by name."""

    def save_settings(self, changes: Mapping[str, float | bool | None]) -> None:
        """Save all of these settings or none; None resets one to its default."""

    def messages_after(self, number: int) -> list[dict[str, Any]]:
        """Return the exchange log's messages after this number, oldest first, with their `words` and `step`."""

    def begun_by_user(self, limit: int) -> Sequence[dict[str, Any]]:
        """Return the last messages of the exchange log with which the user began something, newest first."""

    def messages_of(self, trace_id: str) -> Sequence[dict[str, Any]]:
        """Return the messages of one trace, oldest first, with their `words` and `step`."""

    def note_user_action(self, label: str) -> None:
        """Log something that the user did in the browser."""

    def access(self) -> AccessView:
        """Return who has signed in, and what people have asked for lately."""

    def end_sessions(self, person_id: str) -> None:
        """End every session of a person."""

    def log_in_at_alc(self, location: str) -> str:
        """Sign in at ALC for the user and allow access; return where ALC redirects the browser. Raises: NotPossible."""
