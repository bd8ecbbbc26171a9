"""Time that passes only when somebody sleeps."""

from __future__ import annotations

import pytest

from alc_app.runtime.storage.database import Database
from tests.support.fakes.clock import DatabaseTime


@pytest.fixture
def database_time(database: Database, monkeypatch: pytest.MonkeyPatch) -> DatabaseTime:
    """The clock of the database and of those who wait for a call."""
    monkeypatch.setattr(database, "now", DatabaseTime.NOW)
    database_time = DatabaseTime(database)
    monkeypatch.setattr("alc_app.runtime.stores.call_limit.time", database_time)
    return database_time
