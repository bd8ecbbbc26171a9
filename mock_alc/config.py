"""All settings of the mock; the environment (`MOCK_ALC_*`) is read when a Config is created."""

import ipaddress
import os
import re
from pathlib import Path
from typing import Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

DEMO_PASSWORD = "let-me-in"  # noqa: S105 (public on purpose: the login page prints it; refused in production)
PUBLISHED_SCHEDULE = (0, 5, 300, 1_800, 7_200, 18_000, 36_000, 36_000)
"""The retry schedule that ALC publishes (W2): seconds to wait before each attempt of a delivery."""
_SQLITE = re.compile(r"sqlite://(/:memory:|/[^?%]+)?")
"""In memory, or a file without options."""
_POSTGRES = ("postgres", "postgresql", "postgresql+psycopg")


class Config(BaseModel):
    """The settings of one mock.

    Arguments take precedence over environment variables; an empty variable counts as unset.
    """

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True, extra="forbid")

    env: Literal["development", "production"] = Field(
        default="development",
        description="`production` refuses the control API, loopback targets and the demo password.",
    )
    url: str = Field(default="", description="Base URL of the mock and OAuth issuer; by default from host and port.")
    host: str = Field(default="127.0.0.1", description="Address to listen on.")
    port: int = Field(default=8001, ge=0, le=65535, description="Port to listen on; 0 takes a free one.")
    home: Path | None = Field(
        default=None,
        description="Folder for the database file and the server's key. With a folder, data survives a restart.",
    )
    database_url: str = Field(
        default="",
        description="SQLite file or Postgres. By default mock_alc.db in the home; without a home, memory.",
    )
    control: bool = Field(
        default=False,
        description="Opens the control API `/_mock` to this machine. Requires a URL on loopback.",
    )
    decide_after: float = Field(
        default=6.0, ge=0, le=86_400, description="Seconds from a lead to the agent's decision."
    )
    client_id: str = Field(default="", description="OAuth client to create at start.")
    client_secret: SecretStr = Field(
        default=SecretStr(""), description="The client's secret. Without a secret it is a public client."
    )
    redirect_uris: tuple[str, ...] = Field(
        default=(),
        description="The client's redirect URIs, separated by commas. They must match exactly; only the port of a "
        "loopback IP address may differ.",
    )
    allow_loopback_targets: bool | None = Field(
        default=None,
        description="Allows webhook targets on loopback, plain http included. By default on if the server listens on "
        "loopback and has no other URL, because then only this machine can register webhooks.",
    )
    retry_schedule: tuple[float, ...] = Field(
        default=PUBLISHED_SCHEDULE, description="Seconds before each delivery attempt, separated by commas."
    )
    delivery_timeout: float = Field(
        default=15.0, gt=0, le=60, description="Longest time for one delivery attempt, in seconds."
    )
    disable_after: int = Field(
        default=432_000, gt=0, description="Seconds of failed deliveries only, after which ALC disables a webhook."
    )
    secret_overlap: int = Field(
        default=86_400, ge=0, description="Seconds that the old secret still signs after a rotation."
    )
    code_lifetime: int = Field(default=60, ge=1, le=60, description="Lifetime of an authorization code, in seconds.")
    access_token_lifetime: int = Field(
        default=3_600, ge=1, le=3_600, description="Lifetime of an access token, in seconds."
    )
    refresh_token_lifetime: int = Field(
        default=2_592_000, ge=1, description="Lifetime of an unused refresh token, in seconds."
    )
    refresh_grace: int = Field(
        default=0,
        ge=0,
        le=30,
        description="Seconds in which a used refresh token may be used again without revoking the grant.",
    )
    demo_email: str = Field(default="demo@acmeleadchecker.test", description="Email address of the demo account.")
    demo_password: SecretStr = Field(default=SecretStr(DEMO_PASSWORD), description="Password of the demo account.")

    @model_validator(mode="before")
    @classmethod
    def _add_environment(cls, given: dict[str, Any]) -> dict[str, Any]:
        set_there = {name: _trimmed(os.environ.get(f"MOCK_ALC_{name.upper()}", "")) for name in cls.model_fields}
        return {name: value for name, value in set_there.items() if value} | given

    @field_validator("redirect_uris", "retry_schedule", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("database_url")
    @classmethod
    def _is_a_database(cls, value: str) -> str:
        if value and not (_SQLITE.fullmatch(value) or _is_postgres(value)):
            raise ValueError(
                "The database URL must be like sqlite:///mock.db or postgresql://user:password@host:5432/name."
            )
        return value

    @field_validator("url")
    @classmethod
    def _is_an_issuer(cls, value: str) -> str:
        parts = urlsplit(value)
        if value and (not parts.hostname or parts.query or parts.fragment or parts.path.strip("/") or parts.username):
            raise ValueError("The URL must be an origin such as https://alc.example.com, with nothing after the host.")
        if value and parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.hostname or "")):
            raise ValueError("The URL must start with https://. Plain http is for loopback only.")
        return value.rstrip("/")

    @model_validator(mode="after")
    def _check_combinations(self) -> Self:
        if not self.retry_schedule or min(self.retry_schedule) < 0:
            raise ValueError("The retry schedule needs at least one delay, and none below zero.")
        if set("?%") & set(str(self.home or "")):
            raise ValueError("The path of the home must not contain ? or %, which have a meaning in a database URL.")
        if any(
            "\ud800" <= character <= "\udfff" for character in str(self.home or "")
        ):  # Bytes that Python could not read.
            raise ValueError("The path of the home has characters that this locale cannot read. Set LC_ALL=C.UTF-8.")
        if self.redirect_uris and not self.client_id:
            raise ValueError("Redirect URIs need a client: set the client id too.")
        if self.env == "production":
            self._refuse_in_production()
        self._refuse_behind_a_proxy()
        return self

    def _refuse_in_production(self) -> None:
        if self.control:
            raise ValueError("The control API cannot run in production, because it issues tokens. Turn control off.")
        if self.database == "sqlite://":
            raise ValueError("Production needs a home or a database URL. Data in memory is lost at the next restart.")
        if self.allow_loopback_targets:
            raise ValueError(
                "Production does not allow webhook targets on loopback, because they reach into this machine."
            )
        if self.demo_password.get_secret_value() == DEMO_PASSWORD:
            raise ValueError("Production needs its own demo password, because the default is public.")

    def _refuse_behind_a_proxy(self) -> None:
        """Refuse what trusts loopback if the URL is public: then a proxy on this machine forwards for anybody."""
        if self.has_public_url and self.control:
            raise ValueError(
                f"The control API cannot run at {self.url}: it issues tokens, and behind a proxy every caller looks "
                f"like this machine. Turn control off, or use a URL on loopback."
            )
        if self.has_public_url and self.allow_loopback_targets:
            raise ValueError(
                f"Webhook targets on loopback are not allowed at {self.url}: anyone who can reach it could send "
                f"requests to this machine."
            )

    @property
    def has_public_url(self) -> bool:
        """Whether the configured URL leads to this server from elsewhere, through a proxy or a tunnel."""
        return not is_loopback(urlsplit(self.issuer).hostname or "")

    @property
    def issuer(self) -> str:
        """The base URL of this server: `url`, or made of host and port; never taken from a request (A16)."""
        host = self.host if is_loopback(self.host) else "127.0.0.1"
        return self.url or f"http://{f'[{host}]' if ':' in host else host}:{self.port}"

    @property
    def is_https(self) -> bool:
        """Whether the server is reached over TLS; cookies are Secure then."""
        return self.issuer.startswith("https:")

    @property
    def database(self) -> str:
        """The database URL; by default a file in the home, or in memory if there is none."""
        if self.database_url or self.home is None:
            return self.database_url or "sqlite://"
        return f"sqlite:///{self.home.absolute() / 'mock_alc.db'}"

    @property
    def key_home(self) -> Path:
        """The folder of the server's key; used unless the database is in memory."""
        return self.home or Path(".alc")

    @property
    def loopback_targets_allowed(self) -> bool:
        """Whether webhooks may point at this machine; private networks are always refused (W6)."""
        if self.allow_loopback_targets is None:
            return self.env != "production" and is_loopback(self.host) and not self.has_public_url
        return self.allow_loopback_targets


def _is_postgres(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in _POSTGRES and parts.port != 0
    except ValueError:  # such as a port that is no number
        return False


def _trimmed(value: str) -> str:
    """Leave out the white space and the byte order mark that a value from a file may have."""
    return value.strip().strip("\ufeff").strip()


def is_loopback(host: str) -> bool:
    """Return whether a host in a setting is a loopback address or `localhost`."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"
