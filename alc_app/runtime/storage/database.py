"""Transactions on SQLite and Postgres alike: short, writing ones start as writers, none spans a network call."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

from sqlalchemy import Connection, Engine, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, create_engine

READS = "alc_app_reads"
BUSY_TIMEOUT = 10.0
"""Seconds that a writer waits for another one on SQLite, and a thread for a free connection on Postgres."""
POOL = 10
"""Connections to Postgres that a process keeps; at most twice as many."""


class Database:
    """One database, and the transaction that the current thread is in."""

    def __init__(self, url: str) -> None:
        self.engine = open_engine(url)
        self._reader = self.engine.execution_options(**{READS: True})
        self.is_sqlite = self.engine.dialect.name == "sqlite"
        self.insert = (sqlite if self.is_sqlite else postgresql).insert
        """Makes the statement that inserts, or does something else on a conflict."""
        self._current: ContextVar[Session | None] = ContextVar("session", default=None)

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """A session that commits at the end, or rolls back on an error. Within another one it joins that one."""
        if session := self._current.get():
            yield session
            return
        with Session(self.engine, expire_on_commit=False) as session, session.begin():
            token = self._current.set(session)
            try:
                yield session
            finally:
                self._current.reset(token)

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session that only reads, and on SQLite waits for no writer. Within a transaction it joins that one."""
        if session := self._current.get():
            yield session
            return
        with Session(self._reader, expire_on_commit=False) as session:
            yield session

    def close(self) -> None:
        """Give the connections back."""
        self.engine.dispose()


def open_engine(url: str) -> Engine:
    """An engine as it was measured to be best: WAL, FULL, a writer from its first statement on (C13)."""
    if not url.startswith("sqlite"):
        return create_engine(url, pool_pre_ping=True, pool_size=POOL, max_overflow=POOL, pool_timeout=BUSY_TIMEOUT)
    _make_private(url)
    engine = create_engine(url, connect_args={"timeout": BUSY_TIMEOUT, "check_same_thread": False})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin)
    return engine


def _make_private(url: str) -> None:
    """A database file is its owner's alone; SQLite gives its journal the same mode."""
    path = url.removeprefix("sqlite:///")
    if path and not path.startswith("sqlite"):
        Path(path).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        Path(path).touch(mode=0o600, exist_ok=True)


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # we begin transactions ourselves
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN" if connection.get_execution_options().get(READS) else "BEGIN IMMEDIATE")
