"""Runs: who, what, how it ended; and the waterfall of one."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest
from flask.testing import FlaskClient

from alc_app.pages.runs import ENDINGS, Run, Scope, find_runs, run_of
from alc_app.pages.waterfall import waterfall
from alc_app.runtime.routes import oauth
from tests.support.fakes.workspace import FakeWorkspace, record_id

NOW = 1_800_000_100.0
Message = dict[str, Any]


class Wire:
    """The messages of one trace, a second after each other."""

    def __init__(self) -> None:
        self.messages: list[Message] = []

    def says(
        self, sender: str, receiver: str, label: str, *, kind: str = "call", call: str = "", **detail: Any
    ) -> Wire:
        number = len(self.messages) + 1
        at = detail.pop("at", 1_800_000_000.0 + number)
        named = {"sender": sender, "receiver": receiver, "label": label, "words": label, "detail": detail}
        self.messages.append({"id": number, "at": at, "trace_id": "t1", "kind": kind, "call": call, **named})
        return self

    def clicks(self) -> Wire:
        return self.says("User", "Attio UI", "Clicks button", detail_of_button="Send to ALC", record_id=record_id(1))

    def posts(self, answer: int | None = 201) -> Wire:
        call = f"post{len(self.messages)}"
        request = {"method": "POST", "body": json.dumps({"name": "Ada Lovelace"})}
        self.says("Server Function", "ALC", "POST /api/v1/leads", call=call, request=request)
        if answer is None:
            return self
        response = {"status": answer, "body": json.dumps({"id": "lead_1"})}
        return self.says(
            "ALC", "Server Function", str(answer), kind="answer", call=call, response=response, failed=answer >= 400
        )

    def writes(self, status: str, *, failed: bool = False) -> Wire:
        call = f"write{len(self.messages)}"
        request = {"method": "PATCH", "body": json.dumps({"data": {"values": {"alc_status": status}}})}
        self.says("Webhook", "Attio API", "PATCH /record", call=call, request=request)
        return self.says("Attio API", "Webhook", "200 OK", kind="answer", call=call, failed=failed)

    def alerts(self) -> Wire:
        return self.says("Record Action", "Attio UI", "alert()", kind="answer")

    def run(self, now: float = NOW) -> Run:
        return run_of(self.messages, now)


def connects(last: str) -> Wire:
    return Wire().says("User", "Attio UI", "Clicks to install app").says("Attio UI", "User", last, kind="answer")


@pytest.mark.parametrize(
    ("wire", "status", "tone"),
    [
        (Wire().clicks().posts().writes("Pending"), "Pending", "waiting"),
        (Wire().clicks().posts().writes("Pending").writes("Complete"), "Complete", "good"),
        (Wire().clicks().posts().writes("Failed"), "Failed", "bad"),
        (Wire().clicks().posts().writes("Pending").writes("Complete", failed=True), "Not written to Attio", "bad"),
        (Wire().clicks().alerts(), "Not sent", "bad"),
        (Wire().clicks().posts(422).alerts(), "Not sent", "bad"),
        (Wire().clicks().posts(503).alerts(), "Still sending", "waiting"),
        (Wire().clicks().posts(None).alerts(), "Still sending", "waiting"),
        (connects("Shows app is now installed"), "Connected", "good"),
        (connects("Shows what went wrong"), "Failed", "bad"),
        (connects("Prompts to add connection to ALC"), "Waiting for your permission", "waiting"),
    ],
)
def test_a_run_says_how_it_ended(wire: Wire, status: str, tone: str) -> None:
    """In a word, with a tone for its colour."""
    assert (wire.run().status, wire.run().tone) == (status, tone)


def test_each_end_of_a_connection_run_has_a_status() -> None:
    """The labels that the OAuth routes log are the ones that a run is named by; a run in progress has none yet."""
    logged = {label for end, label in oauth.SHOWN.items() if end != "in_progress"}
    assert logged <= set(ENDINGS)


def test_a_call_without_an_answer_runs_until_nobody_waits_for_it() -> None:
    """A process that died never answers."""
    wire = Wire().clicks().posts(None)
    assert wire.run(now=wire.messages[-1]["at"] + 5).status == "Running"
    assert wire.run(now=wire.messages[-1]["at"] + 500).status == "Ended"


def test_a_run_is_named_by_its_person() -> None:
    """By the name that was sent; many are counted; a connection has none."""
    assert Wire().clicks().posts().run().who == "Ada Lovelace"
    assert Wire().says("User", "Attio UI", "Clicks button", records=12).run().who == "12 people"
    assert connects("Shows app is now installed").run().who == ""


def test_a_page_has_the_runs_of_its_scope_newest_first() -> None:
    """Of one record, or of the connection; a trace is one run, whatever it begins with."""
    about = {"record_id": record_id(1)}
    begun = [
        {"trace_id": name, "at": float(at), "label": label, "detail": detail}
        for name, at, label, detail in (
            ("c", 4, "Clicks to install app", {}),
            ("b", 3, "Clicks button", about),
            ("b", 2, "Clicks button", about),
            ("a", 1, "Clicks button", {"record_id": record_id(2)}),
        )
    ]

    def found(scope: Scope) -> str:
        told = {each["trace_id"]: Wire().clicks().messages for each in begun}
        for trace_id, messages in told.items():
            messages[0]["trace_id"] = trace_id
        return "".join(run.trace_id for run in find_runs(begun, told.__getitem__, NOW, scope, 9))

    assert found(Scope()) == "cba"
    assert found(Scope(record_id=record_id(1))) == "b"
    assert found(Scope(connection=True)) == "c"


def test_attempts_of_a_call_are_one_row_of_the_waterfall() -> None:
    """A call that went wrong and was repeated; what succeeded twice is two rows."""
    wire = Wire().clicks().posts(503).posts(503).posts(201).writes("Pending")
    rows = waterfall(wire.messages, wire.run(), NOW)
    attempts = {row.what: [bar.says for bar in row.bars] for row in rows if row.what.startswith("POST")}
    assert attempts == {"POST /api/v1/leads": ["503", "503", "201"]}


def test_a_write_says_what_it_does() -> None:
    """The tutorial's words for it go on from what is above them in its diagram."""
    wire = Wire().clicks().says("Webhook", "Attio API", 'with ATTIO_API_TOKEN to mark record "Failed"', request={})
    assert waterfall(wire.messages, wire.run(), NOW)[-1].what == 'Marks record "Failed"'


