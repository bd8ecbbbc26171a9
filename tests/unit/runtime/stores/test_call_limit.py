"""A limit of calls across threads and processes: as many places as calls are allowed in a second."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest
from sqlalchemy.exc import OperationalError

from alc_app.attio.host.errors import FetchMustWait
from alc_app.runtime.storage.database import Database
from alc_app.runtime.stores.call_limit import LEASE, LONGEST_PAUSE, LONGEST_WAIT, CallLimit
from tests.support.fakes.clock import DatabaseTime

LIMIT = 25
SECOND = pytest.approx(1, abs=0.01)


@pytest.fixture
def call_limit(database: Database, database_time: DatabaseTime) -> CallLimit:
    """A limit by that clock."""
    del database_time
    return CallLimit(database)


class MustSleep(Exception):
    """Raised in place of sleeping."""


class NoTime:
    """Stands where a module of ours has imported `time`, at one instant."""

    def monotonic(self) -> float:
        return 0.0

    def sleep(self, _seconds: float) -> None:
        raise MustSleep


def make_calls(limit: CallLimit, count: int, name: str = "a") -> None:
    for _ in range(count):
        with limit.call(name, LIMIT):
            pass


def test_every_caller_has_a_place_of_its_own(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """R21: eight threads, each with its own limit on one database, at one instant: the limit is kept, and used."""
    monkeypatch.setattr(database, "now", "1000.0")
    monkeypatch.setattr("alc_app.runtime.stores.call_limit.time", NoTime())
    limits = [CallLimit(database) for _ in range(8)]
    calls = ExitStack()

    def begin(limit: CallLimit) -> bool:
        try:
            calls.enter_context(limit.call("https://attio.test", LIMIT))
        except MustSleep:
            return False
        return True

    with calls, ThreadPoolExecutor(8) as pool:
        begun = list(pool.map(begin, limits * 4))

        assert begun.count(True) == LIMIT


def test_no_second_has_more_calls_than_the_limit(
    call_limit: CallLimit, database: Database, database_time: DatabaseTime
) -> None:
    """R21: two processes, many calls at once, of any length, and timers that are late. A call counts until its answer.

    It does not matter when in between the other side counts it.
    """
    chance, others = random.Random(7), CallLimit(database)  # noqa: S311 - no secret
    under_way, calls = list[tuple[float, ExitStack]](), list[tuple[float, float]]()

    def answer() -> None:
        database_time.meanwhile = answer
        for one in [one for one in under_way if one[0] <= database_time.monotonic()]:
            under_way.remove(one)
            one[1].close()

    answer()
    for _ in range(8 * LIMIT):
        database_time.let_pass(chance.choice([0.0, 0.0, 0.01]))
        call = ExitStack()
        call.enter_context(chance.choice([call_limit, others]).call("a", LIMIT))
        begun = database_time.monotonic()
        ends = begun + chance.choice([0.01, 0.01, 0.05, 0.5, 3.0])
        under_way.append((ends, call))
        calls.append((begun, ends))
        answer()
    database_time.let_pass(LEASE)
    answer()

    for _, since in calls:
        assert sum(begun <= since + 1 and ends >= since for begun, ends in calls) <= LIMIT


def test_as_many_as_the_limit_go_at_once_and_the_next_a_second_later(
    call_limit: CallLimit, database_time: DatabaseTime
) -> None:
    """R21: who finds a free place waits for nobody."""
    make_calls(call_limit, LIMIT)
    assert not database_time.slept

    make_calls(call_limit, LIMIT)
    assert sum(database_time.slept) == SECOND


def test_who_comes_too_late_takes_the_place_that_is_free_first(
    call_limit: CallLimit, database_time: DatabaseTime
) -> None:
    """R21: a call that is not answered yet keeps its place, and holds nobody back from the others."""
    with call_limit.call("a", 2):
        with call_limit.call("a", 2):
            database_time.let_pass(0.5)
        database_time.let_pass(0.25)
        with call_limit.call("a", 2):
            assert sum(database_time.slept) == pytest.approx(0.75, abs=0.01)


def test_when_all_wait_for_answers_one_looks_again(call_limit: CallLimit, database_time: DatabaseTime) -> None:
    """R21: the place is free a second after the answer."""
    slow = ExitStack()
    slow.enter_context(call_limit.call("a", 1))
    database_time.meanwhile = slow.close

    with call_limit.call("a", 1):
        assert sum(database_time.slept) == pytest.approx(1, abs=0.1)


def test_the_place_of_a_process_that_died_is_free_again(
    call_limit: CallLimit, database: Database, database_time: DatabaseTime
) -> None:
    """R21: when no call of that process can be under way any more. What it says later changes nothing."""
    dead = ExitStack()
    dead.enter_context(CallLimit(database).call("a", 1))
    with pytest.raises(FetchMustWait):
        make_calls_with_one_place(call_limit)
    database_time.let_pass(LEASE)

    with call_limit.call("a", 1):
        dead.close()
        with pytest.raises(FetchMustWait):
            make_calls_with_one_place(CallLimit(database))


def test_the_places_of_a_dead_worker_are_free_a_second_after_it_is_found_dead(
    database: Database, database_time: DatabaseTime
) -> None:
    """R21: nobody waits for the whole lease. Those of the living, and of web processes, stay taken."""
    calls = [ExitStack() for _ in range(3)]
    for worker, call in zip(("dead", "living", ""), calls, strict=True):
        call.enter_context(CallLimit(database, lambda worker=worker: worker).call("a", 3))  # type: ignore[misc]  # mypy knows no such default
    limit = CallLimit(database)

    limit.release(["dead"])

    with limit.call("a", 3):
        assert sum(database_time.slept) == SECOND
        calls[0].close()
        with pytest.raises(FetchMustWait), limit.call("a", 3):
            pytest.fail("There are three places, and all are taken.")


def test_a_place_that_is_free_soon_is_not_kept_for_longer(
    call_limit: CallLimit, database_time: DatabaseTime, database: Database
) -> None:
    """R21: the dead worker's last call was answered long ago, so that nothing has to be freed."""
    with CallLimit(database, lambda: "dead").call("a", 1):
        pass
    database_time.let_pass(1.01)

    call_limit.release(["dead"])

    with call_limit.call("a", 1):
        assert not database_time.slept


