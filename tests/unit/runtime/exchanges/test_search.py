"""The search of the log: by the words of a call, by what its trace has said, by people, and by failure."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from alc_app.runtime.exchanges.log import ExchangeLog
from alc_app.runtime.exchanges.search import find_calls
from alc_app.runtime.migrations.schema import Schema
from alc_app.runtime.storage.database import Database
from alc_app.runtime.storage.tables import Message

BODY = json.dumps({"recordId": "r-1", "name": "María José"})
CLICK, LEADS, WEBHOOKS = "Clicks button", "POST /api/v1/leads", "GET /v2/webhooks"
PATCH = "PATCH /v2/objects/people/records/r-2"


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """An empty log on either database."""
    if request.param == "postgres":
        database = Database(request.getfixturevalue("postgres"))
    else:
        database = Database(f"sqlite:///{tmp_path / 'exchanges.db'}")
        Schema(database, "exchanges").prepare()
    yield database
    database.close()


@pytest.fixture
def log(database: Database) -> Iterator[ExchangeLog]:
    """A log with two traces, one that sends María and one that fails at Attio, and a call without a trace."""
    rows = [
        ("t1", "call", "", "User", "Attio UI", CLICK, {}),
        ("t1", "call", "c1", "Server Function", "ALC", LEADS, {"request": {"body": BODY}}),
        ("t1", "answer", "c1", "ALC", "Server Function", "201 Created", {"ms": 3}),
        ("t2", "call", "c2", "Webhook", "Attio API", PATCH, {"x": "100%_sure"}),
        ("t2", "answer", "c2", "Attio API", "Webhook", "403 Forbidden", {"failed": True}),
        ("", "call", "c3", "Recurring Job", "Attio API", WEBHOOKS, {"x": "r-1"}),
    ]
    keys = ("trace_id", "kind", "call", "sender", "receiver", "label")
    with database.transaction() as session:
        for at, (*row, detail) in enumerate(rows):
            session.add(Message(at=at, detail=json.dumps(detail), **dict(zip(keys, row, strict=True))))
    log = ExchangeLog(database)
    yield log
    log.close()


def labels(log: ExchangeLog, search: str = "", *ids: str, failed: bool = False) -> list[str]:
    """The calls that are found, in order."""
    return [call["label"] for call in find_calls(log, search, ids, failed=failed, limit=10)[0]]


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("", [WEBHOOKS, PATCH, LEADS, CLICK]),
        ("attio api", [WEBHOOKS, PATCH]),
        ("webhook patch", [PATCH]),
        ("t1", [LEADS, CLICK]),
        ("maría", [LEADS, CLICK]),
        ("José maría", [LEADS, CLICK]),
        ("r-1", [LEADS, CLICK]),
        ("%", [PATCH]),
        ("maría webhook", []),
        ("nothing", []),
    ],
)
def test_every_word_is_looked_for_in_the_call_and_in_its_trace(log: ExchangeLog, search: str, found: list[str]) -> None:
    """What one message of a run has said finds the whole run, the newest call first."""
    assert labels(log, search) == found


def test_people_are_found_by_their_records(log: ExchangeLog) -> None:
    """Beside those whose trace says the words."""
    assert labels(log, "zoe", "100%_sure") == [PATCH]
    assert labels(log, "maría", "100%_sure") == [PATCH, LEADS, CLICK]


def test_failures_can_be_asked_for_alone(log: ExchangeLog) -> None:
    """A call has failed if its answer says so."""
    assert labels(log, failed=True) == [PATCH]
    assert labels(log, "maría", failed=True) == []


def test_the_newest_come_with_the_messages_of_their_traces(log: ExchangeLog) -> None:
    """With the answers, and with those of a call that has no trace."""
    calls, around = find_calls(log, "", (), failed=False, limit=2)
    assert [call["label"] for call in calls] == [WEBHOOKS, PATCH]
    assert [message["label"] for message in around] == [WEBHOOKS, "403 Forbidden", PATCH]


def test_a_log_that_is_off_has_no_calls() -> None:
    """As in production by default."""
    assert find_calls(ExchangeLog(None), "ada", ("r-1",), failed=False, limit=5) == ([], [])
