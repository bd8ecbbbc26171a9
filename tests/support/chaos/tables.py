"""The tables of an installation on SQLite files, seen from outside: read, emptied, and put back as they were."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Any


class Tables:
    """Both files of a home, over one connection: the app's database, and the inbox as `inbox`."""

    def __init__(self, home: Path) -> None:
        """Open the files. No power fails in a test, so they are not synced."""
        self._sqlite = sqlite3.connect(home / "app.db", isolation_level=None)
        self._sqlite.execute("attach ? as inbox", [str(home / "inbox.db")])
        self._sqlite.execute("attach ':memory:' as kept")
        for schema in ("main", "inbox"):
            self._sqlite.execute(f"pragma {schema}.synchronous = off")
        self._names = list(self._find())

    def close(self) -> None:
        """Close the connection to the files."""
        self._sqlite.close()

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Run a query on the files."""
        return self._sqlite.execute(query).fetchall()

    def empty(self) -> None:
        """Delete all rows."""
        self._at_once(f"delete from {schema}.{table}" for schema, table in self._names)  # noqa: S608 - our own tables

    def keep(self) -> None:
        """Remember all rows, for `restore`."""
        for schema, table in self._names:
            self.rows(f"create table kept.{schema}_{table} as select * from {schema}.{table}")  # noqa: S608 - our own

    def restore(self) -> None:
        """Put the rows back that `keep` remembers."""
        self.empty()
        self._at_once(
            f"insert into {schema}.{table} select * from kept.{schema}_{table}"  # noqa: S608 - our own tables
            for schema, table in self._names
        )

    def _find(self) -> Iterable[tuple[str, str]]:
        for schema in ("main", "inbox"):
            for (table,) in self.rows(f"select name from {schema}.sqlite_master where type = 'table'"):  # noqa: S608 - two names
                if not table.startswith("sqlite_") and not table.endswith("_schema"):
                    yield schema, table

    def _at_once(self, statements: Iterable[str]) -> None:
        self._sqlite.execute("begin immediate")
        for statement in statements:
            self._sqlite.execute(statement)
        self._sqlite.execute("commit")
