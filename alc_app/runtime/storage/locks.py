"""Named locks that are released when their process dies: files on one machine, Postgres on several."""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError


class HeldLock(Protocol):
    """A lock that we hold."""

    def is_held(self) -> bool:
        """Return whether we still hold it."""

    def release(self) -> None:
        """Release it. Idempotent."""


TryLock = Callable[[str], HeldLock | None]
"""Takes the lock of this name, or returns None at once if another process has it."""


class FileLocks:
    """File locks: one file for each name, in a folder that all processes of a machine share."""

    def __init__(self, folder: Path) -> None:
        """Keep the lock files in `folder`."""
        self._folder = folder

    def __call__(self, name: str) -> HeldLock | None:
        """Take the lock of this name, or return None if another process has it."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = os.open(self._folder / f"{name}.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(file)
            return None
        return _HeldFileLock(file)


class _HeldFileLock:
    def __init__(self, file: int) -> None:
        self._file: int | None = file

    def is_held(self) -> bool:
        return self._file is not None

    def release(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None


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
        self._connection.close()
