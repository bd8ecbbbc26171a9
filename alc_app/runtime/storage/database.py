"""Database sessions on SQLite and Postgres.

Transactions are short and never span a network call. On SQLite a writing one takes the write lock when it begins.
"""

from __future__ import annotations

import logging
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from copy import copy
from importlib import import_module
from pathlib import Path
from threading import Lock
from typing import Any

from sqlalchemy import Connection, CursorResult, Engine, ExceptionContext, Executable, Row, event, text
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as NoFreeConnection
from sqlalchemy.pool import PoolProxiedConnection
from sqlmodel import Session, create_engine

from alc_app.runtime.storage.postgres import let_go_when_cut_off, ping_idle_connections, with_timeouts

UNAVAILABLE = (OperationalError, NoFreeConnection)
"""Errors of a database that is locked, full, read-only or unreachable, that has ended a transaction in which nothing
happened for too long, or whose connections are all in use."""
BUSY_TIMEOUT = 10.0
"""Seconds that a writer waits for another one on SQLite, and a thread for a free connection on Postgres."""
RETRY_WAL = 0.02
"""Seconds."""
PRIMARY_CODE = 0xFF
"""The part of SQLite's error codes that says which error it is; the rest says where it came up."""
POOL = 10
"""Connections to Postgres that a process keeps open. Under load it opens up to as many again."""
SQLITE_NOW = "(julianday('now') - 2440587.5) * 86400.0"
POSTGRES_NOW = "extract(epoch from clock_timestamp())"


class DatabaseUnusable(Exception):
    """This program cannot use the database. The message says why, and what to do."""


def explain(error: DBAPIError, file: str = "") -> str:
    """Return what is wrong with a database as a sentence. It names the `file`; one of `open_engine` is known."""
    reason = str(error.orig).strip().partition("\n")[0]
    where = f"The database file {file}" if file else next(iter(error.detail), "The database")
    if type(error.orig) is sqlite3.DatabaseError:
        advice = "Restore it, or move it away and start again."
    else:
        advice = "Check ALC_APP_DATABASE_URL and ALC_APP_HOME."
    if isinstance(error.orig, sqlite3.Error):
        return f"{where} cannot be used: {reason}. {advice}"
    return f"{where} {'cannot be reached' if isinstance(error, OperationalError) else 'refuses'}: {reason}. {advice}"


def report(log: logging.Logger, what: str, error: Exception) -> str:
    """Log `what` happened by an error that nobody foresaw, and return what to tell people of its cause.

    While the database is away, one line says so: a traceback would look like a fault of the program.
    """
    if isinstance(error, UNAVAILABLE):
        log.error("%s The database is not available: %s", what, str(getattr(error, "orig", error)).strip())
        return "The app's database is not available right now."
    log.error("%s", what, exc_info=error)
    return "Something unexpected happened. See the log."


class Database:
    """One database, and the current transaction of each thread."""

    def __init__(self, url: str, committed: Callable[[], None] = lambda: None, *, durable: bool = True) -> None:
        """Open the database at `url`; connects on first use. `committed` is called after each transaction.

        On SQLite one that is not `durable` may lose its last commits on a power cut, and never waits for the disk.
        """
        self.engine = open_engine(url)
        if self.engine.dialect.name == "sqlite" and not durable:
            event.listen(self.engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous=NORMAL"))
        self.is_sqlite = self.engine.dialect.name == "sqlite"
        self._reader = for_reading(self.engine)
        # One statement is a transaction of its own, so around it nothing has to begin and to end.
        self._single = _beginning(self.engine, "") if self.is_sqlite else self._reader
        self.insert = import_module(f"sqlalchemy.dialects.{self.engine.dialect.name}").insert
        """The dialect's `insert`, which has `on_conflict_do_nothing` and `on_conflict_do_update`."""
        self.now = SQLITE_NOW if self.is_sqlite else POSTGRES_NOW
        """SQL for the seconds since 1970 by the database's clock, on which all processes agree."""
        self._clock = text(f"select {self.now}")
        self._committed = committed
        # SQLite has one writer, and who waits for it in another process sleeps and tries again: threads queue here.
        self._turn: AbstractContextManager[object] = Lock() if self.is_sqlite else nullcontext()
        self._current: ContextVar[Session | None] = ContextVar("session", default=None)

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """Yield a session that commits at the end, or rolls back on an error. Joins the current transaction, if any."""
        if session := self._current.get():
            yield session
            return
        with self._turn, Session(self.engine, expire_on_commit=False) as session, session.begin():
            token = self._current.set(session)
            try:
                yield session
            finally:
                self._current.reset(token)
        self._committed()

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Yield a session for reading, which waits for no writer. Joins the current transaction, if any.

        Nothing may be written by it: on Postgres that would be committed.
        """
        if session := self._current.get():
            yield session
            return
        with Session(self._reader, expire_on_commit=False, autoflush=False) as session:
            yield session

    def fetch(
        self, statement: Executable, parameters: Mapping[str, Any], given: Connection | None = None
    ) -> Sequence[Row[Any]]:
        """Read rows by one statement, without a session: a quarter of the cost. Joins the current transaction, if any.

        It goes by the connection that is `given`, if that is one to this database, else by one of its own.
        """
        if session := self._current.get():
            session.flush()
        return self._read(statement, parameters, given)

    def _read(
        self, statement: Executable, parameters: Mapping[str, Any], given: Connection | None = None
    ) -> Sequence[Row[Any]]:
        if session := self._current.get():
            given = session.connection()
        with nullcontext(given) if given and given.engine is self.engine else self._single.connect() as connection:
            return connection.execute(statement, parameters).all()

    def change(self, statement: Executable, parameters: Mapping[str, Any]) -> Sequence[Row[Any]]:
        """Change rows by one statement, without a session. Joins the current transaction, or else is committed.

        Returns the rows of its RETURNING.
        """
        if session := self._current.get():
            session.flush()
            return _rows(session.connection().execute(statement, parameters))
        with self._turn, self._single.connect() as connection:
            rows = _rows(connection.execute(statement, parameters))
        self._committed()
        return rows

    def read_clock(self) -> float:
        """Return the seconds since 1970 by the database's clock. SQLite has that of this machine, as all its users."""
        if self.is_sqlite:
            return time.time()
        return float(self._read(self._clock, {})[0][0])

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()


def open_engine(url: str) -> Engine:
    """Return an engine for `url`.

    SQLite uses WAL with synchronous=FULL, and a writing transaction takes the write lock when it begins (C13): measured
    to be the best setting that loses nothing on a power cut.
    """
    if not url.startswith("sqlite"):
        options: dict[str, Any] = {"pool_size": POOL, "max_overflow": POOL, "pool_timeout": BUSY_TIMEOUT}
        engine = create_engine(with_timeouts(url), **options)
        let_go_when_cut_off(engine)
        ping_idle_connections(engine)
        return engine
    _make_private(url)
    engine = create_engine(url, connect_args={"timeout": BUSY_TIMEOUT, "check_same_thread": False})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "handle_error", _name_file)
    _begin_by(engine.dialect, "BEGIN IMMEDIATE")
    return engine


