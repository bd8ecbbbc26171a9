"""A `Workspace` in memory for tests of the pages: seven people, an event log, and a CRM that can become unavailable."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from alc_app.attio import BulkRecordAction, RecordAction, RecordWidget, TextWidget
from alc_app.attio.host.doctor import DeadLetter
from alc_app.attio.host.runs import FinishedStep
from alc_app.pages import (
    CatchUp,
    Change,
    ConnectionView,
    ConnectRun,
    CrmUnavailable,
    Handler,
    NotPossible,
    PeoplePage,
    PeopleQuery,
    Person,
)
from alc_app.pages.explanations import Explanation
from alc_app.pages.inspector_rows import DeliveryPage, DeliveryRow, InspectorQuery, RequestPage, has_words, request_rows
from alc_app.pages.runs import BEGINNINGS
from alc_app.pages.tutorial.progress import BEGINS
from alc_app.pages.view_models import OTHER, AccessView, ConnectionStatus, TaskView
from alc_app.web.presenters.people_search import fold
from alc_app.web.who_may import role_may
from tests.support.fakes.event_log import EventLog
from tests.support.fakes.exchanges import FakeExchanges
from tests.support.fakes.labs import FakeLabs
from tests.support.fakes.settings import FakeSettings
from tests.support.fakes.workflows import FakeWorkflows

AT = datetime(2026, 11, 20, 9, 12, tzinfo=UTC)

CONNECTED = ConnectionView(
    "active",
    id="c0ffee",
    connected_at=AT,
    username="demo@acmeleadchecker.test",
    token_issued_at=AT,
    token_expires_at=AT.replace(hour=10),
    scopes=("leads:write", "webhooks:write"),
    handlers=(
        Handler(
            id="3d1c6a1e-4f0b-4e0e-9a52-0f5d1c2b7a10",
            path="webhooks/lead_processed.py",
            url="http://127.0.0.1:8000/hooks/3d1c6a1e-4f0b-4e0e-9a52-0f5d1c2b7a10",
            external_webhook_id="wh_7f2a",
            created_at=AT,
            last_delivery_at=AT,
            deliveries=12,
        ),
    ),
)


WELL: dict[str, Any] = {
    "ok": True,
    "checks": [{"name": name, "ok": True, "findings": []} for name in ("Workers", "Webhooks at ALC", "Clocks")],
}
ORPHAN = {
    "level": "error",
    "text": "ALC has the webhook wh_9 for an address that this app no longer serves.",
    "subject": "wh_9",
    "mendable": True,
    "mended": None,
}
SKEWED = {
    "level": "unknown",
    "text": "This check could not run: ALC cannot be reached.",
    "subject": "",
    "mendable": False,
    "mended": None,
}
DISEASED: dict[str, Any] = {
    "ok": False,
    "checks": [
        {"name": "Workers", "ok": True, "findings": []},
        {"name": "Webhooks at ALC", "ok": False, "findings": [ORPHAN]},
        {"name": "Clocks", "ok": False, "findings": [SKEWED]},
    ],
}
UNSHOWN = DeadLetter("lead:7", "The lead lead_7 could not be shown on its record.", "It was deleted.", AT.timestamp())
UNSENT = DeadLetter(
    "send:8", "Sending a record came to nothing.", "ALC never had it.", AT.timestamp(), "Press Send again."
)


async def do_nothing(*_: object) -> None:
    """Stand in for an action's work, which the runtime would do."""


async def draw_nothing(_: str) -> TextWidget:
    """Stand in for a widget's drawing, which the runtime would do."""
    return TextWidget("", "")


SEND = RecordAction("send-to-alc", "Send to ALC", do_nothing, objects="people")
BULK_SEND = BulkRecordAction("bulk-send-to-alc", "Send to ALC", do_nothing, objects="people")
WIDGET = RecordWidget("alc-lead", "ALC", draw_nothing, objects="people")

