"""Secrets that live in a file of their own: made once, readable by their owner only."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path


class UnsafeFileError(Exception):
    """The file could be read by others; the message says what to do."""


def keep_secret(path: Path, make: Callable[[], str]) -> str:
    """The text in `path`; made when there is none, by exactly one of the processes that ask at once (O18).

    Raises: UnsafeFileError, when others than the owner may read it.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not path.exists():
        _create(path, make())
    if path.stat().st_mode & 0o077:
        raise UnsafeFileError(f"{path} can be read by others. Run: chmod 600 {path}")
    return path.read_text(encoding="ascii").strip()


def _create(path: Path, text: str) -> None:
    """Write a whole file or none: to a name of our own first, then linked into place unless another was faster."""
    number, name = tempfile.mkstemp(prefix=f"{path.name}.", dir=path.parent)  # 0600, and of this thread alone
    draft = Path(name)
    with os.fdopen(number, "w", encoding="ascii") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
