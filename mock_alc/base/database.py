"""The database: SQLite in a file or in memory, or Postgres, with transactions by `read` and `write`."""

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from copy import copy
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, CursorResult, Engine, create_engine, event, inspect, make_url, text
from sqlalchemy.engine import URL
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.pool import PoolProxiedConnection, StaticPool
from sqlmodel import Session

from mock_alc.base.tables import Table

# A kill -9 loses nothing. No commit waits for the disk, so a power cut may lose the last ones of this mock.
PRAGMAS = ("journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=5000", "foreign_keys=ON")
CREATE_TABLES_LOCK = 8_001_001  # Key of a Postgres advisory lock; any number, but the same in every process.


class Database:
    """Opens transactions; callers must not use the network inside one (C13)."""

    def __init__(self, url: str) -> None:
        """Connect lazily to the database at `url`, an SQLAlchemy URL."""
        self.url = _with_driver(make_url(url))
        self.in_memory = self.url.get_backend_name() == "sqlite" and self.url.database in (None, "", ":memory:")
        self._engine = _open(self.url, in_memory=self.in_memory)
        self._reader = _for_reading(self._engine)
        # An in-memory database has one connection, so only one transaction can run at a time.
        self._lock: AbstractContextManager[Any] = threading.RLock() if self.in_memory else nullcontext()

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Open a session for reading; changes are not committed."""
        with self._lock, Session(self._reader, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """Open a session that takes the write lock at once and commits at the end of the block."""
        with self._lock, Session(self._engine, expire_on_commit=False) as session, session.begin():
            yield session

    def create_tables(self) -> None:
        """Create missing tables and columns; safe when several processes start at once."""
        with self._lock, self._engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": CREATE_TABLES_LOCK})
            Table.metadata.create_all(connection)
            if not self.in_memory:  # A new in-memory database has every column already.
                _add_new_columns(connection)

    def empty(self) -> None:
        """Delete every row of every table."""
        with self.write() as session:
            for table in reversed(Table.metadata.sorted_tables):
                session.execute(table.delete())

    def close(self) -> None:
        """Close the connections."""
        self._engine.dispose()


def changed_rows(session: Session, statement: Any) -> int:
    """Run an UPDATE and return how many rows it changed: compare-and-set, for conditional changes (C13)."""
    result = session.execute(statement.execution_options(synchronize_session=False))
    assert isinstance(result, CursorResult)  # noqa: S101 (narrows the type for mypy)
    return result.rowcount


def _add_new_columns(connection: Connection) -> None:
    """Add the columns that tables made by an older version lack; all of these columns are nullable."""
    for table in Table.metadata.sorted_tables:
        known = {column["name"] for column in inspect(connection).get_columns(table.name)}
        for column in table.columns:
            if column.name not in known:
                kind = column.type.compile(connection.dialect)
                connection.execute(text(f'ALTER TABLE "{table.name}" ADD COLUMN "{column.name}" {kind}'))


def _with_driver(url: URL) -> URL:
    """Use psycopg 3 for `postgres://` and `postgresql://` URLs."""
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
        _make_private(str(url.database))
    engine = create_engine(url, **options)
    event.listen(engine, "connect", _prepare_connection)
    _begin_by(engine.dialect, "BEGIN IMMEDIATE")
    return engine


def _make_private(path: str) -> None:
    """Create a SQLite database's file readable by its owner only. SQLite gives its journal the same mode."""
    with suppress(OSError):  # what is wrong, SQLite will say
        Path(path).touch(mode=0o600)


def _for_reading(engine: Engine) -> Engine:
    """Return an engine with the same connections; with SQLite its transactions wait for no writer."""
    if engine.dialect.name != "sqlite":
        return engine
    reader = engine.execution_options()
    reader.dialect = copy(engine.dialect)
    _begin_by(reader.dialect, "BEGIN")
    return reader


def _begin_by(dialect: Dialect, how: str) -> None:
    """Have transactions on SQLite begin by this statement. With a listener for "begin" all would cost a third more."""

    def do_begin(dbapi_connection: PoolProxiedConnection) -> None:
        dbapi_connection.cursor().execute(how)

    dialect.do_begin = do_begin  # type: ignore[method-assign]  # SQLAlchemy's hook for this


def _prepare_connection(connection: Any, _record: object) -> None:
    # Turn off the driver's transaction handling, which begins transactions late and without a write lock (C13).
    connection.isolation_level = None
    for pragma in PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")
