"""The engine's client: enqueue, count and delete runs. No worker runs here."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from alc_app.runtime.engine import Engine


@pytest.fixture(params=["sqlite", "postgres"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """An engine with its own tables."""
    sqlite = request.param == "sqlite"
    engine = Engine(f"sqlite:///{tmp_path / 'engine.db'}" if sqlite else request.getfixturevalue("empty_postgres"))
    engine.prepare()
    yield engine
    engine.close()


def test_what_waits_is_counted_by_queue(engine: Engine) -> None:
    """Operations: ended runs are not counted; a thousand cost no more than one."""
    for number in range(3):
        engine.enqueue("webhook", "h", queue="webhooks", run_id=f"webhook-{number}")
    engine.enqueue("job", "name", queue="job", run_id="job")
    engine._client.cancel_workflow("webhook-0")

    assert engine.count_unfinished() == {("webhooks", "waiting"): 2, ("job", "waiting"): 1}


def test_runs_that_have_ended_are_forgotten(engine: Engine) -> None:
    """With their steps, and no others."""
    for run_id in ("ended-1", "ended-2", "ended-3", "waiting"):
        engine.enqueue("server_function", "name", queue="functions", run_id=run_id)
    engine._client.cancel_workflows(["ended-1", "ended-2", "ended-3"])
    now = datetime.now(UTC).timestamp()

    assert engine.delete_ended(now - 3600, limit=10) == 0
    assert engine.delete_ended(now + 3600, limit=2) == 2
    assert engine.delete_ended(now + 3600, limit=10) == 1
    assert [run.workflow_id for run in engine._client.list_workflows()] == ["waiting"]


def test_a_failed_run_is_kept_until_it_is_deleted(engine: Engine) -> None:
    """It is a dead letter, except where a row asks for another run."""
    states = {"clicked": "ERROR", "webhook": "ERROR", "job": "MAX_RECOVERY_ATTEMPTS_EXCEEDED", "connect": "SUCCESS"}
    for name in states:
        engine.enqueue(name, queue="functions", run_id=name)
    table = "workflow_status" if engine.url.startswith("sqlite") else "dbos.workflow_status"
    with engine._database.begin() as connection:
        for name, status in states.items():
            change = f"update {table} set status = '{status}', completed_at = 1 where workflow_uuid = '{name}'"  # noqa: S608 - ours
            connection.exec_driver_sql(change)

    assert engine.delete_ended(datetime.now(UTC).timestamp(), limit=10) == 2
    assert sorted(run.workflow_id for run in engine._client.list_workflows()) == ["clicked", "job"]


def test_a_run_that_waits_is_not_over_and_one_that_nobody_knows_is(engine: Engine) -> None:
    """Installation 4: the page follows a run until it has ended; a deleted run must not be waited for."""
    engine.enqueue("connect", "flow", queue="lifecycle", run_id="connect:flow")

    assert not engine.has_ended("connect:flow")
    assert engine.steps("connect:flow") == []
    engine._client.cancel_workflow("connect:flow")
    assert engine.has_ended("connect:flow")
    assert engine.has_ended("connect:never")
    assert engine.steps("connect:never") == []
