"""A rate limit across threads and processes: one row with the next free slot."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from alc_app.runtime.services import Services
from alc_app.runtime.stores.rate_limit import HEADROOM, RateLimiter

LIMIT = 25


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long each caller had to wait, without sleeping."""
    told: list[float] = []
    monkeypatch.setattr("alc_app.runtime.stores.rate_limit.time.sleep", told.append)
    return told


def test_every_caller_has_a_slot_of_its_own(
    services: Services, waits: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    """R21: eight threads, each with its own limiter on one SQLite file, at one instant: the limit is kept, and used."""
    monkeypatch.setattr(services.database, "now", "1000.0")
    pacers = [RateLimiter(services.database) for _ in range(8)]

    with ThreadPoolExecutor(8) as pool:
        for rate_limiter in pacers * 4:
            pool.submit(rate_limiter.wait_for_slot, "https://attio.test", LIMIT)

    slot = 1 / (LIMIT * HEADROOM)
    assert sorted(waits) == pytest.approx([number * slot for number in range(1, 32)])
    assert LIMIT - 1 <= 1 / slot <= LIMIT


def test_a_slot_that_is_free_is_taken_at_once(services: Services, waits: list[float]) -> None:
    """No call waits after a long pause."""
    services.rate_limiter.wait_for_slot("a", 1)
    services.rate_limiter.wait_for_slot("b", 1)

    assert not waits


def test_retry_after_moves_everybodys_next_slot(services: Services, waits: list[float]) -> None:
    """R21: the next slot is only ever moved later."""
    services.rate_limiter.wait_for_slot("a", LIMIT)
    services.rate_limiter.push_back("a", 30)
    services.rate_limiter.push_back("a", 5)

    RateLimiter(services.database).wait_for_slot("a", LIMIT)

    assert waits == [pytest.approx(30, abs=1)]


def test_kinds_of_calls_do_not_wait_for_each_other(services: Services, waits: list[float]) -> None:
    """One row for each name."""
    services.rate_limiter.wait_for_slot("a", LIMIT)
    services.rate_limiter.push_back("a", 30)

    services.rate_limiter.wait_for_slot("b", LIMIT)

    assert not waits