def make_calls_with_one_place(limit: CallLimit) -> None:
    with limit.call("a", 1):
        pytest.fail("There is one place, and it is taken.")


def test_a_place_that_cannot_be_given_back_spoils_no_call(
    call_limit: CallLimit, database: Database, database_time: DatabaseTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R21: the other side has answered, and the lease of the place ends by itself."""

    def locked(*_: object) -> None:
        raise OperationalError("update", {}, OSError("locked"))

    with monkeypatch.context() as broken, call_limit.call("a", 1):
        broken.setattr(database, "change", locked)
    database_time.let_pass(LEASE)

    with call_limit.call("a", 1):
        assert not database_time.slept


def test_a_smaller_limit_counts_at_once(call_limit: CallLimit, database_time: DatabaseTime) -> None:
    """R21: after an update, the places above it are left alone."""
    make_calls(call_limit, LIMIT)
    database_time.let_pass(2)
    for _ in range(4):
        with call_limit.call("a", 2):
            pass
    assert sum(database_time.slept) == SECOND


def test_retry_after_holds_everybody_back(
    call_limit: CallLimit, database: Database, database_time: DatabaseTime
) -> None:
    """R21: a pause is only ever made longer, for all processes."""
    make_calls(call_limit, 1)
    call_limit.pause("a", 4)
    call_limit.pause("a", 1)

    make_calls(CallLimit(database), 1)

    assert sum(database_time.slept) == pytest.approx(4, abs=0.1)


def test_retry_after_holds_back_who_waits_already(call_limit: CallLimit, database_time: DatabaseTime) -> None:
    """R21: calls that were waiting for a place when ALC said so do not go out during the pause."""
    with call_limit.call("a", 1):
        pass
    database_time.meanwhile = lambda: call_limit.pause("a", 3)

    with call_limit.call("a", 1):
        assert sum(database_time.slept) >= 3


def test_nobody_sleeps_for_long(call_limit: CallLimit, database_time: DatabaseTime) -> None:
    """R21: a click, or a job, gets an error that says when, and takes no place from those who wait."""
    call_limit.pause("a", 60)

    for _ in range(100):
        with pytest.raises(FetchMustWait) as raised:
            make_calls(call_limit, 1)
        assert raised.value.retry_after == pytest.approx(60)
    assert not database_time.slept


def test_nobody_waits_for_long_for_an_answer_to_others(call_limit: CallLimit, database_time: DatabaseTime) -> None:
    """R21: if the other side answers none of so many calls, the next caller is told so."""
    with call_limit.call("a", 1), pytest.raises(FetchMustWait) as raised:
        make_calls_with_one_place(call_limit)

    assert sum(database_time.slept) <= LONGEST_WAIT
    assert raised.value.retry_after == LONGEST_WAIT


def test_threads_that_wait_do_so_for_no_longer(call_limit: CallLimit) -> None:
    """R21: one looks for a place, and those behind it give up in time as well."""
    with call_limit.call("a", 1), ThreadPoolExecutor(3) as pool:
        for done in [pool.submit(make_calls_with_one_place, call_limit) for _ in range(3)]:
            with pytest.raises(FetchMustWait):
                done.result()


def test_calls_without_a_rate_wait_for_a_pause_only(call_limit: CallLimit, database_time: DatabaseTime) -> None:
    """R21: reads have no places, and obey Retry-After all the same."""
    read = lambda: call_limit.call("a").__enter__()  # noqa: E731
    for _ in range(3):
        read()
    call_limit.pause("a", 2)
    database_time.meanwhile = lambda: call_limit.pause("a", 3)
    read()
    read()
    assert sum(database_time.slept) == pytest.approx(3), "it was made longer"

    call_limit.pause("a", 6)
    with pytest.raises(FetchMustWait):
        read()


def test_a_pause_ends_within_the_hour(call_limit: CallLimit, database_time: DatabaseTime) -> None:
    """R21: a date that somebody mistyped does not stop the installation for ever."""
    call_limit.pause("a", 86_400)
    database_time.let_pass(LONGEST_PAUSE)

    make_calls(call_limit, 1)

    assert not database_time.slept


def test_a_clock_that_was_set_back_holds_nobody_up(call_limit: CallLimit, database_time: DatabaseTime) -> None:
    """R21: an hour ago by the clock, all places seem to be taken for an hour."""
    make_calls(call_limit, LIMIT)
    database_time.let_pass(-3600)

    make_calls(call_limit, LIMIT)
    assert not database_time.slept

    make_calls(call_limit, 1)
    assert sum(database_time.slept) == SECOND


def test_a_pause_of_the_old_clock_holds_nobody_up(call_limit: CallLimit, database_time: DatabaseTime) -> None:
    """R21: three hours ago by the clock, it seems to last for longer than any pause may."""
    call_limit.pause("a", 5)
    database_time.let_pass(-3 * LONGEST_PAUSE)

    make_calls(call_limit, 1)

    assert not database_time.slept


def test_kinds_of_calls_do_not_wait_for_each_other(call_limit: CallLimit, database_time: DatabaseTime) -> None:
    """Each name has places of its own."""
    make_calls(call_limit, LIMIT)
    call_limit.pause("a", 30)

    make_calls(call_limit, 1, "b")

    assert not database_time.slept