UNSENT_CARD: dict[str, Any] = {
    "title": "Acme Lead Checker",
    "primary": "Not sent yet",
    "secondary": "Press Send to ALC: an agent chats with this person by SMS, and the result comes back to this page.",
    "decoration": None,
    "link": None,
    "transcript": [],
}
PENDING_CARD: dict[str, Any] = UNSENT_CARD | {
    "primary": "ALC's agent is chatting",
    "secondary": "The status here changes when ALC has a result.",
    "decoration": {"text": "Pending", "color": "amber"},
    "link": {"label": "Open in ALC's console", "href": "http://127.0.0.1:8001/leads/lead_7f2a"},
    "transcript": [
        {
            "speaker": "ALC's agent",
            "text": "Hi Grace, this is Ava from Halden. Is now a good moment?",
            "is_theirs": False,
        },
        {"speaker": "Grace Hopper", "text": "Hi! Yes, go ahead.", "is_theirs": True},
        {"speaker": "ALC's agent", "text": "Great. Is it for yourself or for a team?", "is_theirs": False},
    ],
}
SAID_LAST = {"speaker": "Grace Hopper", "text": "For my team. Tomorrow after 10 works. Thanks!", "is_theirs": True}
COMPLETE_CARD: dict[str, Any] = PENDING_CARD | {
    "primary": "Interested",
    "secondary": "Grace Hopper wants to know more and asked for a call.",
    "decoration": {"text": "Complete", "color": "green"},
    "transcript": [*PENDING_CARD["transcript"], SAID_LAST],
}


CONNECT_RUN = ConnectRun(
    [
        FinishedStep("exchange_code", 21.0),
        FinishedStep("create_webhook_handler", 4.0),
        FinishedStep("create_webhook", 38.0),
        FinishedStep("update_webhook_handler", 5.0),
        FinishedStep("save", 6.0),
    ]
)


def mended(report: dict[str, Any]) -> dict[str, Any]:
    """Return the report after all possible repairs."""

    def repair(finding: dict[str, Any]) -> dict[str, Any]:
        return finding | ({"mended": "It has been deleted."} if finding["mendable"] else {})

    checks = [check | {"findings": [repair(found) for found in check["findings"]]} for check in report["checks"]]
    return {"ok": False, "checks": checks}


def record_id(number: int) -> str:
    """The id of the person with this number."""
    return str(UUID(int=number))


def make_person(number: int, name: str | None, **values: object) -> Person:
    """A person with an address, a phone number and a company, unless `values` say otherwise."""
    address = f"{(name or 'someone').split()[0].lower()}@people.example"
    usual = Person(
        record_id=record_id(number),
        name=name,
        email_addresses=(address,),
        phone_numbers=(f"+1 202 555 01{number:02}",),
        job_title="Engineer",
        company="Analytical Engines",
        location="London, GB",
        alc_status=None,
        alc_lead_id=None,
        alc_interest=None,
        created_at=AT,
        web_url=f"https://app.attio.com/halden/person/{record_id(number)}",
    )
    return replace(usual, **values)


def seven_people() -> list[Person]:
    """The people of the demo, in every state of a lead."""
    complete = {"alc_status": "Complete", "alc_lead_id": "lead_7f2a", "alc_interest": "interested"}
    pending = {"alc_status": "Pending", "alc_lead_id": "lead_90c1"}
    failed = {"alc_status": "Failed", "alc_lead_id": "lead_11d0", "alc_interest": "no_answer"}
    return [
        make_person(1, "Ada Lovelace", job_title="Countess of computing"),
        make_person(2, "Grace Hopper", company="Flow-Matic", **complete),
        make_person(3, "Edsger Dijkstra", company="Shortest Path BV", phone_numbers=()),
        make_person(4, "Radia Perlman", company="Spanning Tree Inc", **pending),
        make_person(5, "Barbara Liskov", company=None, job_title=None, location=None),
        make_person(6, "Katherine Johnson", company="Orbit & Co", **failed),
        make_person(7, None, company="Bombe Ltd", email_addresses=("alan@bletchley.example",)),
    ]


