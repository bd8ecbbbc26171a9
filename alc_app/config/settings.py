"""Every setting of alc_app, typed. Read from the environment by `Config.from_env()` and nowhere else."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from alc_app.config.addresses import remembered
from alc_app.config.secret_files import keep_secret

REAL_ATTIO = "https://api.attio.com"
LOOPBACK = ("127.0.0.1", "localhost", "::1")


class Config(BaseModel):
    """Settings. Each has an environment variable (its alias) and, where a command takes it, a flag of that name."""

    model_config = ConfigDict(frozen=True, populate_by_name=True, extra="forbid", hide_input_in_errors=True)

    host: str = Field("127.0.0.1", alias="ALC_APP_HOST", description="address that the web server binds to")
    port: int = Field(8000, alias="ALC_APP_PORT", description="port of the web server", ge=0, le=65535)
    url: str = Field(
        "",
        alias="ALC_APP_URL",
        description="where browsers and ALC find this app; default: the bound address",
    )
    home: Path = Field(Path(".alc"), alias="ALC_APP_HOME", description="folder for the databases and the keys")
    database_url: str = Field(
        "", alias="ALC_APP_DATABASE_URL", description="SQLAlchemy URL; default: SQLite in the home"
    )
    keys: SecretStr = Field(
        SecretStr(""),
        alias="ALC_APP_KEYS",
        description="comma list of Fernet keys that seal the secrets, the first one seals; default: a file in the home",
    )
    session_keys: SecretStr = Field(
        SecretStr(""),
        alias="ALC_APP_SECRET_KEY",
        description="comma list of keys for session cookies, the first one signs; default: a file in the home",
    )
    env: Literal["development", "production"] = Field(
        "development",
        alias="ALC_APP_ENV",
        description="production refuses every switch that weakens something",
    )
    removal: Literal["tutorial", "strict"] = Field(
        "tutorial",
        alias="ALC_APP_REMOVAL",
        description="what a failed `connection_removed` does, until a person has set it in `/settings`: `tutorial` "
        "removes anyway and cleans up later, `strict` keeps the connection",
    )
    alc_url: str = Field("http://127.0.0.1:8001", alias="ALC_URL", description="where ALC is; also its OAuth issuer")
    alc_client_id: str = Field("alc-app", alias="ALC_CLIENT_ID", description="our OAuth client at ALC")
    alc_client_secret: SecretStr = Field(
        SecretStr(""), alias="ALC_CLIENT_SECRET", description="its secret; the demo provisions its own"
    )
    send_new_people: bool = Field(
        False,
        alias="ALC_APP_SEND_NEW_PEOPLE",
        description="sends everybody to ALC who is added to the CRM with a phone number, until a person has set it in "
        "`/settings`",
    )
    subscription_seconds: int = Field(
        604_800,
        alias="ALC_APP_SUBSCRIPTION_SECONDS",
        description="for how long ALC is asked to call the connector, which refreshes in a seventh of that time",
        ge=2,
        le=31_536_000,
    )
    alc_status_type: Literal["text", "select", "status"] = Field(
        "text", alias="ALC_STATUS_TYPE", description="type of the attribute `alc_status`"
    )
    attio_api_token: SecretStr = Field(
        SecretStr(""),
        alias="ATTIO_API_TOKEN",
        description="token of a real Attio workspace; none: the stand-in is used",
    )
    attio_url: str = Field(
        "", alias="ATTIO_URL", description="origin of Attio's API; default: the real one with a token"
    )
    mock_attio_port: int = Field(
        8002, alias="MOCK_ATTIO_PORT", description="port of the Attio stand-in", ge=0, le=65535
    )
    mock_attio_token: SecretStr = Field(
        SecretStr(""),
        alias="MOCK_ATTIO_TOKEN",
        description="token of the stand-in; default: random, kept in the home",
    )
    log_format: Literal["text", "json"] = Field(
        "text", alias="ALC_APP_LOG_FORMAT", description="lines for people, or a JSON object a line for machines"
    )
    log_level: Literal["DEBUG", "INFO", "WARNING"] = Field(
        "INFO", alias="ALC_APP_LOG_LEVEL", description="how much is logged; secrets and phone numbers never are"
    )
    metrics_token: SecretStr = Field(
        SecretStr(""),
        alias="ALC_APP_METRICS_TOKEN",
        description="Bearer token for `/metrics`; without one only this machine sees it, and in production nobody",
    )
    worker_metrics_port: int = Field(
        0,
        alias="ALC_APP_WORKER_METRICS_PORT",
        description="port on loopback at which a worker shows `/metrics` of its own; 0 is none",
        ge=0,
        le=65535,
    )
    exchanges: Literal["on", "off", ""] = Field(
        "",
        alias="ALC_APP_EXCHANGES",
        description="whether who talked to whom is kept for a day, to be drawn: `on` or `off`; default: on, in "
        "production off, because bodies tell of people",
    )
    failpoints: str = Field(
        "", alias="ALC_FAILPOINTS", description="places at which to die, for tests (`name:kill`); refused in production"
    )

    @classmethod
    def from_env(cls, *, beside: bool = False, **flags: object) -> Self:
        """Settings from the environment; flags that were given, by the fields' names, win.

        What works `beside` a web process takes the addresses that neither says from that one, by way of the home.
        """
        aliases = {name: field.alias or name for name, field in cls.model_fields.items()}
        values: dict[str, object] = {alias: os.environ[alias] for alias in aliases.values() if os.environ.get(alias)}
        values |= {aliases[name]: value for name, value in flags.items() if value is not None}
        if beside:
            home = values.get("ALC_APP_HOME", cls.model_fields["home"].default)
            values |= remembered(Path(str(home)), set(values))
        return cls.model_validate(values)

    @model_validator(mode="after")
    def _check(self) -> Self:
        for name in ("url", "alc_url", "attio_url"):
            if getattr(self, name) and not _is_origin(getattr(self, name)):
                raise ValueError(f"{name} must be an origin such as https://alc.example.com, without a path")
        if self.env == "production":
            self._refuse_in_production()
        return self

    def _refuse_in_production(self) -> None:
        if self.failpoints:
            raise ValueError("ALC_FAILPOINTS lets the program fail on purpose, and is refused in production")
        if self.shares_database and not (self.keys.get_secret_value() and self.session_keys.get_secret_value()):
            raise ValueError("ALC_APP_KEYS and ALC_APP_SECRET_KEY must be set: every process needs the same ones")
        outside = {"ALC_APP_URL": self.base_url, "ALC_URL": self.alc_url, "ATTIO_URL": self.attio_url or REAL_ATTIO}
        for name, url in outside.items():
            if not url.startswith("https://"):
                raise ValueError(f"{name} must be an https address in production")

    def as_env(self) -> dict[str, str]:
        """The environment that gives a child process these settings; what was not set stays out."""
        env = {}
        for name in self.model_fields_set:
            value = getattr(self, name)
            text = value.get_secret_value() if isinstance(value, SecretStr) else str(value)
            env[type(self).model_fields[name].alias or name] = text
        return env

    @property
    def base_url(self) -> str:
        """Where browsers and ALC find this app."""
        return self.url or f"http://{self.host}:{self.port}"

    @property
    def uses_real_attio(self) -> bool:
        """With a token of a real workspace the stand-in is not needed."""
        return bool(self.attio_api_token.get_secret_value())

    @property
    def attio_origin(self) -> str:
        """The origin that every call to Attio goes to."""
        stand_in = f"http://127.0.0.1:{self.mock_attio_port}"
        return self.attio_url or (REAL_ATTIO if self.uses_real_attio else stand_in)

    @property
    def addresses(self) -> dict[str, str]:
        """What this installation serves and calls, by the names of the settings that say so (config/addresses.py)."""
        found = {"ALC_APP_URL": self.base_url, "ALC_URL": self.alc_url}
        if self.attio_url:
            found["ATTIO_URL"] = self.attio_url
        elif not self.uses_real_attio:
            found["MOCK_ATTIO_PORT"] = str(self.mock_attio_port)
        return found

    @property
    def attio_token(self) -> str:
        """The key to Attio: the real one, or the stand-in's."""
        return self.attio_api_token.get_secret_value() or self.stand_in_token

    @property
    def stand_in_token(self) -> str:
        """The stand-in's token; made once and kept in the home, when none is set."""
        given = self.mock_attio_token.get_secret_value()
        return given or keep_secret(self.home / "mock_attio_token", lambda: secrets.token_hex(32))

    @property
    def client_secret(self) -> str:
        """The secret of our client at ALC: the one that was set, or the one that the demo has made in this home."""
        made = self.home / "alc_client_secret"
        given = self.alc_client_secret.get_secret_value()
        return given or (made.read_text(encoding="ascii").strip() if made.exists() else "")

    @property
    def secret_keys(self) -> list[str]:
        """Flask's keys for session cookies, the first one signs (U11): made once and kept in the home."""
        given = [key.strip() for key in self.session_keys.get_secret_value().split(",") if key.strip()]
        return given or [keep_secret(self.home / "session_key", lambda: secrets.token_hex(32))]

    @property
    def notes_exchanges(self) -> bool:
        """Are the messages between the participants kept?"""
        return self.exchanges == "on" or (not self.exchanges and self.env == "development")

    @property
    def has_labs(self) -> bool:
        """May things be broken on purpose? In development, and with the stand-in for Attio only."""
        return self.env == "development" and not self.uses_real_attio and not self.attio_url

    @property
    def kill_once(self) -> Path | None:
        """The file by which a lab has a process killed at a place of its code (runtime/failpoints.py)."""
        return self.home / "kill-once" if self.has_labs else None

    @property
    def shares_database(self) -> bool:
        """With Postgres, processes on several machines work on one database."""
        return bool(self.database_url) and not self.database_url.startswith("sqlite")

    def database(self, name: str) -> str:
        """The URL of one of our databases: files beside each other with SQLite, one and the same with Postgres."""
        if self.shares_database:
            return self.database_url
        if self.database_url:
            path = Path(self.database_url.removeprefix("sqlite:///"))
            return f"sqlite:///{path}" if name == "app" else f"sqlite:///{path.with_suffix(f'.{name}{path.suffix}')}"
        return f"sqlite:///{self.home / f'{name}.db'}"


def _is_origin(url: str) -> bool:
    parts = urlsplit(url)
    whole = f"{parts.scheme}://{parts.netloc}" == url and "@" not in parts.netloc
    return whole and parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
