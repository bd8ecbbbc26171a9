"""One live process for each worker id, with file locks and on Postgres."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from alc_app.config.settings import Config
from alc_app.runtime.services import Services
from alc_app.runtime.stores import worker_ids
from alc_app.runtime.stores.worker_ids import WorkerIdTaken

Process = Callable[[], Services]


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """No other worker holds a lock only to check it here."""
    monkeypatch.setattr(worker_ids, "WAIT_FOR_ID", 0.0)


@pytest.fixture(params=["sqlite", "postgres"])
def process(request: pytest.FixtureRequest, make_services: Process) -> Iterator[Process]:
    """Another process of one installation."""
    if request.param == "sqlite":
        yield make_services
        return
    config: Config = request.getfixturevalue("config")
    url = request.getfixturevalue("postgres")
    made: list[Services] = []

    def make() -> Services:
        made.append(Services(config.model_copy(update={"database_url": url}), make_services().manifest))
        return made[-1]

    yield make
    for services in made:
        services.worker_ids.release()
        services.close()


def test_an_id_is_held_by_one(process: Process) -> None:
    """Without the lock DBOS would run the steps of the live worker again."""
    first, twin = process().worker_ids, process().worker_ids
    first.acquire("worker-0")

    with pytest.raises(WorkerIdTaken, match="--executor-id"):
        twin.acquire("worker-0")
    first.release()
    assert twin.acquire("worker-0") == "worker-0"
    twin.release()


def test_a_worker_without_a_name_takes_the_first_that_is_free(process: Process) -> None:
    """Scale-out: N workers are started by the same command N times."""
    first, second = process().worker_ids, process().worker_ids

    assert [first.acquire(), second.acquire()] == ["worker-0", "worker-1"]
    assert first.living() == ["worker-0", "worker-1"]
    first.release()
    second.release()
    assert first.living() == []


def test_ids_that_nobody_holds_are_dead_and_stay_so_while_their_work_is_taken_over(process: Process) -> None:
    """Our own id and live ones are not dead; a worker that starts again meanwhile has to wait."""
    ours, living, dead = (process().worker_ids for _ in range(3))
    for number, each in enumerate((ours, living, dead)):
        each.acquire(f"worker-{number}")
    dead.release()

    with ours.dead() as found:
        assert found == ["worker-2"]
        with pytest.raises(WorkerIdTaken):
            dead.acquire("worker-2")
    assert dead.acquire("worker-2") == "worker-2"
    for each in (ours, living, dead):
        each.release()


def test_releasing_twice_is_fine(process: Process) -> None:
    """C15: a stop after a failed start."""
    worker_ids = process().worker_ids
    worker_ids.acquire()
    assert worker_ids.is_mine()
    worker_ids.release()
    worker_ids.release()
    assert not worker_ids.is_mine()
