"""The state's home: SQLite in a file, SQLite in memory or Postgres, behind `read` and `write`."""

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, CursorResult, Engine, create_engine, event, inspect, make_url, text
from sqlalchemy.engine import URL
from sqlalchemy.pool import StaticPool
from sqlmodel import Session

from mock_alc.base.tables import Table

PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=5000", "foreign_keys=ON")
MAKING_TABLES = 8_001_001  # Any number will do for the Postgres lock, if every copy uses the same.


class Database:
    """Hands out transactions; no caller does network work inside one (C13)."""

    def __init__(self, url: str) -> None:
        self.url = _with_driver(make_url(url))
        self.in_memory = self.url.get_backend_name() == "sqlite" and self.url.database in (None, "", ":memory:")
        self._engine = _open(self.url, in_memory=self.in_memory)
        self._writing = self._engine.execution_options(begin="BEGIN IMMEDIATE")
        # A database in memory is one connection, so its transactions go one at a time.
        self._gate: AbstractContextManager[Any] = threading.RLock() if self.in_memory else nullcontext()

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Lend a session that sees one consistent state; what it changes is not kept."""
        with self._gate, Session(self._engine, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """Lend a session that holds the writer's lock from its start and commits at its end."""
        with self._gate, Session(self._writing, expire_on_commit=False) as session, session.begin():
            yield session

    def create_tables(self) -> None:
        """Make what is missing; two processes may do so at the same time."""
        with self._gate, self._writing.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MAKING_TABLES})
            Table.metadata.create_all(connection)
            if not self.in_memory:  # There it was made this moment, with every column.
                _add_new_columns(connection)

    def empty(self) -> None:
        """Delete every row of every table."""
        with self.write() as session:
            for table in reversed(Table.metadata.sorted_tables):
                session.execute(table.delete())

    def close(self) -> None:
        """Give the connections back."""
        self._engine.dispose()


def changed_rows(session: Session, statement: Any) -> int:
    """Run an UPDATE and tell how many rows it changed: the compare-and-set of this house (C13)."""
    result = session.execute(statement.execution_options(synchronize_session=False))
    assert isinstance(result, CursorResult)  # noqa: S101 (tells mypy that an UPDATE counts its rows)
    return result.rowcount


def _add_new_columns(connection: Connection) -> None:
    """Give tables that an older version made the columns that have come since; each of those may be empty."""
    for table in Table.metadata.sorted_tables:
        known = {column["name"] for column in inspect(connection).get_columns(table.name)}
        for column in table.columns:
            if column.name not in known:
                kind = column.type.compile(connection.dialect)
                connection.execute(text(f'ALTER TABLE "{table.name}" ADD COLUMN "{column.name}" {kind}'))


def _with_driver(url: URL) -> URL:
    """Let people write `postgres://` or `postgresql://`: the driver here is psycopg 3."""
    if url.drivername in ("postgres", "postgresql"):
        return url.set(drivername="postgresql+psycopg")
    return url


def _open(url: URL, *, in_memory: bool) -> Engine:
    if url.get_backend_name() != "sqlite":
        return create_engine(url, pool_pre_ping=True)
    options: dict[str, Any] = {"connect_args": {"check_same_thread": False}}
    if in_memory:
        options["poolclass"] = StaticPool
    else:
        Path(str(url.database)).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    engine = create_engine(url, **options)
    event.listen(engine, "connect", _prepare_connection)
    event.listen(engine, "begin", _begin)
    return engine


def _prepare_connection(connection: Any, _record: object) -> None:
    # The driver's own transaction handling is off: it would begin late and deferred (C13).
    connection.isolation_level = None
    for pragma in PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql(str(connection.get_execution_options().get("begin", "BEGIN")))
