"""The settings (fields.py), read and checked. `Config.from_env()` is the only place that reads the environment."""

from __future__ import annotations

import os
import secrets
import sqlite3
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from pydantic import SecretStr, ValidationInfo, field_validator, model_validator

from alc_app.config.addresses import load_addresses
from alc_app.config.field_checks import FIELD_CHECKS
from alc_app.config.fields import Fields
from alc_app.config.secret_files import keep_secret, read_secret
from alc_app.config.sign_in import check_sign_in

REAL_ATTIO = "https://api.attio.com"
BOM = "\ufeff"
EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - people may ask for it
"""Addresses to bind to that no browser can open, each with the one of this machine."""
OLDEST_SQLITE = (3, 35)
"""The first that has `returning`. A Python brings its own SQLite, or takes the system's."""


class Config(Fields):
    """The settings of one process, and what follows from them."""

    @classmethod
    def from_env(cls, *, saved_addresses: bool = False, **flags: object) -> Self:
        """Return the settings from the environment. Flags, by field name, win unless they are None.

        White space around a variable, and a byte order mark, are left out: what comes from a file often has one.

        With `saved_addresses`, addresses that neither says are those that the web process has saved in the home: a
        command such as `alc-app doctor` then finds the app that runs there. Raises: pydantic.ValidationError.
        """
        aliases = {name: field.alias or name for name, field in cls.model_fields.items()}
        found = {alias: os.environ.get(alias, "").strip().strip(BOM).strip() for alias in aliases.values()}
        values: dict[str, object] = {alias: value for alias, value in found.items() if value}
        values |= {aliases[name]: value for name, value in flags.items() if value is not None}
        if saved_addresses:
            home = values.get("ALC_APP_HOME", cls.model_fields["home"].default)
            values |= load_addresses(Path(str(home)), set(values))
        return cls.model_validate(values)

    @field_validator(*FIELD_CHECKS)
    @classmethod
    def _check_field(cls, value: Any, info: ValidationInfo) -> Any:
        name = str(info.field_name)
        return FIELD_CHECKS[name](cls.model_fields[name].alias or name, value)

    @model_validator(mode="after")
    def _check(self) -> Self:
        if not self.shares_database and sqlite3.sqlite_version_info < OLDEST_SQLITE:
            raise ValueError(
                f"SQLite {sqlite3.sqlite_version} is too old. Use a Python with SQLite 3.35 or newer, or set "
                f"ALC_APP_DATABASE_URL to a Postgres"
            )
        if self.env == "production":
            self._refuse_in_production()
        check_sign_in(self, urlsplit(self.base_url).hostname or "")
        return self

    def _refuse_in_production(self) -> None:
        if self.failpoints:
            raise ValueError("ALC_FAILPOINTS makes the app fail on purpose; it is not allowed in production")
        if self.mock_attio_control:
            raise ValueError(
                "MOCK_ATTIO_CONTROL gives tokens to anyone on this machine; it is not allowed in production"
            )
        if self.shares_database and not (self.keys.get_secret_value() and self.session_keys.get_secret_value()):
            raise ValueError("ALC_APP_KEYS and ALC_APP_SECRET_KEY must be set: every process needs the same ones")
        outside = {"ALC_APP_URL": self.base_url, "ALC_URL": self.alc_url, "ATTIO_URL": self.attio_url or REAL_ATTIO}
        outside |= {"ALC_APP_OIDC_ISSUER": self.oidc_issuer} if self.auth == "oidc" else {}
        for name, url in outside.items():
            if not url.startswith("https://"):
                raise ValueError(f"{name} must be an https address in production")
        if not self.uses_real_attio and not self.attio_url:
            raise ValueError("ATTIO_API_TOKEN must be set in production: without it the app would use the stand-in")
        if not self.client_secret:
            raise ValueError("ALC_CLIENT_SECRET must be set in production: without it ALC cannot identify this app")

    def as_env(self) -> dict[str, str]:
        """Return the environment variables that give a child process these settings. Omit those that were not set."""
        env = {}
        for name in self.model_fields_set:
            value = getattr(self, name)
            text = value.get_secret_value() if isinstance(value, SecretStr) else str(value)
            env[type(self).model_fields[name].alias or name] = text
        return env

    @property
    def base_url(self) -> str:
        """The origin at which browsers and ALC reach this app."""
        name = EVERYWHERE.get(self.host, self.host)
        host = f"[{name}]" if ":" in name else name
        return self.url or f"http://{host}:{self.port}"

    @property
    def uses_real_attio(self) -> bool:
        """Whether there is a token of a real workspace, so that the stand-in is not needed."""
        return bool(self.attio_api_token.get_secret_value())

    @property
    def attio_origin(self) -> str:
        """The origin of every request to Attio."""
        stand_in = f"http://127.0.0.1:{self.mock_attio_port}"
        return self.attio_url or (REAL_ATTIO if self.uses_real_attio else stand_in)

    @property
    def addresses(self) -> dict[str, str]:
        """The addresses to save in the home, by the names of their environment variables (config/addresses.py)."""
        found = {"ALC_APP_URL": self.base_url, "ALC_URL": self.alc_url}
        if self.attio_url:
            found["ATTIO_URL"] = self.attio_url
        elif not self.uses_real_attio:
            found["MOCK_ATTIO_PORT"] = str(self.mock_attio_port)
        return found

    @property
    def attio_token(self) -> str:
        """The token for Attio: the real one, or the stand-in's."""
        return self.attio_api_token.get_secret_value() or self.stand_in_token

    @property
    def stand_in_token(self) -> str:
        """The stand-in's token. If none is set, one is generated and kept in the home."""
        given = self.mock_attio_token.get_secret_value()
        return given or keep_secret(self.home / "mock_attio_token", lambda: secrets.token_hex(32))

    @property
    def client_secret(self) -> str:
        """The secret of our OAuth client at ALC: the one that is set, or the one that the demo has kept in the home."""
        file = self.home / "alc_client_secret"
        given = self.alc_client_secret.get_secret_value()
        return given or (read_secret(file) if file.exists() else "")

    @property
    def secret_keys(self) -> list[str]:
        """Flask's keys for session cookies; the first one signs (U11). If none is set, one is generated and kept."""
        given = [key.strip() for key in self.session_keys.get_secret_value().split(",") if key.strip()]
        return given or [keep_secret(self.home / "session_key", lambda: secrets.token_hex(32))]

    @property
    def notes_exchanges(self) -> bool:
        """Whether requests and responses are kept for the live sequence and the inspector."""
        return self.exchanges == "on" or (not self.exchanges and self.env == "development")

    @property
    def has_labs(self) -> bool:
        """Whether labs may break things: in development, only with the stand-in for Attio, and where nobody signs in.

        A lab presses the page's buttons itself.
        """
        stands_in = not self.uses_real_attio and not self.attio_url
        return self.env == "development" and self.auth == "none" and stands_in

    @property
    def kill_once(self) -> Path | None:
        """The file by which a lab makes a worker kill itself at a failpoint (runtime/failpoints.py)."""
        return self.home / "kill-once" if self.has_labs else None

    @property
    def shares_database(self) -> bool:
        """Whether the database is a Postgres, which processes on several machines can share."""
        return bool(self.database_url) and not self.database_url.startswith("sqlite")

    def database(self, name: str) -> str:
        """Return the URL of the database of this name: one file each with SQLite, the same Postgres for all."""
        if self.shares_database:
            return self.database_url
        if self.database_url:
            path = Path(self.database_url.removeprefix("sqlite:///"))
            return f"sqlite:///{path}" if name == "app" else f"sqlite:///{path.with_suffix(f'.{name}{path.suffix}')}"
        return f"sqlite:///{self.home / f'{name}.db'}"
