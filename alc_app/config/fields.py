"""Every setting of alc_app, typed: its name, its environment variable, its default and what it means."""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr


class Fields(BaseModel):
    """The settings. Each has an environment variable (its alias) and, for the commands that need it, a flag."""

    model_config = ConfigDict(
        frozen=True,
        populate_by_name=True,
        extra="forbid",
        hide_input_in_errors=True,
        defer_build=True,  # until settings are read: `--help` reads none, and this base class never does
    )

    host: str = Field("127.0.0.1", alias="ALC_APP_HOST", description="Address that the web server binds to.")
    port: int = Field(8000, alias="ALC_APP_PORT", description="Port of the web server.", ge=0, le=65535)
    url: str = Field(
        "",
        alias="ALC_APP_URL",
        description="Origin at which browsers and ALC reach this app; by default from host and port.",
    )
    home: Path = Field(
        Path(".alc"), alias="ALC_APP_HOME", description="Folder of the database files and the generated keys."
    )
    database_url: str = Field(
        "",
        alias="ALC_APP_DATABASE_URL",
        description="SQLAlchemy URL of a SQLite file or a Postgres; by default SQLite files in the home.",
    )
    keys: SecretStr = Field(
        SecretStr(""),
        alias="ALC_APP_KEYS",
        description="Fernet keys for stored secrets, separated by commas: the first one encrypts, all of them "
        "decrypt; by default the app generates one in the home.",
    )
    session_keys: SecretStr = Field(
        SecretStr(""),
        alias="ALC_APP_SECRET_KEY",
        description="Keys for session cookies, separated by commas: the first one signs, all of them verify; by "
        "default the app generates one in the home.",
    )
    env: Literal["development", "production"] = Field(
        "development",
        alias="ALC_APP_ENV",
        description="`development` or `production`, which refuses unsafe settings and plain http.",
    )
    auth: Literal["none", "oidc", "proxy"] = Field(
        "none",
        alias="ALC_APP_AUTH",
        description="How people sign in: `oidc` at an OpenID Connect provider, `proxy` at a reverse proxy, or `none`: "
        "then the app serves this machine only.",
    )
    admins: str = Field(
        "",
        alias="ALC_APP_ADMINS",
        description="Who may do everything: email addresses, `@domain`, `claim=value` or `*`, separated by commas.",
    )
    members: str = Field(
        "",
        alias="ALC_APP_MEMBERS",
        description="Who may see and send people, in the same form. No one else has access.",
    )
    oidc_issuer: str = Field(
        "",
        alias="ALC_APP_OIDC_ISSUER",
        description="Issuer of the OpenID Connect provider, spelled exactly as the provider does.",
    )
    oidc_client_id: str = Field(
        "", alias="ALC_APP_OIDC_CLIENT_ID", description="Id of this app's client at the provider."
    )
    oidc_client_secret: SecretStr = Field(
        SecretStr(""), alias="ALC_APP_OIDC_CLIENT_SECRET", description="Secret of this app's client at the provider."
    )
    proxies: str = Field(
        "",
        alias="ALC_APP_PROXIES",
        description="Addresses or networks of the reverse proxies, separated by commas; `X-Forwarded-For` of others is "
        "ignored.",
    )
    proxy_header: str = Field(
        "X-Forwarded-Email",
        alias="ALC_APP_PROXY_HEADER",
        description="Header with the person's email address, set by the proxy.",
    )
    proxy_secret: SecretStr = Field(
        SecretStr(""),
        alias="ALC_APP_PROXY_SECRET",
        description="Secret that the proxy sends in `X-Proxy-Secret`. Without a secret, list the proxy in "
        "`ALC_APP_PROXIES`.",
    )
    removal: Literal["tutorial", "strict"] = Field(
        "tutorial",
        alias="ALC_APP_REMOVAL",
        description="What happens when `connection_removed` fails: `tutorial` removes the connection and cleans up "
        "later, `strict` keeps it. The page `/settings` overrides it.",
    )
    alc_url: str = Field("http://127.0.0.1:8001", alias="ALC_URL", description="Origin of ALC, and its OAuth issuer.")
    alc_client_id: str = Field("alc-app", alias="ALC_CLIENT_ID", description="Id of this app's OAuth client at ALC.")
    alc_client_secret: SecretStr = Field(
        SecretStr(""),
        alias="ALC_CLIENT_SECRET",
        description="Secret of this app's OAuth client; the demo generates one.",
    )
    send_new_people: bool = Field(
        False,
        alias="ALC_APP_SEND_NEW_PEOPLE",
        description="Whether new people in the CRM with a phone number are sent to ALC at once. The page "
        "`/settings` overrides it.",
    )
    subscription_seconds: int = Field(
        604_800,
        alias="ALC_APP_SUBSCRIPTION_SECONDS",
        description="Seconds for which the connector subscribes at ALC; it refreshes after one seventh.",
        ge=2,
        le=31_536_000,
    )
    alc_status_type: Literal["text", "select", "status"] = Field(
        "text",
        alias="ALC_STATUS_TYPE",
        description="Type of Attio's attribute `alc_status`: `text`, `select` or `status`.",
    )
    attio_api_token: SecretStr = Field(
        SecretStr(""),
        alias="ATTIO_API_TOKEN",
        description="Token of a real Attio workspace. Without a token the app uses the stand-in.",
    )
    attio_url: str = Field(
        "", alias="ATTIO_URL", description="Origin of Attio's API; by default Attio's own if there is a token."
    )
    mock_attio_port: int = Field(
        8002, alias="MOCK_ATTIO_PORT", description="Port of the Attio stand-in.", ge=0, le=65535
    )
    mock_attio_token: SecretStr = Field(
        SecretStr(""),
        alias="MOCK_ATTIO_TOKEN",
        description="Token of the Attio stand-in; by default the app generates one in the home.",
    )
    mock_attio_control: bool = Field(
        False,
        alias="MOCK_ATTIO_CONTROL",
        description="Opens the control API `/_mock` of the Attio stand-in to this machine; the demo opens it.",
    )
    mock_attio_writes_per_second: int = Field(
        25,
        alias="MOCK_ATTIO_WRITES_PER_SECOND",
        description="Rate limit of writes at the Attio stand-in; Attio's own limit is 25; 0 turns it off.",
        ge=0,
    )
    mock_attio_reads_per_second: int = Field(
        100,
        alias="MOCK_ATTIO_READS_PER_SECOND",
        description="Rate limit of reads at the Attio stand-in; Attio's own limit is 100; 0 turns it off.",
        ge=0,
    )
    log_format: Literal["text", "json"] = Field(
        "text",
        alias="ALC_APP_LOG_FORMAT",
        description="`text` for people, `json` for one JSON object per line.",
    )
    log_level: Literal["DEBUG", "INFO", "WARNING"] = Field(
        "INFO",
        alias="ALC_APP_LOG_LEVEL",
        description="`DEBUG`, `INFO` or `WARNING`. Secrets and phone numbers are never logged.",
    )
    metrics_token: SecretStr = Field(
        SecretStr(""),
        alias="ALC_APP_METRICS_TOKEN",
        description="Bearer token for `/metrics`. Without a token only this machine may read it, and in production no "
        "one.",
    )
    worker_metrics_port: int = Field(
        0,
        alias="ALC_APP_WORKER_METRICS_PORT",
        description="Port on loopback at which a worker serves its own `/metrics`; 0 for none.",
        ge=0,
        le=65535,
    )
    exchanges: Literal["on", "off", ""] = Field(
        "",
        alias="ALC_APP_EXCHANGES",
        description="Whether to keep requests and responses for a day, for the live sequence and the inspector: `on` "
        "or `off`. By default on, but off in production, because bodies contain personal data.",
    )
    failpoints: str = Field(
        "",
        alias="ALC_FAILPOINTS",
        description="Failpoints for tests, such as `name:kill`, separated by commas; refused in production.",
    )
