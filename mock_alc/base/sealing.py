"""The server's key: signs cookies and encrypts the webhook secrets, which signing needs in plain text."""

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
    """The key file is unsafe, or its key did not seal this value; the message says what to do."""


class Sealer:
    """Encrypts texts, each bound to its row, so that a value copied to another row is useless (O17)."""

    def __init__(self, key: str) -> None:
        """Derive the encryption key from the server's key."""
        self._key = base64.urlsafe_b64encode(hashlib.sha256(b"webhook secrets " + key.encode()).digest())

    @cached_property
    def _fernet(self) -> "Fernet":
        from cryptography.fernet import Fernet  # Late, to start faster.

        return Fernet(self._key)

    def seal(self, text: str, *, owner: str) -> str:
        """Return `text` encrypted for the row with the id `owner`."""
        return self._fernet.encrypt(f"{owner}\n{text}".encode()).decode()

    def open(self, sealed: str, *, owner: str) -> str:
        """Return the text; raise KeyUnusable if it was sealed with another key or for another row."""
        from cryptography.fernet import InvalidToken

        try:
            bound_to, _, text = self._fernet.decrypt(sealed).decode().partition("\n")
        except InvalidToken as error:
            raise KeyUnusable(
                f"The secret of {owner} cannot be decrypted. Restore the secret_key file that encrypted it."
            ) from error
        if bound_to != owner:
            raise KeyUnusable(f"The secret stored with {owner} was encrypted for another row. Rotate it.")
        return text


def key_from_home(home: Path) -> str:
    """Return the key in this folder, creating it on first use, readable by its owner only (U11, O18)."""
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
        raise KeyUnusable(f"Other users can read {path}. Run `chmod 600 {path}` and start again.")
    key = path.read_text(encoding="ascii").strip()
    if not key:
        raise KeyUnusable(f"{path} is empty. Delete it; the next start makes a new key.")
    return key
