"""A rate limit across threads and processes: one row with the next free slot."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from sqlalchemy import event, text

from alc_app.attio.host.errors import FetchMustWait
from alc_app.runtime.storage.database import Database
from alc_app.runtime.stores.rate_limit import (
    HEADROOM,
    LONGEST_PAUSE,
    LONGEST_WAIT,
    Limit,
    MemoryRateLimiter,
    RateLimiter,
)
from tests.support.fakes.clock import Clock, Patient

LIMIT = 25
SLOT = 1 / (LIMIT * HEADROOM)
about = partial(pytest.approx, abs=0.01)
CLOCK = "(select next_at from rate_limit_slot where name = 'clock')"


class Sleeps:
    """Time that passes only when somebody sleeps. `meanwhile` is done during the next sleep."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.told: list[float] = []
        self.meanwhile: Callable[[], None] | None = None
        self._sql("insert into rate_limit_slot (name, next_at) values ('clock', 1000)")

    def __call__(self, seconds: float) -> None:
        self.told.append(seconds)
        if meanwhile := self.meanwhile:
            self.meanwhile = None
            meanwhile()
        self._sql(f"update rate_limit_slot set next_at = next_at + {seconds} where name = 'clock'")  # noqa: S608 - ours

    def _sql(self, statement: str) -> None:
        with self._database.transaction() as session:
            session.connection().execute(text(statement))


@pytest.fixture
def sleeps(database: Database, monkeypatch: pytest.MonkeyPatch) -> Sleeps:
    """The database's clock, moved by sleeping."""
    monkeypatch.setattr(database, "now", CLOCK)
    sleeps = Sleeps(database)
    monkeypatch.setattr("alc_app.runtime.stores.rate_limit.time.sleep", sleeps)
    return sleeps


@pytest.fixture
def limiter(database: Database, sleeps: Sleeps) -> RateLimiter:
    """A limiter by that clock."""
    del sleeps
    return RateLimiter(database)


