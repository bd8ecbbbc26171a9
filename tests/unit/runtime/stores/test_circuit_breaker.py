"""A rejected key: all work that needs it pauses, and one call a minute probes."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from alc_app.attio.host.errors import FetchRefused
from alc_app.attio.http import FetchResponse
from alc_app.runtime.storage.database import Database
from alc_app.runtime.stores.circuit_breaker import PROBE_EVERY, CircuitBreaker
from tests.unit.runtime.conftest import Clock

ATTIO = "https://attio.test"


class Other:
    """The other side: what it answers, and how often it was called."""

    def __init__(self) -> None:
        self.status, self.asked = 401, 0

    def __call__(self) -> FetchResponse:
        self.asked += 1
        return FetchResponse(self.status, {}, "")


@pytest.fixture
def other() -> Other:
    """It does not accept our key."""
    return Other()


@pytest.fixture
def call(database: Database, clock: Clock, other: Other) -> Callable[[], int]:
    """One call as each process makes it; returns its status."""
    return lambda: CircuitBreaker(database, clock).call(ATTIO, other).status


def test_nobody_calls_with_a_key_that_was_refused(call: Callable[[], int], other: Other) -> None:
    """C5: the first hears 401; the others wait without a call."""
    assert call() == 401
    for _ in range(3):
        with pytest.raises(FetchRefused):
            call()

    assert other.asked == 1


def test_it_is_asked_at_once_after_the_clock_was_set_back(call: Callable[[], int], other: Other, clock: Clock) -> None:
    """C5: the next probe would be a day away. A machine that is some minutes behind waits as the others do."""
    call()
    clock.time -= 300
    with pytest.raises(FetchRefused):
        call()
    clock.time -= 86_400
    other.status = 200

    assert call() == call() == 200


def test_it_is_asked_again_once_a_minute_by_one_of_all(call: Callable[[], int], other: Other, clock: Clock) -> None:
    """C5: however many calls have become due meanwhile."""
    call()
    clock.time += PROBE_EVERY

    def attempt(_: int) -> int | None:
        try:
            return call()
        except FetchRefused:
            return None

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(attempt, range(8)), key=str) == [401, *[None] * 7]
    assert other.asked == 2


def test_all_go_on_when_the_key_is_accepted_again(call: Callable[[], int], other: Other, clock: Clock) -> None:
    """C5: the key works again; any answer but 401 says so."""
    call()
    clock.time += PROBE_EVERY
    other.status = 404

    assert [call(), call(), call()] == [404, 404, 404]


def test_one_alert_is_raised_and_one_line_says_that_it_is_over(
    call: Callable[[], int], other: Other, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    """C5: one error, not one for each lead or each minute."""
    caplog.set_level(logging.WARNING, "alc_app.runtime.stores.circuit_breaker")
    call()
    for _ in range(3):
        clock.time += PROBE_EVERY
        call()
    other.status = 200
    clock.time += PROBE_EVERY
    call()

    assert [(line.levelname, "key" in line.message) for line in caplog.records] == [("ERROR", True), ("WARNING", True)]


def test_a_refusal_of_one_is_nothing_to_another(database: Database, clock: Clock, other: Other) -> None:
    """Each origin has its own breaker."""
    circuit_breaker = CircuitBreaker(database, clock)
    circuit_breaker.call(ATTIO, other)

    assert circuit_breaker.call("https://another.test", other).status == 401
