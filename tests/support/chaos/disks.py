"""Make disks full and databases locked or read-only, for a while."""

from __future__ import annotations

import resource
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, event

from tests.support.servers.stack import Server


@contextmanager
def locked(engine: Engine) -> Iterator[None]:
    """Hold the write lock of this SQLite file from another connection."""
    other = sqlite3.connect(Path(engine.url.database or ""), isolation_level=None)
    other.execute("begin immediate")
    try:
        yield
    finally:
        other.execute("rollback")
        other.close()


@contextmanager
def full(engine: Engine) -> Iterator[None]:
    """Let the database grow by no page."""
    yield from _with(engine, "max_page_count = 1")


@contextmanager
def read_only(engine: Engine) -> Iterator[None]:
    """Allow no writes."""
    yield from _with(engine, "query_only = ON")


@contextmanager
def no_room_for(server: Server) -> Iterator[None]:
    """Keep a running server from making any file longer, as a full disk does."""
    _, hard = resource.prlimit(server.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (hard, hard))


def _with(engine: Engine, pragma: str) -> Iterator[None]:
    def restrict(connection: Connection) -> None:
        connection.exec_driver_sql(f"PRAGMA {pragma}")

    event.listen(engine, "begin", restrict)
    try:
        yield
    finally:
        event.remove(engine, "begin", restrict)
        engine.dispose()  # a pragma lasts as long as its connection
