"""Checks of single settings. Each takes the variable's name and its value, and returns the value to use.

They raise ValueError with a sentence that names the variable, and never shows a secret.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import SecretStr

_POSTGRES = re.compile(r"^(postgres|postgresql)://")
_SQLITE_FILE = re.compile(r"sqlite:///(?!:memory:)[^?%]+")
"""A file: several processes open it, and others beside it, so it can be neither in memory nor have options."""
_HEADER_TOKEN = re.compile(r"[\x21-\x7e]*")


def check_origin(name: str, value: str) -> str:
    """Return an origin without the slash that people end it with; paths are joined to it."""
    origin = value.rstrip("/")
    if value and not _is_origin(origin):
        raise ValueError(f"{name} must be an origin such as https://alc.example.com, without a path")
    return origin


def check_home(name: str, value: Path) -> Path:
    """Refuse a path that a database URL would change."""
    if set("?%") & set(str(value)):
        raise ValueError(f"{name} must not contain ? or %, which have a meaning in a database URL")
    if any("\ud800" <= character <= "\udfff" for character in str(value)):  # bytes that Python could not read
        raise ValueError(f"{name} has characters that this locale cannot read; set LC_ALL=C.UTF-8")
    return value


def check_database_url(name: str, value: str) -> str:
    """Return the URL with the Postgres driver that is installed, whichever name of Postgres it has."""
    url = _POSTGRES.sub("postgresql+psycopg://", value)
    if url and not (_SQLITE_FILE.fullmatch(url) or _is_postgres(url)):
        raise ValueError(
            f"{name} must be like sqlite:///alc.db or postgresql://user:password@host:5432/name (in the password, "
            "write @ as %40)"
        )
    return url


def check_token(name: str, value: SecretStr) -> SecretStr:
    """Refuse a token that no HTTP header can carry: the call would fail as if the other side did not answer."""
    if not _HEADER_TOKEN.fullmatch(value.get_secret_value()):
        raise ValueError(f"{name} has a character that tokens do not have, such as a space or a line break")
    return value


FIELD_CHECKS: Mapping[str, Callable[[str, Any], Any]] = {
    "url": check_origin,
    "alc_url": check_origin,
    "attio_url": check_origin,
    "home": check_home,
    "database_url": check_database_url,
    "attio_api_token": check_token,
    "mock_attio_token": check_token,
    "metrics_token": check_token,
}
"""The checks by the name of the setting."""


def _is_postgres(url: str) -> bool:
    try:
        parts = urlsplit(url)
        has_port = parts.port != 0
    except ValueError:
        return False
    return parts.scheme == "postgresql+psycopg" and has_port and parts.netloc.count("@") < 2


def _is_origin(url: str) -> bool:
    try:
        parts = urlsplit(url)
        has_port = parts.port != 0
    except ValueError:  # such as a port beyond 65535
        return False
    whole = f"{parts.scheme}://{parts.netloc}" == url and "@" not in parts.netloc
    return whole and parts.scheme in ("http", "https") and bool(parts.hostname) and has_port
