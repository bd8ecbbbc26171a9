"""Several workers on Postgres decide about one lead at the same moment: nobody works from what was true before."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from sqlalchemy import text

from alc_app.attio.host.context import running
from alc_app.clients.alc_events import LeadProcessed
from alc_app.leads import sends, verdicts
from alc_app.leads.models import Lead, lock_record
from alc_app.runtime.storage.database import Database
from tests.support.fakes.runtime import FakeRuntime
from tests.support.waiting import PATIENCE, eventually

RECORD = "11111111-1111-4111-8111-111111111111"
WAITING = "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"


@pytest.fixture
def database(postgres: str) -> Iterator[Database]:
    """A Postgres that is up to date."""
    database = Database(postgres)
    yield database
    database.close()


def verdict(status: str, minute: int) -> LeadProcessed:
    said = {"record_id": RECORD, "lead_id": "lead_1", "status": status, "occurred_at": f"2026-11-20T12:{minute}:00Z"}
    return LeadProcessed.parse(said)


def all_at_once(database: Database, *works: Callable[[], object]) -> None:
    """Each in a process of its own, as it were: all are let go when the last one waits for the record's rows."""

    def work_as_another(work: Callable[[], object], number: int) -> object:
        with running(FakeRuntime(database=database, run_id=f"run-{number}")):
            return work()

    with (
        ThreadPoolExecutor(len(works)) as pool,
        running(FakeRuntime(database=database)),
        database.transaction() as session,
    ):
        lock_record(session, RECORD)
        done: list[Future[object]] = []
        for number, work in enumerate(works):
            done.append(pool.submit(work_as_another, work, number))
            eventually(lambda: waiting(database) == len(done), what=lambda: waiting(database))
        session.commit()
        for each in done:
            each.result(timeout=PATIENCE)


def waiting(database: Database) -> int:
    """How many wait for a lock."""
    with database.engine.connect() as connection:
        return int(connection.execute(text(WAITING)).scalar_one())


def only_lead(database: Database) -> Lead:
    with database.reading() as session:
        return session.get_one(Lead, session.execute(text("select id from lead")).scalar_one())


@pytest.mark.parametrize("order", [(10, 20), (20, 10)], ids=["in order", "overtaking"])
def test_of_two_verdicts_at_once_the_later_one_stands(database: Database, order: tuple[int, int]) -> None:
    """R16: whoever is first waits for nobody; the other sees what it has done."""
    with running(FakeRuntime(database=database)):
        sends.mark_sent(sends.open_send(RECORD).id, "lead_1")
    said = {10: verdict("Failed", 10), 20: verdict("Complete", 20)}

    all_at_once(database, *(lambda event=said[minute]: verdicts.apply_verdict(event) for minute in order))

    assert only_lead(database).status == "complete"


def test_a_verdict_that_meets_the_sends_own_answer_is_not_lost(database: Database) -> None:
    """R15: ALC's answer is stored while the verdict waits; it is not taken for an early one, and not dropped."""
    with running(FakeRuntime(database=database)):
        lead_id = sends.open_send(RECORD).id

    all_at_once(
        database,
        lambda: sends.mark_sent(lead_id, "lead_1"),
        lambda: verdicts.apply_verdict(verdict("Complete", 10)),
    )

    assert only_lead(database).status == "complete"
