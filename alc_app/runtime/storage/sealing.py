"""Encrypt secrets at rest. Each is bound to the row and column it is stored in (O17-O19)."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from alc_app.config.secret_files import keep_secret, read_secret
from alc_app.config.settings import Config


class CannotUnseal(Exception):
    """The value was sealed with a key that is not configured, or for another place."""


class KeyMissing(Exception):
    """The key for the stored secrets is missing or malformed. The message says what to do."""


class Sealer:
    """Seals with the first key, unseals with any. A key file is read again when its keys do not fit."""

    def __init__(self, keys: list[str], file: Path | None = None) -> None:
        """Use these Fernet keys, which were read from `file`, if it is given. Raises: KeyMissing."""
        self._file = file
        self._use_keys(keys)

    @classmethod
    def from_config(cls, config: Config, *, in_use: bool) -> Sealer:
        """Use the keys in `ALC_APP_KEYS`, or a key file in the home, which is created on first use.

        Raises: KeyMissing, if secrets are stored already (`in_use`) but no key: a new one could not unseal them.
        """
        given, path = config.keys.get_secret_value(), config.home / "sealing_key"
        if given:
            return cls(_split_keys(given))
        if in_use and not path.exists():
            raise KeyMissing(f"The key file {path} is missing, but secrets need it. Restore it, or set ALC_APP_KEYS.")
        return cls(_split_keys(keep_secret(path, lambda: Fernet.generate_key().decode())), path)

    def seal(self, place: str, secret: str) -> str:
        """Seal `secret` for `place`, such as "connection/42/access_token"."""
        return self._fernet.encrypt(f"{place}\0{secret}".encode()).decode()

    def unseal(self, place: str, sealed: str) -> str:
        """Return the secret that was sealed for `place`. Raises: CannotUnseal."""
        try:
            found, _, secret = self._decrypt(sealed).partition("\0")
        except InvalidToken as error:
            raise CannotUnseal(f"{place} was encrypted with another key. Is ALC_APP_KEYS complete?") from error
        if found != place:
            raise CannotUnseal(f"{place} contains a secret that was encrypted for another place.")
        return secret

    def reseal(self, place: str, sealed: str) -> str:
        """Return the secret sealed with the first key; unchanged if it is already. Raises: CannotUnseal."""
        secret = self.unseal(place, sealed)
        try:
            self._first.decrypt(sealed.encode())
        except InvalidToken:
            return self.seal(place, secret)
        return sealed

    def _decrypt(self, sealed: str) -> str:
        try:
            return self._fernet.decrypt(sealed.encode()).decode()
        except InvalidToken:
            if not self._read_file_again():
                raise
            return self._fernet.decrypt(sealed.encode()).decode()

    def _read_file_again(self) -> bool:
        """Use the keys that are in the file now; return False if they are the same, or if it holds none."""
        if self._file is None:
            return False
        with suppress(OSError, KeyMissing):
            keys = _split_keys(read_secret(self._file))
            if keys != self._keys:
                self._use_keys(keys)
                return True
        return False

    def _use_keys(self, keys: list[str]) -> None:
        try:
            fernets = [Fernet(key) for key in keys]
            self._keys, self._first, self._fernet = keys, fernets[0], MultiFernet(fernets)
        except (ValueError, IndexError) as error:
            raise KeyMissing(
                "Not all of ALC_APP_KEYS, or of the file sealing_key in the home, are Fernet keys."
            ) from error

    def can_unseal(self, place: str, sealed: str) -> bool:
        """Return whether the configured keys can unseal a value for this place."""
        try:
            return bool(self.unseal(place, sealed))
        except CannotUnseal:
            return False


def _split_keys(keys: str) -> list[str]:
    return [key.strip() for key in keys.split(",") if key.strip()]
