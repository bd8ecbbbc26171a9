"""A rate limit across threads and processes: one row with the next free slot."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from alc_app.runtime.house import House
from alc_app.runtime.pace import Pacer

LIMIT = 25


def test_never_more_than_the_limit_in_a_rolling_second(house: House) -> None:
    """R21: eight threads with a pacer each, on one SQLite file."""
    pacers = [Pacer(house.database) for _ in range(8)]

    def take(number: int) -> float:
        pacers[number % 8].wait_for_slot("https://attio.test", LIMIT)
        return time.monotonic()

    with ThreadPoolExecutor(8) as pool:
        starts = sorted(pool.map(take, range(32)))

    busiest = max(sum(begin <= start < begin + 1 for start in starts) for begin in starts)
    assert busiest <= LIMIT
    assert starts[-1] - starts[0] < 1.9, "the limit is used, not just kept"


def test_a_slot_that_is_free_is_taken_at_once(house: House) -> None:
    """No call waits for one that was long ago."""
    started = time.monotonic()
    house.pacer.wait_for_slot("a", 1)
    house.pacer.wait_for_slot("b", 1)

    assert time.monotonic() - started < 0.5


def test_retry_after_moves_everybodys_next_slot(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """R21: pushed forward by what the other side says, never back."""
    waits: list[float] = []
    monkeypatch.setattr("alc_app.runtime.pace.time.sleep", waits.append)
    house.pacer.wait_for_slot("a", LIMIT)
    house.pacer.push("a", 30)
    house.pacer.push("a", 5)

    Pacer(house.database).wait_for_slot("a", LIMIT)

    assert waits == [pytest.approx(30, abs=1)]


def test_kinds_of_calls_do_not_wait_for_each_other(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """One row for each name."""
    waits: list[float] = []
    monkeypatch.setattr("alc_app.runtime.pace.time.sleep", waits.append)
    house.pacer.wait_for_slot("a", LIMIT)
    house.pacer.push("a", 30)

    house.pacer.wait_for_slot("b", LIMIT)

    assert not waits
