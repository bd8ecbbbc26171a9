"""The inbox: durable before the answer, duplicates, conflicts, batches, and a disk that fails."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import Connection, event

from alc_app.runtime.bell import Bell, Pipes
from alc_app.runtime.storage.database import Database
from alc_app.runtime.storage.tables import Delivery
from alc_app.runtime.stores import inbox as inbox_module
from alc_app.runtime.stores.inbox import Inbox, NotStored
from tests.support.tables import make_tables

A, B = "handler_a", "handler_b"
ME, OTHER = "worker-0", "worker-1"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The database of the inbox."""
    return tmp_path / "inbox.db"


@pytest.fixture
def inbox(path: Path) -> Iterator[Inbox]:
    """An inbox on a file, that gives up on a lock quickly."""
    database = Database(f"sqlite:///{path}")
    event.listen(database.engine, "connect", lambda connection, _: connection.execute("PRAGMA busy_timeout=50"))
    make_tables(database, [Delivery])
    made = Inbox(database, Bell(Pipes(path.parent / "bells")), now=lambda: 1000.0)
    yield made
    made.close()


@pytest.fixture(params=["sqlite", "postgres"])
def each_inbox(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Inbox]:
    """An inbox on each of both."""
    if request.param == "sqlite":
        yield request.getfixturevalue("inbox")
        return
    made = Inbox(Database(request.getfixturevalue("postgres")), Bell(Pipes(tmp_path / "bells")))
    yield made
    made.close()


def test_what_is_stored_is_on_the_disk_when_put_returns(inbox: Inbox, path: Path) -> None:
    """R17: seen by another connection, with raw bytes and the time of its arrival."""
    assert inbox.put(A, "msg_1", b"\x00\xffraw", "new") == "stored"

    with sqlite3.connect(path) as other:
        rows = other.execute("select handler_id, webhook_id, body, received_at, state from delivery").fetchall()
    other.close()
    assert rows == [(A, "msg_1", b"\x00\xffraw", 1000.0, "new")]


def test_the_same_delivery_again_is_a_duplicate(inbox: Inbox) -> None:
    """R14: also when it has been done long ago."""
    inbox.put(A, "msg_1", b"{}", "new")
    inbox.mark_ended(A, "msg_1", "done")

    assert inbox.put(A, "msg_1", b"{}", "new") == "duplicate"
    assert inbox.get(A, "msg_1").state == "done"


def test_the_same_id_with_other_bytes_is_a_conflict(inbox: Inbox) -> None:
    """R14: the first one stands."""
    inbox.put(A, "msg_1", b"{}", "new")

    assert inbox.put(A, "msg_1", b"[]", "new") == "conflict"
    assert inbox.get(A, "msg_1").body == b"{}"


def test_ids_are_those_of_a_handler(inbox: Inbox) -> None:
    """R14, C16: two senders may use the same ids."""
    assert [inbox.put(A, "msg_1", b"{}", "new"), inbox.put(B, "msg_1", b"[]", "new")] == ["stored", "stored"]


def test_twenty_at_once_are_stored_once(inbox: Inbox) -> None:
    """R14: within one batch and across batches."""
    start = Barrier(20)

    def deliver(number: int) -> str:
        start.wait()
        return inbox.put(A, "msg_1", b"[]" if number == 0 else b"{}", "new")

    with ThreadPoolExecutor(20) as pool:
        verdicts = list(pool.map(deliver, range(20)))

    assert verdicts.count("stored") == 1
    assert sorted({verdict for verdict in verdicts if verdict != "stored"}) in (
        ["conflict", "duplicate"],  # one of the nineteen came first
        ["conflict"],  # the odd one came first
    )


