"""The server's own key: signs cookies, and seals the webhook secrets that it must be able to read again."""

import base64
import hashlib
import os
import secrets
import stat
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.fernet import Fernet


class KeyUnusable(Exception):
    """The key file cannot be trusted, or does not open what was sealed; the message says what to do."""


class Sealer:
    """Seals a text for one owner, so that a value moved to another row does not open (O17)."""

    def __init__(self, key: str) -> None:
        self._key = base64.urlsafe_b64encode(hashlib.sha256(b"webhook secrets " + key.encode()).digest())

    @cached_property
    def _fernet(self) -> "Fernet":
        from cryptography.fernet import Fernet  # Late: a mock starts sooner without.

        return Fernet(self._key)

    def seal(self, text: str, *, owner: str) -> str:
        """Return `text` unreadable, bound to the id of the row that will hold it."""
        return self._fernet.encrypt(f"{owner}\n{text}".encode()).decode()

    def open(self, sealed: str, *, owner: str) -> str:
        """Return the text again; raises KeyUnusable for another key or another row."""
        from cryptography.fernet import InvalidToken

        try:
            bound_to, _, text = self._fernet.decrypt(sealed).decode().partition("\n")
        except InvalidToken as error:
            raise KeyUnusable(
                f"The secret of {owner} does not open. Put back the secret_key file that sealed it."
            ) from error
        if bound_to != owner:
            raise KeyUnusable(f"The secret stored with {owner} was sealed for another row. Rotate it.")
        return text


def key_from_home(home: Path) -> str:
    """Read the key of this home, or make it once, for its owner's eyes only (U11, O18)."""
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = home / "mock_alc_secret_key"
    try:
        handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        return _read_private(path)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(secrets.token_urlsafe(32))
    return _read_private(path)


def _read_private(path: Path) -> str:
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise KeyUnusable(f"Others can read {path}. Run `chmod 600 {path}` and start again.")
    key = path.read_text(encoding="ascii").strip()
    if not key:
        raise KeyUnusable(f"{path} is empty. Delete it, and a new key is made at the next start.")
    return key
