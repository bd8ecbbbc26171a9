"""Create some tables from their classes, without migrations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import text

from alc_app.runtime.storage.database import Database


def make_tables(database: Database, tables: Sequence[Any]) -> None:
    """Create these tables in the database, with their partial indices."""
    with database.engine.begin() as connection:
        for table in tables:
            for index in table.__table__.indexes:
                if "where" in index.info:
                    index.dialect_kwargs[f"{connection.dialect.name}_where"] = text(index.info["where"])
            table.__table__.create(connection)
