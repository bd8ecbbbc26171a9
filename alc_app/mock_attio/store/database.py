"""The database of the stand-in, SQLite or Postgres: one method for reading and one for writing."""

import logging
import threading
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from copy import copy
from pathlib import Path
from typing import Any, TypeVar, cast

from sqlalchemy import Connection, Engine, MetaData, event, make_url, text
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.pool import PoolProxiedConnection, StaticPool
from sqlmodel import Session, create_engine
from sqlmodel.sql.expression import SelectOfScalar

from alc_app.mock_attio.store.accents import fold
from alc_app.mock_attio.store.tables import Row

logger = logging.getLogger(__name__)
RowType = TypeVar("RowType")

_SQLITE_PRAGMAS = ("journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=5000", "foreign_keys=ON")
"""A kill -9 loses nothing. No commit waits for the disk, so a power cut may lose the last ones of this stand-in."""
HAS_MESSAGES = "has_messages"
"""Key of `Session.info`: the transaction has put a message into the outbox."""
_START_LOCK = 0x6174_7469  # key of the Postgres advisory lock; the same for all stand-ins


class Database:
    """Opens sessions: `reading()` for queries, `writing()` for one transaction that commits at its end."""

    def __init__(self, url: str) -> None:
        """Connect to an SQLAlchemy URL; `sqlite://` is a database in memory."""
        parsed = make_url(url)
        if parsed.drivername in {"postgres", "postgresql"}:
            parsed = parsed.set(drivername="postgresql+psycopg")
        in_memory = parsed.get_backend_name() == "sqlite" and parsed.database in {None, "", ":memory:"}
        options: dict[str, Any] = {"connect_args": {"check_same_thread": False}, "poolclass": StaticPool}
        self.changed = threading.Event()
        """Set by every commit that has put a message into the outbox. The webhook sender waits for it and clears it."""
        self.engine: Engine = create_engine(parsed, **(options if in_memory else {"pool_pre_ping": True}))
        self._reader = self.engine
        # A database in memory has a single connection, which only one thread at a time may use.
        self._lock: AbstractContextManager[Any] = threading.RLock() if in_memory else nullcontext()
        # SQLite has one writer at a time, and the others poll without any order. The lock queues them.
        is_sqlite = self.engine.dialect.name == "sqlite"
        self._write_lock: AbstractContextManager[Any] = threading.RLock() if is_sqlite else nullcontext()
        if is_sqlite:
            if not in_memory:
                _make_private(str(parsed.database))
            event.listen(self.engine, "connect", _prepare_sqlite)
            # A deferred transaction that later writes can fail at once, whatever busy_timeout says.
            _begin_by(self.engine.dialect, "BEGIN IMMEDIATE")
            self._reader = self.engine.execution_options()
            self._reader.dialect = copy(self.engine.dialect)
            _begin_by(self._reader.dialect, "BEGIN")

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Yield a session for queries; changes made in it are discarded."""
        with self._lock, Session(self._reader) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """Yield a session that commits when the block ends, and rolls back if it raises."""
        with self._write_lock, self._lock, Session(self.engine, expire_on_commit=False) as session, session.begin():
            yield session
        if HAS_MESSAGES in session.info:
            self.changed.set()

    def create_tables(self, session: Session) -> None:
        """Create missing tables in the caller's writing transaction. Safe when several stand-ins start at once.

        Tables that an older version has made with other columns are dropped: their data can be had again by a seed.
        """
        if self.engine.dialect.name == "postgresql":
            session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _START_LOCK})
        _drop_outdated(session.connection())
        Row.metadata.create_all(session.connection())

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()


def rows(session: Session, statement: SelectOfScalar[RowType], **parameters: Any) -> Sequence[RowType]:
    """Return what a statement finds, to be read only: with the columns of its class, but without methods.

    That takes a fifth of the time of the class's own objects. What the session has not flushed is not seen.
    """
    return cast(Sequence[RowType], session.connection().execute(statement, parameters).all())


def _drop_outdated(connection: Connection) -> None:
    """Drop all tables of the stand-in if one of them has other columns than this version gives it."""
    found = MetaData()
    found.reflect(connection, only=lambda name, _: name.startswith("attio_"))
    ours = Row.metadata.tables
    if all(table.columns.keys() == ours[name].columns.keys() for name, table in found.tables.items() if name in ours):
        return
    logger.warning("The stand-in's database was made by another version. It is reset and filled again.")
    found.drop_all(connection)


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # the driver must not begin transactions; the dialect does
    # SQLite's own lower() handles ASCII only; filters and sorts must treat Å as they treat A.
    connection.create_function("lower", 1, _lower, deterministic=True)
    connection.create_function("folded", 1, _fold, deterministic=True)
    for pragma in _SQLITE_PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


def _make_private(path: str) -> None:
    """Create a SQLite database's file readable by its owner only. SQLite gives its journal the same mode."""
    with suppress(OSError):  # what is wrong, SQLite will say
        Path(path).touch(mode=0o600)


def _begin_by(dialect: Dialect, how: str) -> None:
    """Have transactions on SQLite begin by this statement. With a listener for "begin" all would cost a third more."""

    def do_begin(dbapi_connection: PoolProxiedConnection) -> None:
        dbapi_connection.cursor().execute(how)

    dialect.do_begin = do_begin  # type: ignore[method-assign]  # SQLAlchemy's hook for this


def _fold(value: str | None) -> str | None:
    return fold(value) if isinstance(value, str) else value


def _lower(value: str | None) -> str | None:
    return value.lower() if isinstance(value, str) else value
