"""A limit of what one may do, across threads and processes: one row with the next free slot."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from sqlalchemy import event, text

from alc_app.runtime.storage.database import Database
from alc_app.runtime.stores.call_limit import CallLimit
from alc_app.runtime.stores.rate_limit import (
    Limit,
    MemoryRateLimiter,
    RateLimiter,
)
from tests.support.fakes.clock import DatabaseTime

about = partial(pytest.approx, abs=0.01)


@pytest.fixture
def limiter(database: Database, database_time: DatabaseTime) -> RateLimiter:
    """A limiter by that clock."""
    del database_time
    return RateLimiter(database)


def test_a_limit_allows_all_at_once_and_then_as_many_in_each_period(
    limiter: RateLimiter, database_time: DatabaseTime
) -> None:
    """U10: three in a minute are one each 20 seconds, or three at once after a minute."""
    limit = Limit(3, 60)
    assert [limiter.hit("a", limit) for _ in range(5)] == [0, 0, 0, about(20), about(20)]

    database_time.sleep(20)
    assert [limiter.hit("a", limit) for _ in range(2)] == [0, about(20)]
    database_time.sleep(600)
    assert [limiter.hit("a", limit) for _ in range(4)] == [0, 0, 0, about(20)]
    assert limiter.hit("b", limit) == 0


def test_a_clock_that_was_set_back_refuses_nobody(limiter: RateLimiter, database_time: DatabaseTime) -> None:
    """U10: an hour ago by the clock, a limit seems to be used up for an hour."""
    limit = Limit(3, 60)
    assert [limiter.hit("a", limit) for _ in range(4)] == [0, 0, 0, about(20)]

    database_time.let_pass(-3600)
    assert [limiter.hit("a", limit) for _ in range(4)] == [0, 0, 0, about(20)]


def test_several_count_at_once_or_not_at_all(limiter: RateLimiter, database_time: DatabaseTime) -> None:
    """U10: and what is more than a whole period's is that."""
    del database_time
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


def test_a_refusal_writes_nothing(limiter: RateLimiter, database: Database, database_time: DatabaseTime) -> None:
    """U10: a flood costs a look each."""
    del database_time
    limiter.hit("a", Limit(1, 60))
    wrote = []
    event.listen(database.engine, "commit", lambda _: wrote.append(1))

    assert limiter.hit("a", Limit(1, 60)) > 0
    assert not wrote


def test_old_counts_are_deleted_and_nothing_else(
    limiter: RateLimiter, database_time: DatabaseTime, database: Database
) -> None:
    """U10: not the pauses of calls, and not what is still counted."""
    CallLimit(database).pause("https://attio.test", 1)
    limiter.hit("old", Limit(1, 60))
    database_time.sleep(100)
    limiter.hit("new", Limit(1, 60))

    assert limiter.delete_old(1100, 10) == 1
    with database.reading() as session:
        names = {row[0] for row in session.connection().execute(text("select name from rate_limit_slot"))}
    assert names == {"clock", "https://attio.test asked for a pause", "limit: new"}


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