def test_bars_stand_in_order_and_long_waits_are_short() -> None:
    """The whole is a hundred percent; an hour of waiting leaves room for calls of milliseconds."""
    wire = Wire().clicks().posts().writes("Pending")
    wire.says("ALC", "Webhook", "Calls the app's webhook", call="d", request={"method": "POST"}, at=1_800_003_600.0)
    wire.says("Webhook", "ALC", "200 OK", kind="answer", call="d", at=1_800_003_600.5).writes("Complete")
    for number, message in enumerate(wire.messages[-2:], 1):
        message["at"] = 1_800_003_600.5 + number
    rows = waterfall(wire.messages, wire.run(), 1_800_009_999.0)
    bars = [bar for row in rows for bar in row.bars]
    assert all(one.begins <= other.begins and one.left <= other.left for one, other in pairwise(bars))
    assert max(bar.left + bar.width for bar in bars) == pytest.approx(100, abs=0.1)
    [chat] = [row for row in rows if row.between == "ALC’s agent"]
    assert chat.took > 3_500
    assert chat.bars[0].width < 40


def test_a_run_that_is_pending_waits_until_now() -> None:
    """The row of ALC's agent is open."""
    wire = Wire().clicks().posts().writes("Pending")
    wait = waterfall(wire.messages, wire.run(), NOW)[-1]
    assert (wait.between, wait.bars[0].says, wait.bars[0].ends) == ("ALC’s agent", "No result yet", NOW)


@pytest.fixture
def client(browser_client: FlaskClient, workspace: FakeWorkspace) -> FlaskClient:
    """A client of pages that have a run, t1, that waits for ALC's agent."""
    workspace.events.messages = Wire().clicks().posts().writes("Pending").messages
    return browser_client


def csrf(client: FlaskClient, path: str) -> dict[str, str]:
    page = client.get(path).text
    return {"csrf_token": page.partition('name="csrf_token" value="')[2].partition('"')[0]}


def test_the_wait_of_a_run_can_be_skipped(client: FlaskClient, workspace: FakeWorkspace) -> None:
    """ALC's agent is told to decide on the run's lead, by a plain form."""
    answer = client.post("/runs/t1/skip-wait", data=csrf(client, "/runs/t1"))
    assert (answer.status_code, answer.location) == (303, "/runs/t1")
    assert workspace.labs.decided == ["lead_1"]


def test_a_wait_that_cannot_be_skipped_says_why(client: FlaskClient, workspace: FakeWorkspace) -> None:
    """For example because ALC's control API is closed."""
    workspace.labs.lacks = "closed"
    answer = client.post("/runs/t1/skip-wait", data=csrf(client, "/runs/t1"))
    assert answer.status_code == 409
    assert "ALC did not decide." in answer.text


@pytest.mark.parametrize("trace_id", ["nothing", "..%2f", "%00", "a" * 500])
def test_a_run_that_is_not_there_is_not_found(client: FlaskClient, trace_id: str) -> None:
    """It was deleted after a day, or never was."""
    assert client.get(f"/runs/{trace_id}").status_code == 404


def test_where_exchanges_are_not_kept_there_are_no_runs(client: FlaskClient, workspace: FakeWorkspace) -> None:
    """As in production by default."""
    workspace.notes_exchanges = False
    assert client.get("/runs/t1").status_code == 404