def test_every_caller_has_a_slot_of_its_own(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """R21: eight threads, each with its own limiter on one database, at one instant: the limit is kept, and used."""
    waits: list[float] = []
    monkeypatch.setattr("alc_app.runtime.stores.rate_limit.time.sleep", waits.append)
    monkeypatch.setattr(database, "now", "1000.0")
    pacers = [RateLimiter(database) for _ in range(8)]

    with ThreadPoolExecutor(8) as pool:
        for done in [pool.submit(limiter.wait_for_slot, "https://attio.test", LIMIT) for limiter in pacers * 4]:
            done.result()

    assert sorted(waits) == pytest.approx([number * SLOT for number in range(1, 32)])
    assert 0.9 * LIMIT <= 1 / SLOT <= LIMIT


def test_late_timers_put_no_more_calls_into_a_second_than_the_limit(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R21: a process that was held up for a moment has many slots that have begun. A call counts until its answer."""
    clock, calls = Clock(now=1000.0), list[float]()
    monkeypatch.setattr("alc_app.runtime.stores.rate_limit.time", Patient(clock))
    monkeypatch.setattr(RateLimiter, "wait_for_slot", lambda *_: None)
    limiter = RateLimiter(database)

    for _ in range(3 * LIMIT):
        with limiter.call("a", LIMIT):
            calls.append(clock.now)
            clock.now += 0.001  # until it is answered

    assert all(later - earlier > 1 for earlier, later in zip(calls, calls[LIMIT:], strict=False))


def test_a_slot_that_is_free_is_taken_at_once(limiter: RateLimiter, sleeps: Sleeps) -> None:
    """No call waits after a long pause."""
    limiter.wait_for_slot("a", 1)
    limiter.wait_for_slot("b", 1)

    assert not sleeps.told


def test_retry_after_moves_everybodys_next_slot(limiter: RateLimiter, database: Database, sleeps: Sleeps) -> None:
    """R21: the next slot is only ever moved later, for the limiters of all processes."""
    limiter.wait_for_slot("a", LIMIT)
    limiter.push_back("a", 4)
    limiter.push_back("a", 1)

    RateLimiter(database).wait_for_slot("a", LIMIT)

    assert sleeps.told == [pytest.approx(4, abs=SLOT)]


def test_retry_after_holds_back_who_has_taken_a_slot_already(limiter: RateLimiter, sleeps: Sleeps) -> None:
    """R21: calls that were waiting for their slots when ALC said so do not go out during the pause."""
    limiter.wait_for_slot("a", 1)
    sleeps.meanwhile = lambda: limiter.push_back("a", 3)

    limiter.wait_for_slot("a", 1)

    assert sum(sleeps.told) >= 3


def test_nobody_sleeps_for_long(limiter: RateLimiter, sleeps: Sleeps) -> None:
    """R21: a click, or a job, gets an error that says when, and takes no slot from those who wait."""
    limiter.push_back("a", 60)

    for _ in range(100):
        with pytest.raises(FetchMustWait) as raised:
            limiter.wait_for_slot("a", LIMIT)
        assert raised.value.retry_after == pytest.approx(60)
    assert not sleeps.told


def test_a_queue_of_callers_is_as_long_as_one_may_sleep(limiter: RateLimiter, monkeypatch: pytest.MonkeyPatch) -> None:
    """R21: of two hundred calls at one instant those go that find a slot within the longest wait."""
    monkeypatch.setattr("alc_app.runtime.stores.rate_limit.time.sleep", lambda _: None)
    gone, told = 0, 0
    for _ in range(200):
        try:
            limiter.wait_for_slot("a", LIMIT)
            gone += 1
        except FetchMustWait as error:
            told += error.retry_after is not None and error.retry_after > LONGEST_WAIT
    assert (gone, told) == (int(LONGEST_WAIT / SLOT) + 1, 200 - int(LONGEST_WAIT / SLOT) - 1)


def test_calls_without_a_rate_wait_for_a_pause_only(limiter: RateLimiter, sleeps: Sleeps) -> None:
    """R21: reads have no slots, and obey Retry-After all the same."""
    for _ in range(3):
        limiter.wait_for_slot("a")
    limiter.push_back("a", 2)
    limiter.wait_for_slot("a")
    limiter.wait_for_slot("a")
    assert sleeps.told == [pytest.approx(2)]

    limiter.push_back("a", 6)
    with pytest.raises(FetchMustWait):
        limiter.wait_for_slot("a")


def test_a_pause_ends_within_the_hour(limiter: RateLimiter, sleeps: Sleeps) -> None:
    """R21: a date that somebody mistyped does not stop the installation for ever."""
    limiter.push_back("a", 86_400)
    sleeps(LONGEST_PAUSE)

    limiter.wait_for_slot("a", LIMIT)

    assert sleeps.told == [LONGEST_PAUSE]


def test_kinds_of_calls_do_not_wait_for_each_other(limiter: RateLimiter, sleeps: Sleeps) -> None:
    """One row for each name."""
    limiter.wait_for_slot("a", LIMIT)
    limiter.push_back("a", 30)

    limiter.wait_for_slot("b", LIMIT)

    assert not sleeps.told


def test_a_limit_allows_all_at_once_and_then_as_many_in_each_period(limiter: RateLimiter, sleeps: Sleeps) -> None:
    """U10: three in a minute are one each 20 seconds, or three at once after a minute."""
    limit = Limit(3, 60)
    assert [limiter.hit("a", limit) for _ in range(5)] == [0, 0, 0, about(20), about(20)]

    sleeps(20)
    assert [limiter.hit("a", limit) for _ in range(2)] == [0, about(20)]
    sleeps(600)
    assert [limiter.hit("a", limit) for _ in range(4)] == [0, 0, 0, about(20)]
    assert limiter.hit("b", limit) == 0


def test_several_count_at_once_or_not_at_all(limiter: RateLimiter, sleeps: Sleeps) -> None:
    """U10: and what is more than a whole period's is that."""
    del sleeps
    limit = Limit(10, 60)

    assert [limiter.hit("a", limit, count) for count in (7, 4, 3)] == [0, about(6), 0]
    assert [limiter.hit("b", limit, count) for count in (11, 1)] == [0, about(6)]


def test_those_who_come_at_once_share_one_limit(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """U10: eight threads, each with its own limiter on one database, at one instant."""
    monkeypatch.setattr(database, "now", "1000.0")
    limiters = [RateLimiter(database) for _ in range(8)]

    with ThreadPoolExecutor(8) as pool:
        waits = list(pool.map(lambda limiter: limiter.hit("a", Limit(10, 60)), limiters * 4))

    assert waits.count(0) == 10


def test_a_refusal_writes_nothing(limiter: RateLimiter, database: Database, sleeps: Sleeps) -> None:
    """U10: a flood costs a look each."""
    del sleeps
    limiter.hit("a", Limit(1, 60))
    wrote = []
    event.listen(database.engine, "commit", lambda _: wrote.append(1))

    assert limiter.hit("a", Limit(1, 60)) > 0
    assert not wrote


def test_old_counts_are_deleted_and_nothing_else(limiter: RateLimiter, sleeps: Sleeps, database: Database) -> None:
    """U10: not the slots of calls, and not what is still counted."""
    limiter.wait_for_slot("https://attio.test", LIMIT)
    limiter.hit("old", Limit(1, 60))
    sleeps(100)
    limiter.hit("new", Limit(1, 60))

    assert limiter.delete_old(1100, 10) == 1
    with database.reading() as session:
        names = {row[0] for row in session.connection().execute(text("select name from rate_limit_slot"))}
    assert names == {"clock", "https://attio.test", "limit: new"}


def test_in_memory_it_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """R22: for what must not write."""
    now = 1000.0
    monkeypatch.setattr("alc_app.runtime.stores.rate_limit.time.monotonic", lambda: now)
    limiter = MemoryRateLimiter(Limit(2, 60))

    assert [limiter.hit("a") for _ in range(4)] == [0, 0, about(30), about(30)]
    assert limiter.hit("b") == 0
    now += 30
    assert [limiter.hit("a") for _ in range(2)] == [0, about(30)]


def test_in_memory_those_are_forgotten_who_came_longest_ago(monkeypatch: pytest.MonkeyPatch) -> None:
    """R22: a flood from many addresses fills no memory."""
    monkeypatch.setattr("alc_app.runtime.stores.rate_limit.MOST_KEYS", 2)
    limiter = MemoryRateLimiter(Limit(1, 3600))

    limiter.hit("a"), limiter.hit("b"), limiter.hit("a"), limiter.hit("c")

    assert limiter.hit("a") > 0
    assert limiter.hit("b") == 0
