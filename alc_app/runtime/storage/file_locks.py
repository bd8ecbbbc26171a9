"""Named locks of one machine, released when their process dies. It imports no database, so the demo starts quickly."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from pathlib import Path
from typing import Protocol


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
