"""The log of exchanges: what it records, and that a failure to write never stops the caller."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from alc_app.attio.host import trace
from alc_app.runtime.exchanges.log import ExchangeLog, current_log, log_calls_as
from alc_app.runtime.migrations.schema import Schema
from alc_app.runtime.storage.database import Database
from alc_app.runtime.storage.tables import Message
from tests.support.waiting import eventually


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{tmp_path / 'exchanges.db'}")
    Schema(database, "exchanges").prepare()
    yield database
    database.close()


@pytest.fixture
def log(database: Database) -> Iterator[ExchangeLog]:
    log = ExchangeLog(database, participants={"alc.test": "ALC"})
    yield log
    log.close()


def noted(log: ExchangeLog, count: int) -> list[dict[str, object]]:
    return eventually(lambda: len(found := log.after(0)) >= count and found, what=lambda: log.after(0)) or []


def test_a_call_is_seen_when_it_begins_and_when_it_ends(log: ExchangeLog) -> None:
    """The call is there before its answer is."""
    with log_calls_as(log, "Webhook"), log.call("alc.test", "GET /api", request={"method": "GET"}) as answer:
        (call,) = noted(log, 1)
        answer |= {"label": "200 OK", "ms": 3}

    _, reply = noted(log, 2)
    assert (call["sender"], call["receiver"], call["kind"], call["label"]) == ("Webhook", "ALC", "call", "GET /api")
    assert (reply["sender"], reply["receiver"], reply["kind"], reply["label"]) == ("ALC", "Webhook", "answer", "200 OK")
    assert call["call"] == reply["call"] != ""
    assert reply["detail"] == {"ms": 3}


def test_a_call_that_fails_is_answered_with_its_error(log: ExchangeLog) -> None:
    """The diagram shows an answer, and the error is raised to the caller."""
    with pytest.raises(KeyError), log.call("ALC", "GET /api", sender="Recurring Job"):
        raise KeyError

    reply = noted(log, 2)[1]
    assert (reply["label"], reply["detail"]) == ("raises KeyError", {"failed": True})


def test_a_trace_is_read_alone_and_from_a_number_on(log: ExchangeLog) -> None:
    """A page shows one run, and asks for what is new."""
    with trace.resumed(None):
        mine = trace.trace_id()
        log.add("User", "Attio UI", "Clicks button")
    with trace.resumed(None):
        log.add("User", "Attio UI", "Clicks to install app")

    first, _ = noted(log, 2)
    assert [row["label"] for row in log.after(0, trace_id=mine)] == ["Clicks button"]
    assert [row["label"] for row in log.after(int(str(first["id"])))] == ["Clicks to install app"]
    assert [row["label"] for row in log.newest(1)] == ["Clicks to install app"]
    assert log.last_number() == 2


def test_outside_of_a_participant_nothing_is_noted(log: ExchangeLog) -> None:
    """A page that reads the CRM to draw itself is no part of the diagrams."""
    assert current_log() is None
    with log_calls_as(log, "Webhook"):
        assert current_log() is log


def test_without_a_database_it_notes_nothing_and_costs_nothing() -> None:
    """`ALC_APP_EXCHANGES=off`, and production."""
    log = ExchangeLog(None)
    with log.call("ALC", "GET /api") as answer:
        answer["label"] = "200"
    log.add("User", "Attio UI", "Clicks button")
    log.close()

    assert (log.after(0), log.newest(5), log.last_number(), log.delete_older(0, 10)) == ([], [], 0, 0)


def test_old_messages_are_forgotten_but_the_newest_stays(log: ExchangeLog, database: Database) -> None:
    """The ids continue from it."""
    with database.transaction() as session:
        session.add_all(
            Message(trace_id="t", at=at, kind="note", sender="a", receiver="b", label=str(at)) for at in (1, 2, 9, 3)
        )

    assert log.delete_older(before=5.0, limit=10) == 2
    assert [row["label"] for row in log.after(0)] == ["9", "3"]


def test_a_log_that_cannot_be_written_holds_nobody_up(tmp_path: Path) -> None:
    """No table, a full disk: the work goes on."""
    log = ExchangeLog(Database(f"sqlite:///{tmp_path / 'empty.db'}"))
    log.add("User", "Attio UI", "Clicks button")
    log.close()


def test_closing_writes_what_waits_and_ends_the_writer(log: ExchangeLog) -> None:
    """The end marker may come among messages: all are written, and `close` does not wait."""
    for number in range(3):
        log.add("User", "Attio UI", f"Clicks button {number}")

    log.close()

    assert log._writer
    assert not log._writer.is_alive()
    assert len(log.after(0)) == 3


def test_a_feed_passes_each_message_on_and_stores_nothing(log: ExchangeLog) -> None:
    """In the form of the log, with its words; the ids count down."""
    passed: list[dict[str, object]] = []
    log.describe = lambda message: {**message, "words": message["label"].lower()}
    feed = log.feed(passed.append)

    with feed.call("ALC", "POST /leads", sender="Server Function") as answer:
        answer["label"] = "201 Created"

    assert feed.takes_delivery()
    assert [(each["id"], each["kind"], each["words"]) for each in passed] == [
        (-1, "call", "post /leads"),
        (-2, "answer", "201 created"),
    ]
    assert passed[0]["call"] == passed[1]["call"]
    assert log.last_number() == feed.last_number() == 0
