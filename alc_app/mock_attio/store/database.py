"""The database behind the stand-in, SQLite or Postgres: one way to read and one way to write."""

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

from sqlalchemy import Connection, Engine, event, make_url, text
from sqlalchemy.pool import StaticPool
from sqlmodel import Session, create_engine

from alc_app.mock_attio.store.tables import Row

_SQLITE_PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=5000", "foreign_keys=ON")
_START_LOCK = 0x6174_7469  # any number that every stand-in on one Postgres agrees upon


class Database:
    """Hands out sessions: `reading()` for questions, `writing()` for one transaction that commits at its end."""

    def __init__(self, url: str) -> None:
        parsed = make_url(url)
        if parsed.drivername in {"postgres", "postgresql"}:
            parsed = parsed.set(drivername="postgresql+psycopg")
        in_memory = parsed.get_backend_name() == "sqlite" and parsed.database in {None, "", ":memory:"}
        options: dict[str, Any] = {"connect_args": {"check_same_thread": False}, "poolclass": StaticPool}
        self.changed = threading.Event()
        """Set by every commit; whoever waits for changes clears it."""
        self.engine: Engine = create_engine(parsed, **(options if in_memory else {"pool_pre_ping": True}))
        self._writer = self.engine.execution_options(writing=True)
        # A database in memory lives in one connection, which one thread at a time may use.
        self._turn: AbstractContextManager[Any] = threading.RLock() if in_memory else nullcontext()
        # SQLite has one writer at a time, and lets the others look again and again: here each gets its turn.
        is_sqlite = self.engine.dialect.name == "sqlite"
        self._writers_turn: AbstractContextManager[Any] = threading.RLock() if is_sqlite else nullcontext()
        if is_sqlite:
            event.listen(self.engine, "connect", _prepare_sqlite)
            event.listen(self.engine, "begin", _begin_sqlite)

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Yield a session for questions; nothing done in it is kept."""
        with self._turn, Session(self.engine) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """Yield a session that commits when the block ends well, and undoes everything when it raises."""
        with self._writers_turn, self._turn, Session(self._writer, expire_on_commit=False) as session, session.begin():
            yield session
        self.changed.set()

    def create_tables(self, session: Session) -> None:
        """Make what is missing, inside the caller's writing transaction, so that parallel starts are safe."""
        if self.engine.dialect.name == "postgresql":
            session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _START_LOCK})
        Row.metadata.create_all(session.connection())

    def close(self) -> None:
        """Give every connection back."""
        self.engine.dispose()


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # the driver must not begin transactions by itself
    # SQLite lowers ASCII letters only; filters and sorts must treat Å as they treat A.
    connection.create_function("lower", 1, _lower, deterministic=True)
    for pragma in _SQLITE_PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    # A deferred transaction that turns into a writing one fails at once, whatever the timeout.
    immediate = connection.get_execution_options().get("writing")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")


def _lower(value: str | None) -> str | None:
    return value.lower() if isinstance(value, str) else value