class FakeWorkspace(FakeWorkflows, FakeSettings):
    """Implements the protocol `Workspace`; a test sets its attributes."""

    name = "Halden"
    user_name = "Tommy Flowers"
    can_sign_out = signs_in = False
    alc_console_url = "http://127.0.0.1:8001/"
    notes_exchanges = True

    def __init__(self) -> None:
        self.events, self.labs, self.exchanges = EventLog(), FakeLabs(), FakeExchanges()
        self.reset()

    def reset(self) -> None:
        """Reset everything but the event log, which continues as a real one does."""
        self.events.has_room = True
        self.events.messages, self.events.asked = [], []
        self.labs.reset()
        if self.exchanges.messages:
            self.exchanges.note(BEGINS)
        self.may_act, self.alc_is_away = True, False
        self.role, self.listed = "admin", AccessView()
        self.signs_in = self.can_sign_out = False
        self.everyone = seven_people()
        self.changes: dict[str, list[Change]] = {}
        self.todo: dict[str, list[TaskView]] = {}
        self.view = CONNECTED
        self.cards: dict[str, dict[str, Any]] = {record_id(2): COMPLETE_CARD, record_id(4): PENDING_CARD}
        self.run = CONNECT_RUN
        self.caught_up = CatchUp(AT, 0)
        self.crm_is_away = False
        self.report: dict[str, Any] = WELL
        self.letters: list[DeadLetter] = []
        self.done: list[tuple[str, str]] = []
        self.delivered: list[DeliveryRow] = []
        self.reset_workflows()
        self.reset_settings()

    def last_event_id(self) -> str:
        return self.events.last_id()

    def people(self, query: PeopleQuery) -> PeoplePage:
        self._reach_the_crm()
        found = [
            person
            for person in self.everyone
            if all(word in fold(f"{person.display_name} {person.company}") for word in fold(query.search).split())
            and (query.letter == OTHER or person.display_name.startswith(query.letter))
        ]
        found.sort(key=lambda person: str(getattr(person, query.sort) or ""), reverse=query.descending)
        start = (query.page - 1) * query.page_size
        return PeoplePage(found[start : start + query.page_size], has_next=len(found) > start + query.page_size)

    def person(self, record_id: str) -> Person | None:
        self._reach_the_crm()
        return next((person for person in self.everyone if person.record_id == record_id), None)

    def activity(self, record_id: str) -> list[Change]:
        self._reach_the_crm()
        return self.changes.get(record_id, [])

    def set_tasks(self, number: int, *tasks: TaskView) -> None:
        """Change a person's tasks as a run of a workflow does."""
        self.todo[record_id(number)] = list(tasks)
        self.events.publish("workflow", {"run_id": "r1", "record_id": record_id(number), "state": "complete"})

    def tasks(self, record_id: str) -> list[TaskView]:
        return self.todo.get(record_id, [])

    def explanation(self, person: Person) -> Explanation:
        sent = [f"Tommy Flowers sent {person.display_name} to ALC on ", AT, "."]
        return Explanation([sent, [f"The record shows “{person.alc_status}”."]], "Open Doctor", "/doctor")

    def record_actions(self, object_slug: str) -> Sequence[RecordAction]:
        return (SEND,) if object_slug == "people" else ()

    def bulk_record_actions(self, object_slug: str) -> Sequence[BulkRecordAction]:
        return (BULK_SEND,) if object_slug == "people" else ()

    def record_widgets(self, object_slug: str) -> Sequence[RecordWidget]:
        return (WIDGET,) if object_slug == "people" else ()

    def connection_status(self) -> ConnectionStatus:
        return self.view.status

    def connection(self) -> ConnectionView:
        return self.view

    def connect_url(self, return_to: str) -> str:
        return f"/connections/alc/connect{f'?next={return_to}' if return_to else ''}"

    def connect_run(self, connection_id: str) -> ConnectRun:
        return self.run

    def last_catch_up(self) -> CatchUp:
        return self.caught_up

    def rotate_secrets(self) -> None:
        self.done.append(("rotate_secrets", ""))

    def catch_up_soon(self) -> None:
        self.done.append(("catch_up", ""))

    def examine(self, *, repair: bool) -> dict[str, Any]:
        self.done.append(("mend" if repair else "examine", ""))
        return mended(self.report) if repair else self.report

    def dead_letters(self) -> list[DeadLetter]:
        return self.letters

    def requests(self, query: InspectorQuery) -> RequestPage:
        calls = [each for each in self.events.messages[::-1] if each["kind"] != "answer" or not each["call"]]
        rows = [row for row in request_rows(calls, self.events.messages) if has_words(query.search, row)]
        rows = [row for row in rows if row.tone == "bad" or not query.failed]
        return RequestPage(rows[: query.shown], has_more=len(rows) > query.shown)

    def deliveries(self, query: InspectorQuery) -> DeliveryPage:
        rows = [row for row in self.delivered if has_words(query.search, row)]
        rows = [row for row in rows if row.state == "failed" or not query.failed]
        return DeliveryPage(rows[: query.shown], has_more=len(rows) > query.shown)

    def redeliver(self, delivery_id: str) -> None:
        if delivery_id not in [delivery.id for delivery in self.delivered]:
            raise NotPossible("There is no such delivery. It may have been deleted.")
        self.done.append(("redeliver", delivery_id))

    def replay(self, letter_id: str) -> None:
        self._take_off(letter_id)
        self.done.append(("replay", letter_id))

    def dismiss(self, letter_id: str) -> None:
        self._take_off(letter_id)
        self.done.append(("dismiss", letter_id))

    def messages_after(self, number: int) -> list[dict[str, Any]]:
        return self.exchanges.after(number)

    def begun_by_user(self, limit: int) -> list[dict[str, Any]]:
        begun = [message for message in self.events.messages if message["sender"] == "User"]
        return [each for each in begun[::-1] if each["label"] in BEGINNINGS or each["kind"] == "note"][:limit]

    def messages_of(self, trace_id: str) -> list[dict[str, Any]]:
        return [message for message in self.events.messages if message["trace_id"] == trace_id]

    def note_user_action(self, label: str) -> None:
        self.exchanges.note(label)

    def log_in_at_alc(self, location: str) -> str:
        if self.alc_is_away:
            raise NotPossible("ALC did not answer.")
        return f"/connections/alc/callback?of={location[:4]}"

    def may(self, route: str) -> bool:
        return role_may(self.role, route)

    def access(self) -> AccessView:
        return self.listed

    def end_sessions(self, person_id: str) -> None:
        self.done.append(("end_sessions", person_id))

    def set_letters(self, *letters: DeadLetter) -> None:
        """Change the dead letters as the app does, with an event."""
        self.letters = list(letters)
        self.events.publish("dead_letter", {"id": "any"})

    def _take_off(self, letter_id: str) -> None:
        left = [letter for letter in self.letters if letter.id != letter_id]
        if len(left) == len(self.letters):
            raise NotPossible("There is no such dead letter.")
        self.letters = left

    def set_status(self, number: int, status: str) -> None:
        """Change a person as the app does, with its history and its event."""
        at = self.everyone.index(next(p for p in self.everyone if p.record_id == record_id(number)))
        self.everyone[at] = replace(self.everyone[at], alc_status=status, alc_lead_id="lead_e992")
        change = Change(AT, "ALC status", status, "Acme Lead Checker")
        self.changes.setdefault(record_id(number), []).insert(0, change)
        values = {"alc_status": status, "alc_lead_id": "lead_e992", "alc_interest": None}
        self.events.publish("record", {"record_id": record_id(number), "values": values})

    def set_connection(self, view: ConnectionView) -> None:
        """Change the connection as the app does, with its event."""
        self.view = view
        self.events.publish("connection", {"status": view.status})

    def _reach_the_crm(self) -> None:
        if self.crm_is_away:
            raise CrmUnavailable
