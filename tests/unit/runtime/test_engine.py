"""The engine's client: enqueue, count and delete runs. No worker runs here."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest

from alc_app.attio.host.errors import ServerFunctionError
from alc_app.runtime.bell import Bell, Pipes
from alc_app.runtime.engine import Engine, create_tables
from alc_app.runtime.storage import database


@pytest.fixture(scope="module")
def sqlite_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with the engine's tables: copying it is quicker than DBOS's migrations."""
    file = tmp_path_factory.mktemp("engine") / "engine.db"
    create_tables(f"sqlite:///{file}")
    return file


@pytest.fixture(params=["sqlite", "postgres"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """An engine whose tables hold no run."""
    if request.param == "sqlite":
        url = f"sqlite:///{shutil.copy(request.getfixturevalue('sqlite_file'), tmp_path)}"
    else:
        url = request.getfixturevalue("postgres")
    engine = Engine(url, Bell(Pipes(tmp_path / "bells")))
    yield engine
    engine.close()


def set_status(engine: Engine, run_id: str, status: str) -> None:
    """End a run as a worker would."""
    schema = "" if engine.url.startswith("sqlite") else "dbos."
    with engine._database.begin() as connection:
        change = f"update {schema}workflow_status set status = '{status}', completed_at = 1 where workflow_uuid = "  # noqa: S608 - ours
        connection.exec_driver_sql(f"{change}'{run_id}'")


def add_step(engine: Engine, run_id: str) -> None:
    """Record the outcome of the run's first step."""
    schema = "" if engine.url.startswith("sqlite") else "dbos."
    columns = "workflow_uuid, function_id, function_name, output, retention_timestamp"
    with engine._database.begin() as connection:
        connection.exec_driver_sql(
            f"insert into {schema}operation_outputs ({columns}) values ('{run_id}', 1, 'first', 'null', 0)"  # noqa: S608 - ours
        )


def click(engine: Engine, phone_number: str) -> str:
    """Ask for the run that all clicks on a person share."""
    return engine.enqueue("server_function", "send", [phone_number], queue="functions", run_id="send:lead")


def arguments(engine: Engine) -> list[object]:
    """The arguments of every run there is."""
    return [list(run.input["args"]) for run in engine._client.list_workflows() if run.input]


@pytest.mark.parametrize("status", ["ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"])
def test_a_click_after_a_run_that_failed_begins_anew(engine: Engine, status: str) -> None:
    """C1: with what the person sees now, and with no step of the failed run."""
    click(engine, "old number")
    add_step(engine, "send:lead")
    set_status(engine, "send:lead", status)

    assert click(engine, "new number") == "send:lead"

    assert not engine.has_ended("send:lead")
    assert engine.steps("send:lead") == []
    assert arguments(engine) == [["send", ["new number"]]]


@pytest.mark.parametrize("status", ["ENQUEUED", "PENDING", "SUCCESS"])
def test_a_click_joins_a_run_that_is_under_way_or_has_succeeded(engine: Engine, status: str) -> None:
    """C1: its steps are kept, and nothing is done twice."""
    click(engine, "old number")
    add_step(engine, "send:lead")
    set_status(engine, "send:lead", status)

    click(engine, "new number")

    assert [run.status for run in engine.runs_in_state(status)] == [status]
    assert len(engine.steps("send:lead")) == 1
    assert arguments(engine) == [["send", ["old number"]]]


def test_dbos_uses_the_connections_of_the_engine_on_postgres(postgres: str, tmp_path: Path) -> None:
    """C13: they have our timeouts, and are asked only after a pause whether they are still there."""
    with closing(Engine(postgres, Bell(Pipes(tmp_path / "bells")))) as engine:
        click(engine, "+442079460018")
        assert engine._client._sys_db.engine.pool is engine._database.pool


def test_two_clicks_at_once_after_a_failure_join_one_new_run(engine: Engine) -> None:
    """C1: the id is the key, so the second click cannot delete the run that the first has begun."""
    click(engine, "old number")
    for _ in range(10):
        set_status(engine, "send:lead", "ERROR")
        with ThreadPoolExecutor(8) as clicks:
            ids = list(clicks.map(lambda number: click(engine, f"number {number}"), range(8)))

        assert set(ids) == {"send:lead"}
        [chosen] = arguments(engine)
        click(engine, "later")
        assert arguments(engine) == [chosen]


@pytest.mark.parametrize("queue", ["lifecycle", "functions"])
def test_runs_of_a_dead_worker_go_back_into_their_own_queue(engine: Engine, queue: str) -> None:
    """C11: a connect and a disconnect never overlap, also when a dead worker had begun one of them."""
    engine.enqueue("connect", "flow", queue=queue, run_id="run")
    schema = "" if engine.url.startswith("sqlite") else "dbos."
    with engine._database.begin() as connection:
        connection.exec_driver_sql(f"update {schema}workflow_status set status = 'PENDING', executor_id = 'dead'")  # noqa: S608 - ours

    engine.requeue_runs_of(["dead"])

    assert engine.count_unfinished() == {(queue, "waiting"): 1}


def test_a_run_that_a_living_worker_has_taken_up_meanwhile_is_left_alone(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """I6: two workers take over from a third at once; put back again, the run would be lost while it is running."""
    click(engine, "number")
    schema = "" if engine.url.startswith("sqlite") else "dbos."
    take = f"update {schema}workflow_status set status = 'PENDING', executor_id = "  # noqa: S608 - ours
    with engine._database.begin() as connection:
        connection.exec_driver_sql(f"{take} 'dead'")
    listed = engine._client.list_workflows(status="PENDING", executor_id="dead")
    with engine._database.begin() as connection:
        connection.exec_driver_sql(f"{take} 'living'")
    monkeypatch.setattr(engine._client, "list_workflows", lambda **_: listed)

    engine.requeue_runs_of(["dead"])

    assert engine.count_unfinished() == {("functions", "running"): 1}


def test_a_failed_run_is_replayed_in_its_own_queue(engine: Engine) -> None:
    """C11: a replay waits for its turn too."""
    engine.enqueue("disconnect", "id", queue="lifecycle", run_id="run")
    set_status(engine, "run", "ERROR")

    engine.resume("run")

    assert engine.count_unfinished() == {("lifecycle", "waiting"): 1}


@pytest.mark.parametrize("status, kept", [("ERROR", 0), ("MAX_RECOVERY_ATTEMPTS_EXCEEDED", 1)])
def test_a_run_that_is_put_back_twice_at_once_runs_once(engine: Engine, status: str, kept: int) -> None:
    """Two people press Replay: the second must not put a run back that is running again."""
    click(engine, "number")
    add_step(engine, "send:lead")
    set_status(engine, "send:lead", status)
    looked = engine._client.retrieve_workflow("send:lead").get_status()
    engine.resume("send:lead")
    assert len(engine.steps("send:lead")) == kept
    set_status(engine, "send:lead", "PENDING")

    class Late:
        """What the second one has seen before the first one pressed."""

        def get_status(self) -> object:
            return looked

    with pytest.MonkeyPatch.context() as second:
        second.setattr(engine._client, "retrieve_workflow", lambda _: Late())
        engine.resume("send:lead")

    assert [run.status for run in engine.runs_in_state("PENDING")] == ["PENDING"]


def test_dbos_has_the_function_that_an_older_sqlite_lacks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Debian 12 with Python 3.12: without it `created_at` would be NULL, and no worker could start."""
    monkeypatch.setattr("sqlite3.sqlite_version_info", (3, 40, 1))
    monkeypatch.setattr(database, "time", SimpleNamespace(time=lambda: 1.5, monotonic=time.monotonic))
    engine = Engine(f"sqlite:///{tmp_path / 'engine.db'}", Bell(Pipes(tmp_path / "bells")))

    with engine._client._sys_db.engine.connect() as connection:
        assert connection.exec_driver_sql("select unixepoch('subsec') * 1000").scalar_one() == 1500
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
    for name, status in states.items():
        set_status(engine, name, status)

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


def test_a_queue_in_which_a_run_waits_is_found_without_a_ring(engine: Engine) -> None:
    """I6: whoever asked for it may have died before the ring."""
    assert not engine.waiting_queues()
    run_id = click(engine, "number")

    assert engine.waiting_queues() == ["functions"]
    set_status(engine, run_id, "PENDING")
    assert not engine.waiting_queues()


def test_nobody_waits_for_a_run_that_there_is_not(engine: Engine) -> None:
    """An address may name any."""
    with pytest.raises(ServerFunctionError, match="no such run"):
        engine.wait_for_outcome("connect:1", within=20)
