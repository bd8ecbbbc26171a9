"""Create some tables from their classes, without migrations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from alc_app.runtime.storage.database import Database


def make_tables(database: Database, tables: Sequence[Any]) -> None:
    """Create these tables in the database."""
    with database.engine.begin() as connection:
        for table in tables:
            table.__table__.create(connection)
