"""One living process for each executor id, on files and on Postgres alike."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from alc_app.config.settings import Config
from alc_app.runtime.services import House
from alc_app.runtime.stores import worker_ids
from alc_app.runtime.stores.worker_ids import ExecutorTaken

Process = Callable[[], House]


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody else is looking for a moment here."""
    monkeypatch.setattr(worker_ids, "PATIENCE", 0.0)


@pytest.fixture(params=["sqlite", "postgres"])
def process(request: pytest.FixtureRequest, make_house: Process) -> Iterator[Process]:
    """Another process of one installation."""
    if request.param == "sqlite":
        yield make_house
        return
    config: Config = request.getfixturevalue("config")
    url = request.getfixturevalue("postgres")
    made: list[House] = []

    def make() -> House:
        made.append(House(config.model_copy(update={"database_url": url}), make_house().manifest))
        return made[-1]

    yield make
    for house in made:
        house.executors.release()
        house.close()


def test_an_id_is_held_by_one(process: Process) -> None:
    """Section 6: without the lock a twin would do the living one's steps again."""
    first, twin = process().executors, process().executors
    first.acquire("worker-0")

    with pytest.raises(ExecutorTaken, match="--executor-id"):
        twin.acquire("worker-0")
    first.release()
    assert twin.acquire("worker-0") == "worker-0"
    twin.release()


def test_a_worker_without_a_name_takes_the_first_that_is_free(process: Process) -> None:
    """Scale-out: N workers are N times the same command."""
    first, second = process().executors, process().executors

    assert [first.acquire(), second.acquire()] == ["worker-0", "worker-1"]
    assert first.living() == ["worker-0", "worker-1"]
    first.release()
    second.release()
    assert first.living() == []


def test_ids_that_nobody_holds_are_dead_and_stay_so_while_their_work_is_taken_over(process: Process) -> None:
    """Section 6: our own and living ones are not; a worker that comes back meanwhile has to wait."""
    ours, living, dead = (process().executors for _ in range(3))
    for number, each in enumerate((ours, living, dead)):
        each.acquire(f"worker-{number}")
    dead.release()

    with ours.dead() as found:
        assert found == ["worker-2"]
        with pytest.raises(ExecutorTaken):
            dead.acquire("worker-2")
    assert dead.acquire("worker-2") == "worker-2"
    for each in (ours, living, dead):
        each.release()


def test_releasing_twice_is_fine(process: Process) -> None:
    """C15: a stop after a failed start."""
    executors = process().executors
    executors.acquire()
    assert executors.is_mine()
    executors.release()
    executors.release()
    assert not executors.is_mine()