def test_many_at_once_share_a_commit(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """One fsync for many; all are stored."""
    commits: list[int] = []
    commit = inbox._commit

    def counted(batch: list[Any]) -> None:
        commits.append(len(batch))
        commit(batch)

    monkeypatch.setattr(inbox, "_commit", counted)
    start = Barrier(32)

    def deliver(number: int) -> str:
        start.wait()
        return inbox.put(A, f"msg_{number}", b"{}", "new")

    with ThreadPoolExecutor(32) as pool:
        assert set(pool.map(deliver, range(32))) == {"stored"}
    assert sum(commits) == 32
    assert len(commits) < 32


def test_one_bad_row_does_not_fail_its_neighbours(inbox: Inbox, path: Path) -> None:
    """R17: one bad row does not fail the others."""
    with sqlite3.connect(path) as other:
        other.execute(
            "create trigger bad before insert on delivery when new.webhook_id = 'bad' "
            "begin select raise(abort, 'no'); end"
        )
    other.close()
    ids = ["msg_1", "bad", "msg_2", "msg_3"] * 4
    start = Barrier(len(ids))

    def deliver(webhook_id: str) -> str:
        start.wait()
        try:
            return inbox.put(A, webhook_id, b"{}", "new")
        except NotStored:
            return "not stored"

    with ThreadPoolExecutor(len(ids)) as pool:
        verdicts = dict(zip(ids, pool.map(deliver, ids), strict=True))

    assert verdicts.pop("bad") == "not stored"
    assert set(verdicts.values()) <= {"stored", "duplicate"}
    assert len(inbox.due(64, ME)) == 3


def test_a_database_that_is_locked_is_not_stored_and_recovers(inbox: Inbox, path: Path) -> None:
    """C14, R17: no 2xx without durability; no restart is needed afterwards."""
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("begin immediate")
    with pytest.raises(NotStored):
        inbox.put(A, "msg_1", b"{}", "new")
    other.execute("rollback")
    other.close()

    assert inbox.put(A, "msg_1", b"{}", "new") == "stored"


def test_a_full_disk_is_not_stored_and_recovers(inbox: Inbox) -> None:
    """C14: the same for a disk without room."""
    room = {"pages": 1}

    def limit(connection: Connection) -> None:
        connection.exec_driver_sql(f"PRAGMA max_page_count={room['pages']}")

    event.listen(inbox._database.engine, "begin", limit)
    with pytest.raises(NotStored):
        inbox.put(A, "msg_1", b"x" * 60_000, "new")
    room["pages"] = 10**6

    assert inbox.put(A, "msg_1", b"x" * 60_000, "new") == "stored"


def test_a_writer_that_is_too_slow_is_not_stored(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """R17: the sender is answered in time, with 503."""
    monkeypatch.setattr(inbox_module, "STORE_TIMEOUT", 0.05)
    monkeypatch.setattr(inbox, "_commit", lambda batch: None)

    with pytest.raises(NotStored):
        inbox.put(A, "msg_1", b"{}", "new")


def test_each_new_delivery_is_claimed_once(each_inbox: Inbox) -> None:
    """R17: the oldest first, by however many workers at once."""
    inbox = each_inbox
    for number in range(12):
        inbox.put(A, f"msg_{number}", b"{}", "new")
    [oldest] = inbox.claim_new(1, ME)

    def claim_all() -> list[str]:
        return [row.webhook_id for row in inbox.claim_new(2, ME) + inbox.claim_new(2, ME)]

    with ThreadPoolExecutor(4) as pool:
        claimed = [name for names in pool.map(lambda _: claim_all(), range(4)) for name in names]

    assert (oldest.webhook_id, oldest.tries, oldest.body) == ("msg_0", 1, b"{}")
    assert inbox.get(A, "msg_0").state == "queued"
    assert sorted(claimed) == sorted(f"msg_{number}" for number in range(1, 12))
    assert not inbox.due(64, ME)


def test_what_has_ended_stays_ended(inbox: Inbox) -> None:
    """R14: the relay may mark a delivery after it has ended."""
    inbox.put(A, "msg_1", b"{}", "new")
    inbox.mark_ended(A, "msg_1", "done")
    inbox.mark_ended(A, "msg_1", "queued")

    assert inbox.get(A, "msg_1").state == "done"
    assert not inbox.due(64, ME)


def test_new_deliveries_are_handed_out_and_ignored_ones_are_not(inbox: Inbox) -> None:
    """R11: an ignored one is counted, and nothing more."""
    inbox.put(A, "msg_1", b"{}", "ignored")
    inbox.put(A, "msg_2", b"{}", "new")

    assert [row.webhook_id for row in inbox.due(64, ME)] == ["msg_2"]
    assert inbox.statistics(A) == (2, 1000.0, 0)
    inbox.mark_ended(A, "msg_2", "failed", "answered 422")
    assert inbox.statistics(A) == (2, 1000.0, 1)
    assert inbox.statistics(B) == (0, None, 0)


def test_no_question_reads_all_deliveries(inbox: Inbox) -> None:
    """A million deliveries cost what ten do: each query finds its rows by an index."""
    asked: list[tuple[str, object]] = []

    def note(_: object, __: object, statement: str, parameters: object, *___: object) -> None:
        asked.append((statement, parameters))

    event.listen(inbox._database.engine, "before_cursor_execute", note)
    inbox.put(A, "msg_1", b"{}", "new")
    inbox.put(A, "msg_1", b"{}", "new")
    for ask in (inbox.failed, inbox.oldest_waiting, inbox.count_by_state):
        ask()
    inbox.newest(10)
    inbox.count_overdue(60)
    inbox.claim_new(1, ME)
    inbox.claim(inbox.due(10, ME), ME)
    inbox.release([ME])
    inbox.mark_ended(A, "msg_1", "done")
    inbox.erase_bodies(2000, 10)
    inbox.delete_older(2000, 10)

    with inbox._database.engine.connect() as connection:
        plans = {
            statement: [row[3] for row in connection.exec_driver_sql(f"explain query plan {statement}", parameters)]
            for statement, parameters in list(asked)  # explaining is a statement, too
            if "delivery" in statement
        }
    assert len(plans) >= 10
    whole = [step for steps in plans.values() for step in steps if step.startswith("SCAN delivery")]
    assert all("INDEX" in step for step in whole), "a small partial index may be read as a whole"
    oldest = [
        steps[-1]
        for statement, steps in plans.items()
        if "ORDER BY delivery.received_at" in statement and "LIMIT" in statement and "DESC" not in statement
    ]
    in_order = "SCAN delivery USING INDEX open_deliveries"  # so that it ends at the limit
    assert oldest == [in_order] * 2, "of those that are due, and of the new ones"
