"""Make HTTP messages safe to show: hide tokens, codes and secrets, and cut long bodies."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit, urlunsplit

HIDDEN = "•••"
SECRET_HEADERS = {"authorization", "cookie", "set-cookie", "proxy-authorization", "x-csrftoken"}
SECRET_FIELDS = {
    "access_token",
    "refresh_token",
    "client_secret",
    "code",
    "code_verifier",
    "secret",
    "token",
    "password",
    "state",
}
MAX_BODY = 8192
"""Characters."""


def headers(given: Mapping[str, str]) -> dict[str, str]:
    """Return the headers with credentials hidden; the scheme of an Authorization header stays."""
    return {name: _header(name, str(value)) for name, value in given.items()}


def body(given: bytes | str | None, content_type: str = "") -> str:
    """Return the body as text, with the secret fields of JSON or of a form hidden."""
    text = given.decode("utf-8", "replace") if isinstance(given, bytes) else given or ""
    if "form-urlencoded" in content_type:
        return _pairs(text)[:MAX_BODY]
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return text[:MAX_BODY]
    hidden = _hide(found)  # without a secret it is shown unchanged, because the bytes may have been signed
    return (text if hidden == found else json.dumps(hidden, ensure_ascii=False))[:MAX_BODY]


def url(given: str) -> str:
    """Return the URL with the secret parameters of its query hidden."""
    parts = urlsplit(given)
    return urlunsplit(parts._replace(query=_pairs(parts.query)))


def _pairs(text: str) -> str:
    """Return a query or form as readable text. It is not encoded, so it cannot be sent."""
    return "&".join(f"{name}={_field(name, value)}" for name, value in parse_qsl(text, keep_blank_values=True))


def _header(name: str, value: str) -> str:
    if name.lower() not in SECRET_HEADERS:
        return value
    scheme = value.partition(" ")[0] + " " if name.lower() == "authorization" else ""
    return f"{scheme}{HIDDEN}"


def _field(name: str, value: str) -> str:
    return HIDDEN if name in SECRET_FIELDS and value else value


def _hide(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: HIDDEN if key in SECRET_FIELDS and isinstance(item, str) else _hide(item)
            for key, item in value.items()
        }
    return [_hide(item) for item in value] if isinstance(value, list) else value
