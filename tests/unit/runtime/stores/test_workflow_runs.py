"""The store of workflow runs, on SQLite and on Postgres."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import delete
from sqlmodel import col, select

from alc_app.attio.host.workflow_definitions import Step, Workflow
from alc_app.runtime.storage.database import Database
from alc_app.runtime.stores.workflow_runs import MAX_TRIES, TURN_TIMEOUT, AlreadyRunning, WorkflowRuns
from alc_app.runtime.stores.workflow_tables import WorkflowCallback, WorkflowRun, WorkflowStep
from tests.unit.runtime.conftest import Clock

DAY = 86_400.0
DONE = {"type": "outcome", "id": "done", "data": {"found": 1}}
WAIT = {"type": "defer", "give_up_after": DAY, "then": {"type": "outcome", "id": "late", "data": None}}
FLOW = Workflow(
    id="flow",
    title="Flow",
    description="",
    first="one",
    steps={
        "one": Step(block="a", config={"who": "{{trigger.record_id}}"}, then={"done": "two"}),
        "two": Step(block="a", config={"text": "found {{one.found}}"}),
    },
)


@pytest.fixture
def runs(database: Database, clock: Clock) -> WorkflowRuns:
    """The store, with one started run."""
    store = WorkflowRuns(database, "https://app.test/workflows", clock)
    store.start("run", FLOW, "one", {"record_id": "r1"})
    return store


def turn(runs: WorkflowRuns) -> dict[str, Any]:
    """Take the next turn."""
    taken = runs.take_turn("run")
    assert taken is not None
    return taken


def row(database: Database) -> WorkflowRun:
    """The run."""
    with database.reading() as session:
        return session.get_one(WorkflowRun, "run")


def test_variables_are_filled_in_as_a_step_begins(runs: WorkflowRuns) -> None:
    """From the trigger, and from the data of earlier steps."""
    first = turn(runs)
    assert first["config"] == {"who": "r1"}
    runs.save_result("run", first, DONE)
    assert turn(runs)["config"] == {"text": "found 1"}


def test_a_run_that_is_started_twice_at_once_is_one(database: Database, runs: WorkflowRuns) -> None:
    """Its id is its key."""
    with ThreadPoolExecutor(4) as pool:
        started = [pool.submit(runs.start, "other", FLOW, "one", {"record_id": "r1"}) for _ in range(4)]
    assert [done.result() for done in started] == ["other"] * 4
    with database.reading() as session:
        assert len(session.exec(select(WorkflowRun).where(WorkflowRun.id == "other")).all()) == 1


def test_a_double_click_on_run_is_one_run(database: Database, runs: WorkflowRuns) -> None:
    """C1: of 8 clicks at once the first starts the run and the others join it; after its end the next starts one."""

    def click(number: int) -> str:
        return runs.start(f"click-{number}", FLOW, "one", {"record_id": "r1"}, by_user=True)

    for _ in range(5):
        with ThreadPoolExecutor(8) as pool:
            [joined] = set(pool.map(click, range(8)))
        with database.transaction() as session:
            clicked = session.exec(select(WorkflowRun).where(col(WorkflowRun.by_user))).all()
            assert [run.id for run in clicked] == [joined]
            session.exec(delete(WorkflowRun).where(col(WorkflowRun.by_user)))
            session.exec(delete(WorkflowStep).where(col(WorkflowStep.run_id) == joined))

    assert runs.start("other", FLOW, "one", {"record_id": "r2"}, by_user=True) == "other", "another person"
    assert runs.start("event", FLOW, "one", {"record_id": "r2"}) == "event", "a trigger starts one for each event"


def test_a_failed_run_waits_for_the_one_that_was_started_since(database: Database, runs: WorkflowRuns) -> None:
    """A replay makes no second running one."""
    failed = {"type": "error", "error_message": "x", "retryable": False}
    runs.start("first", FLOW, "one", {"record_id": "r2"}, by_user=True)
    runs.save_result("first", runs.take_turn("first") or {}, failed)
    assert runs.start("second", FLOW, "one", {"record_id": "r2"}, by_user=True) == "second"

    with pytest.raises(AlreadyRunning):
        runs.retry("first")

    runs.save_result("second", runs.take_turn("second") or {}, {"type": "exit"})
    runs.retry("first")
    assert not runs.failed()


def test_who_comes_back_after_another_has_taken_the_turn_changes_nothing(
    database: Database, runs: WorkflowRuns, clock: Clock
) -> None:
    """C4: a worker that was gone for longer than TURN_TIMEOUT."""
    lost = turn(runs)
    clock.time += TURN_TIMEOUT + 1
    assert runs.due() == ["run"]
    runs.save_result("run", turn(runs), DONE)

    runs.save_result("run", lost, {"type": "error", "error_message": "late", "retryable": False})

    assert (row(database).state, row(database).number) == ("running", 2)


def test_a_run_that_waits_is_due_when_it_is_called_back_or_when_its_time_is_over(
    database: Database, runs: WorkflowRuns, clock: Clock
) -> None:
    """It is not due in between."""
    runs.save_result("run", turn(runs), WAIT)
    assert runs.take_turn("run") is None
    assert not runs.due()
    assert row(database).due_at == clock.time + DAY

    runs.add_callback("run", 1, "told", {"a": 1})

    assert runs.due() == ["run"]
    assert turn(runs)["callback"] == {"id": "told", "body": '{"a": 1}'}


def test_a_callback_that_comes_before_the_step_has_deferred_is_kept_for_it(runs: WorkflowRuns) -> None:
    """R15: ALC is faster than our own commit."""
    first = turn(runs)
    runs.add_callback("run", 1, "early", {})
    runs.save_result("run", first, WAIT)

    assert turn(runs)["callback"]["id"] == "early"


def test_a_no_op_keeps_the_step_waiting_for_the_next_callback(
    database: Database, runs: WorkflowRuns, clock: Clock
) -> None:
    """Several callbacks are fine; the timeout is not extended."""
    runs.save_result("run", turn(runs), WAIT)
    until = clock.time + DAY
    runs.add_callback("run", 1, "first", {})
    runs.save_result("run", turn(runs), {"type": "no-op"})

    assert runs.take_turn("run") is None
    assert row(database).due_at == until
    runs.add_callback("run", 1, "first", {})
    assert runs.take_turn("run") is None, "the same callback again is none"
    runs.add_callback("run", 1, "second", {})
    assert turn(runs)["callback"]["id"] == "second"


def test_a_callback_to_a_step_that_has_ended_is_noted_and_ignored(database: Database, runs: WorkflowRuns) -> None:
    """So is one for an unknown run."""
    runs.save_result("run", turn(runs), DONE)
    runs.add_callback("run", 1, "late", {})
    runs.add_callback("nobody", 1, "late", {})

    with database.reading() as session:
        assert [(one.id, one.state) for one in session.exec(select(WorkflowCallback))] == [("late", "ignored")]
    assert turn(runs)["callback"] is None


def test_errors_that_may_pass_are_tried_again_and_at_last_fail(
    database: Database, runs: WorkflowRuns, clock: Clock
) -> None:
    """Later each time."""
    away = {"type": "error", "error_message": "ALC cannot be reached.", "retryable": True}
    waits = []
    for _ in range(MAX_TRIES):
        runs.save_result("run", turn(runs), away)
        due_at = row(database).due_at
        if row(database).state == "running":
            assert runs.take_turn("run") is None
            waits.append((row(database).due_at or 0) - clock.time)
            clock.time = row(database).due_at or due_at or 0
    assert waits == [5, 10, 20, 40, 80, 160, 320]
    assert (row(database).state, row(database).why) == ("failed", "ALC cannot be reached.")
    assert [run.id for run in runs.failed()] == ["run"]


def test_exit_ends_the_run_well(database: Database, runs: WorkflowRuns) -> None:
    """Without a branch."""
    runs.save_result("run", turn(runs), {"type": "exit"})

    assert (row(database).state, row(database).number, row(database).due_at) == ("done", 1, None)


def test_runs_are_forgotten_with_what_belongs_to_them(database: Database, runs: WorkflowRuns, clock: Clock) -> None:
    """Those that have ended, and no others."""
    runs.start("other", FLOW, "two", {"one": {}})
    runs.save_result("run", turn(runs), {"type": "exit"})
    runs.add_callback("run", 1, "late", {})

    assert runs.delete_ended(clock.time + 1, 10) >= 1
    with database.reading() as session:
        assert not session.exec(select(WorkflowCallback)).all()
        assert session.get(WorkflowRun, "run") is None


def test_a_failed_run_is_kept_until_it_is_dismissed(runs: WorkflowRuns, clock: Clock) -> None:
    """Then it leaves the list."""
    runs.save_result("run", turn(runs), {"type": "error", "error_message": "x", "retryable": False})
    assert runs.delete_ended(clock.time + 1, 10) == 0
    runs.dismiss("run")
    runs.retry("run")

    assert not runs.failed()
    assert not runs.due()
    assert runs.delete_ended(clock.time + 1, 10) == 1
