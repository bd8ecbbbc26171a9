"""Named locks of several machines, on Postgres: released when their process dies."""

from __future__ import annotations

import hashlib
from contextlib import suppress

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from alc_app.runtime.storage.file_locks import HeldLock


class AdvisoryLocks:
    """Postgres advisory locks. Each needs its own session, so a pooler in transaction mode cannot be used."""

    def __init__(self, engine: Engine) -> None:
        """Lock in the database of `engine`."""
        self._engine = engine

    def __call__(self, name: str) -> HeldLock | None:
        """Take the lock of this name, or return None if another process has it."""
        connection = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        connection.detach()  # so that closing it ends the session, and with it the lock
        if connection.execute(text("select pg_try_advisory_lock(:key)"), {"key": lock_key(name)}).scalar_one():
            return _HeldAdvisoryLock(connection)
        connection.close()
        return None


def lock_key(name: str) -> int:
    """Return the key of a Postgres advisory lock: a signed 64-bit integer derived from the name."""
    return int.from_bytes(hashlib.sha256(f"alc_app/{name}".encode()).digest()[:8], signed=True)


class _HeldAdvisoryLock:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def is_held(self) -> bool:
        try:
            self._connection.execute(text("select 1"))
        except DBAPIError:
            return False
        return True

    def release(self) -> None:
        """Free the lock before the session ends: Postgres ends a session only after `close` has returned."""
        with suppress(SQLAlchemyError):  # the connection is lost, or closed by an earlier call
            self._connection.execute(text("select pg_advisory_unlock_all()"))
        self._connection.close()