def for_reading(engine: Engine) -> Engine:
    """Return an engine with the same connections, by which nothing waits for a writer.

    On Postgres it has no transactions: each statement sees the newest data anyway, and to begin and to end one would
    cost as much as two statements.
    """
    if engine.dialect.name == "sqlite":
        return _beginning(engine, "BEGIN")
    return engine.execution_options(isolation_level="AUTOCOMMIT")


def _beginning(engine: Engine, how: str) -> Engine:
    """Return an engine with the same SQLite connections, and another way to begin a transaction; "" begins none.

    SQLAlchemy tells its dialect nothing about the database, so `inspect` needs the first engine.
    """
    other = engine.execution_options()
    other.dialect = copy(engine.dialect)
    _begin_by(other.dialect, how)
    return other


def _begin_by(dialect: Dialect, how: str) -> None:
    """Have transactions on SQLite begin by this statement.

    A listener for "begin" would do so, too. But with one, each statement costs a third more.
    """

    def do_begin(dbapi_connection: PoolProxiedConnection) -> None:
        if how:
            dbapi_connection.cursor().execute(how)

    dialect.do_begin = do_begin  # type: ignore[method-assign]  # SQLAlchemy's hook for this


def _make_private(url: str) -> None:
    """Create the database file readable by its owner only. SQLite gives its journal the same mode."""
    path = url.removeprefix("sqlite:///")
    if path and not path.startswith("sqlite"):
        Path(path).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        Path(path).touch(mode=0o600, exist_ok=True)


def _name_file(context: ExceptionContext) -> None:
    """Let an error name the file of its database, in the log and in `explain`."""
    error, engine = context.sqlalchemy_exception, context.engine
    if error is not None and engine is not None and not error.detail:
        error.add_detail(f"The database file {engine.url.database}")


@event.listens_for(Engine, "connect")
def _add_unixepoch(connection: object, _record: object) -> None:
    """Add `unixepoch('subsec')` to each connection of this process, those of DBOS included, if SQLite lacks it.

    DBOS calls it from Python 3.12 on. Debian 12 and Ubuntu 22.04 have an older SQLite than 3.42, which answers NULL.
    """
    if isinstance(connection, sqlite3.Connection) and sqlite3.sqlite_version_info < (3, 42):
        connection.create_function("unixepoch", 1, lambda _subsec: round(time.time(), 3))


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # we begin transactions ourselves
    _turn_on_wal(connection)
    for pragma in ("synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _turn_on_wal(connection: sqlite3.Connection) -> None:
    """Turn on WAL. SQLite does not wait for its lock here, when several processes start on a new file."""
    deadline = time.monotonic() + BUSY_TIMEOUT
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            code = getattr(error, "sqlite_errorcode", 0) & PRIMARY_CODE
            if code == sqlite3.SQLITE_READONLY or time.monotonic() > deadline:
                raise
            time.sleep(RETRY_WAL)  # another process turns it on, or uses the file
        else:
            return


def _rows(result: CursorResult[Any]) -> Sequence[Row[Any]]:
    return result.all() if result.returns_rows else ()
