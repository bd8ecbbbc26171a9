"""The workspace as the pages and GraphQL need it: from Attio's REST API and the runtime's rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from flask import url_for
from sqlalchemy.exc import NoResultFound

from alc_app.attio import BulkRecordAction, RecordAction, RecordWidget
from alc_app.attio.host.context import running
from alc_app.attio.host.doctor import DeadLetter
from alc_app.clients.attio_people import PersonRecord, company_names, get_person, query_people
from alc_app.clients.graphql_loader import execute
from alc_app.leads import reconcile
from alc_app.pages import (
    CatchUp,
    Change,
    ConnectionView,
    ConnectRun,
    NotPossible,
    PeoplePage,
    Person,
)
from alc_app.pages.explanations import Explanation
from alc_app.pages.filters import utc
from alc_app.pages.inspector_rows import DeliveryPage, InspectorQuery, RequestPage
from alc_app.pages.runs import BEGINNINGS
from alc_app.pages.view_models import AccessView, ConnectionStatus, PeopleQuery, SettingField, TaskView
from alc_app.pages.workflow_models import RunView, WorkflowView
from alc_app.runtime.context import AppContext
from alc_app.runtime.doctor.doctor import Doctor
from alc_app.runtime.jobs import dead_letters
from alc_app.runtime.routes.browser import own_path
from alc_app.runtime.routes.live_updates import LiveUpdates
from alc_app.runtime.services import WORKSPACE, Services
from alc_app.runtime.sign_in.people import current_person
from alc_app.runtime.stores.inbox import ENDED
from alc_app.runtime.workflows.activations import WorkflowActivations
from alc_app.runtime.workflows.runner import WorkflowRunner
from alc_app.web.alc_login import log_in
from alc_app.web.crm_reading import reading
from alc_app.web.presenters.access import access_of
from alc_app.web.presenters.connections import connection_of, status_of
from alc_app.web.presenters.dead_letters import letters_of
from alc_app.web.presenters.inspector import deliveries_of, requests_of
from alc_app.web.presenters.people import company_ids, history, sends, sorted_by, to_person
from alc_app.web.presenters.people_search import can_match, find_people
from alc_app.web.presenters.settings import fields_of, save
from alc_app.web.presenters.tasks import tasks_of
from alc_app.web.presenters.why.of_record import explanation_of
from alc_app.web.presenters.workflows import runs_of, workflows_of

EXAMINE_WITHIN = 20.0


class Workspace:
    """Implements the protocol `alc_app.pages.Workspace`."""

    def __init__(self, services: Services, live: LiveUpdates, may: Callable[[str], bool]) -> None:
        """Serve this workspace; `live` is the log of its events, `may` knows what a person may do."""
        self._services, self._live, self._doctor = services, live, Doctor(services)
        self.may, self.signs_in = may, services.config.auth != "none"
        # The demo's workspace, as the mock of Attio calls it. Reading that of a real one costs a call per page.
        self.name = "Attio" if services.config.uses_real_attio else "Halden"
        self.alc_console_url = services.config.alc_url
        self.notes_exchanges = services.config.notes_exchanges
        self.may_act = services.config.env == "development" and not services.config.uses_real_attio
        self.settings_sections = services.manifest.settings.sections if services.manifest.settings else ()

    @property
    def user_name(self) -> str:
        """Return who sends this request; empty for somebody signed out."""
        person = current_person()
        return person.name if person else "" if self.signs_in else "You"

    @property
    def can_sign_out(self) -> bool:
        """Return whether this person has signed in here, and not at a proxy."""
        return self._services.config.auth == "oidc" and current_person() is not None

    def last_event_id(self) -> str:
        """Return the newest id of the event log."""
        return self._live.last_id()

    def people(self, query: PeopleQuery) -> PeoplePage:
        """Return one page of people. Raises: CrmUnavailable."""
        if not can_match(query.search):
            return PeoplePage([], has_next=False)
        size = query.page_size
        with reading(self._services):
            found = find_people(query.search, query.letter)
            sorts = sorted_by(query.sort, query.descending)
            records = query_people(**found.query, sorts=sorts, limit=size + 1, offset=(query.page - 1) * size)
            companies = company_names(company_ids(records[:size]))
        rows = [self._person(record, companies) for record in records[:size]]
        return PeoplePage(rows, has_next=len(records) > size, is_cut=found.is_cut)

    def person(self, record_id: str) -> Person | None:
        """Return a person, or None. Raises: CrmUnavailable."""
        with reading(self._services):
            record = get_person(record_id)
            return None if record is None else self._person(record, company_names(company_ids([record])))

    def activity(self, record_id: str) -> Sequence[Change]:
        """Return the history of ALC's attributes, newest first. Raises: CrmUnavailable."""
        with reading(self._services):
            return sorted([*history(record_id), *sends(record_id, self._services)], key=lambda c: c.at, reverse=True)

    def tasks(self, record_id: str) -> Sequence[TaskView]:
        """Return the newest tasks about a record."""
        return tasks_of(self._services, record_id)

    def explanation(self, person: Person) -> Explanation:
        """Return why this person has this status, and what happens next."""
        return explanation_of(self._services, person.record_id, person)

    def record_actions(self, object_slug: str) -> Sequence[RecordAction]:
        """Return the manifest's record actions for this object."""
        actions = self._services.manifest.record.actions
        return [a for a in actions if a.objects in (None, object_slug)]

    def bulk_record_actions(self, object_slug: str) -> Sequence[BulkRecordAction]:
        """Return the manifest's bulk record actions for this object."""
        actions = self._services.manifest.record.bulk_actions
        return [a for a in actions if a.objects in (None, object_slug)]

    def record_widgets(self, object_slug: str) -> Sequence[RecordWidget]:
        """Return the manifest's record widgets for this object."""
        widgets = self._services.manifest.record.widgets
        return [w for w in widgets if w.objects in (None, object_slug)]

    def connection_status(self) -> ConnectionStatus:
        """Return the status of the connection to ALC."""
        return status_of(self._services)

    def connection(self) -> ConnectionView:
        """Return the connection to ALC."""
        return connection_of(self._services)

    def connect_url(self, return_to: str) -> str:
        """Return the address of Connect, which leads back to `return_to` if that is a path of this app (U6)."""
        return url_for("connections.connect", next=own_path(return_to, "") or None)

    def connect_run(self, connection_id: str) -> ConnectRun:
        """Return the progress of the run that makes a connection, from the engine's records."""
        run_id = f"connect:{connection_id}"
        # First, so that a step that finishes in between is among those read next.
        is_over = self._services.engine.has_ended(run_id)
        steps = self._services.engine.steps(run_id)
        return ConnectRun(steps, is_over)

    def last_catch_up(self) -> CatchUp:
        """Return how the last reconciliation with ALC went."""
        with running(AppContext(self._services)):
            row = reconcile.last_reconciliation()
        if row is None:
            return CatchUp(None, 0)
        done_at = utc(row.done_at) if row.done_at else None
        return CatchUp(done_at, row.news, row.due_at <= self._services.now(), row.why)

    def catch_up_soon(self) -> None:
        """Have the worker ask ALC for every lead, at once."""
        with running(AppContext(self._services)):
            reconcile.reconcile_soon()

    def rotate_secrets(self) -> None:
        """Give each webhook handler that ALC calls a new signing secret; the worker tells ALC."""
        if connection := self._services.connections.live(WORKSPACE):
            self._services.webhook_handlers.rotate_secrets(connection.id)

    def examine(self, *, repair: bool) -> Mapping[str, Any]:
        """Return the doctor's report; checks that take too long for a page are reported as not checked."""
        return (self._doctor.repair if repair else self._doctor.examine)(EXAMINE_WITHIN).to_json()

    def dead_letters(self) -> Sequence[DeadLetter]:
        """Return the dead letters, newest first."""
        return letters_of(self._services)

    def requests(self, query: InspectorQuery) -> RequestPage:
        """Return the newest requests that the query asks for."""
        return requests_of(self._services, query)

    def deliveries(self, query: InspectorQuery) -> DeliveryPage:
        """Return the newest deliveries that the query asks for."""
        return deliveries_of(self._services, query)

    def redeliver(self, delivery_id: str) -> None:
        """Process a delivery once more. Raises: NotPossible."""
        handler_id, _, webhook_id = delivery_id.partition(":")
        try:
            found = self._services.inbox.get(handler_id, webhook_id)
        except NoResultFound:
            raise NotPossible("There is no such delivery. It may have been deleted.") from None
        if found.state not in ENDED:
            raise NotPossible("This delivery is in progress, or its body has been deleted.")
        self._services.inbox.requeue(handler_id, webhook_id, ENDED)

    def replay(self, letter_id: str) -> None:
        """Retry a dead letter. Raises: NotPossible."""
        with _refusals():
            dead_letters.replay(self._services, letter_id)

    def dismiss(self, letter_id: str) -> None:
        """Remove a dead letter from the list. Raises: NotPossible."""
        with _refusals():
            dead_letters.dismiss(self._services, letter_id)

    def workflows(self) -> Sequence[WorkflowView]:
        """Return the workflow definitions."""
        return workflows_of(self._services)

    def workflow_runs(self) -> Sequence[RunView]:
        """Return the newest workflow runs."""
        return runs_of(self._services)

    def run_workflow(self, workflow_id: str, record_id: str) -> str:
        """Start a workflow for a record. Raises: NotPossible."""
        try:
            return WorkflowRunner(self._services).start(workflow_id, record_id)
        except LookupError as error:
            raise NotPossible(str(error)) from error

    def switch_workflow(self, workflow_id: str, *, on: bool) -> None:
        """Switch a workflow's trigger on or off. Raises: NotPossible."""
        try:
            WorkflowActivations(self._services).set_enabled(workflow_id, enabled=on)
        except LookupError as error:
            raise NotPossible(str(error)) from error

    def settings(self) -> Mapping[str, SettingField]:
        """Return the settings with their current values."""
        return fields_of(self._services)

    def save_settings(self, changes: Mapping[str, float | bool | None]) -> None:
        """Save all of these settings or none."""
        save(self._services, changes)

    def messages_after(self, number: int) -> list[dict[str, Any]]:
        """Return the next messages of the exchange log."""
        return self._services.exchanges.after(number)

    def begun_by_user(self, limit: int) -> Sequence[dict[str, Any]]:
        """Return the last messages with which the user began something."""
        return self._services.exchanges.by_user(BEGINNINGS, limit)

    def messages_of(self, trace_id: str) -> Sequence[dict[str, Any]]:
        """Return the messages of one trace."""
        return self._services.exchanges.after(0, trace_id=trace_id)

    def note_user_action(self, label: str) -> None:
        """Log something that the user did in the browser."""
        self._services.exchanges.add("User", "Attio UI", label)

    def log_in_at_alc(self, location: str) -> str:
        """Sign in at ALC for the user and allow access. Raises: NotPossible."""
        if not self.may_act:
            raise NotPossible("The app cannot sign in for you here. Press Connect.")
        return log_in(location, alc_url=self._services.config.alc_url, base_url=self._services.config.base_url)

    def access(self) -> AccessView:
        """Return who has signed in, and what people have asked for lately."""
        return access_of(self._services)

    def end_sessions(self, person_id: str) -> None:
        """End every session of a person."""
        self._services.sessions.end_all(person_id)

    def query(self, query: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        """Run a GraphQL query of a record action, within the app context of the caller."""
        return execute(query, variables)

    def _person(self, record: PersonRecord, companies: Mapping[str, str]) -> Person:
        # The mock of Attio has no pages to link to.
        return to_person(record, companies, linked=self._services.config.uses_real_attio)


@contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except dead_letters.NotReplayed as error:
        raise NotPossible(error.message) from error
