"""One living process for each executor id."""

from pathlib import Path

import pytest

from alc_app.runtime.executor import ExecutorLock, ExecutorTaken


def test_an_id_is_held_by_one(tmp_path: Path) -> None:
    """Section 6: without the lock a twin would do the living one's steps again."""
    first, twin = ExecutorLock(tmp_path, "worker-0"), ExecutorLock(tmp_path, "worker-0")
    first.acquire()

    with pytest.raises(ExecutorTaken, match="--executor-id"):
        twin.acquire()
    first.release()
    twin.acquire()
    twin.release()


def test_ids_that_nobody_holds_are_dead(tmp_path: Path) -> None:
    """Section 6: their work is taken over; our own and living ones are not."""
    ours, living, dead = (ExecutorLock(tmp_path, f"worker-{n}") for n in range(3))
    for lock in (ours, living, dead):
        lock.acquire()
    dead.release()

    assert ours.dead_others() == ["worker-2"]
    assert ours.dead_others() == ["worker-2"], "looking takes nothing"
    ours.release()
    living.release()


def test_releasing_twice_is_fine(tmp_path: Path) -> None:
    """C15: a stop after a failed start."""
    lock = ExecutorLock(tmp_path, "worker-0")
    lock.acquire()
    lock.release()
    lock.release()
