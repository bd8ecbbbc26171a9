"""Secrets that are generated once and kept in a file which only its owner can read."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path


class SecretFileError(OSError):
    """The file cannot be used. The message says why, and what to do."""


def keep_secret(path: Path, make: Callable[[], str]) -> str:
    """Return the text in `path`. If there is no file, create it with the text that `make` returns (O18).

    Of several processes that do this at once, one creates the file and all return its text. Raises: SecretFileError.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not path.exists():
        _create(path, make())
    return read_secret(path)


def read_secret(path: Path) -> str:
    """Return the text in `path`. Raises: SecretFileError, if others may read the file, or if it holds no text."""
    if path.stat().st_mode & 0o077:
        raise SecretFileError(f"Other users can read {path}. Run: chmod 600 {path}")
    text = path.read_bytes().decode("utf-8-sig", errors="replace").strip()
    if not text or not text.isascii():
        raise SecretFileError(f"{path} contains no secret. Restore it, or delete it to get a new one.")
    return text


def _create(path: Path, text: str) -> None:
    """Write a temporary file and link it to `path`, unless another process was faster: no reader sees half a secret."""
    number, name = tempfile.mkstemp(
        prefix=f"{path.name}.", dir=path.parent
    )  # mode 0600, and a name that no other thread uses
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
