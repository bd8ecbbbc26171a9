"""Claims on both databases: of many at once one gets the name. `kv` itself is tested in tests/unit/attio."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from alc_app.runtime.storage.database import Database
from alc_app.runtime.stores.key_values import KeyValues
from tests.unit.runtime.conftest import Clock


@pytest.fixture
def claims(database: Database, clock: Clock) -> KeyValues:
    """The store, with a clock that the test moves."""
    return KeyValues(database, "workspace", clock)


def test_of_many_at_once_one_gets_the_name(claims: KeyValues) -> None:
    """By one statement, so no two can both have looked first."""
    with ThreadPoolExecutor(8) as threads:
        taken = list(threads.map(lambda number: claims.claim("task", f"run-{number}", 60), range(8)))

    assert taken.count(True) == 1


def test_its_owner_takes_it_again_and_others_when_it_is_free(claims: KeyValues, clock: Clock) -> None:
    """After a crash the same run goes on; what nobody gives back expires."""
    assert claims.claim("task", "run-1", 60)
    clock.time += 50
    assert claims.claim("task", "run-1", 60)
    clock.time += 50
    assert not claims.claim("task", "run-2", 60)
    claims.release("task", "run-2")
    assert not claims.claim("task", "run-2", 60)
    clock.time += 10
    assert claims.claim("task", "run-2", 60)
    assert not claims.claim("task", "run-1", 60)
    claims.release("task", "run-2")
    assert claims.claim("task", "run-1", 60)
