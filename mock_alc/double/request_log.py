"""The latest API and OAuth requests, with bodies and with secrets masked (U8), for the control API."""

import json
import threading
from collections import deque
from datetime import datetime
from itertools import count
from typing import Any
from urllib.parse import parse_qsl

from mock_alc.base.clock import iso

KEPT = 500
LARGEST_BODY = 65_536
"""Bytes; of a larger body only the size is kept."""
MASK = "***"
SECRET_FIELDS = frozenset(
    [
        "access_token",
        "client_secret",
        "code",
        "code_verifier",
        "csrf_token",
        "password",
        "refresh_token",
        "secret",
        "token",
    ]
)
SECRET_HEADERS = frozenset({"authorization", "cookie"})


class ReceivedRequests:
    """The latest KEPT requests, in memory."""

    def __init__(self) -> None:
        """Begin empty."""
        self._ring: deque[dict[str, Any]] = deque(maxlen=KEPT)
        self._numbers = count(1)
        self._lock = threading.Lock()

    def add(
        self, *, at: datetime, method: str, path: str, query: str, headers: dict[str, str], body: bytes,
        trace_id: str | None,
    ) -> dict[str, Any]:  # fmt: skip
        """Record a request; the caller sets `status` in the returned entry once it is known."""
        entry = {
            "number": next(self._numbers),
            "at": iso(at),
            "method": method,
            "path": path,
            "query": mask(dict(parse_qsl(query, keep_blank_values=True))),
            "headers": {name: _masked_header(name, value) for name, value in headers.items()},
            "body": _readable(body, headers.get("Content-Type", "")),
            "trace_id": trace_id,
            "status": None,
        }
        with self._lock:
            self._ring.append(entry)
        return entry

    def all(self) -> list[dict[str, Any]]:
        """Return the recorded requests, oldest first."""
        with self._lock:
            return [dict(entry) for entry in self._ring]

    def clear(self) -> None:
        """Forget all requests."""
        with self._lock:
            self._ring.clear()


def mask(value: Any) -> Any:
    """Return a copy of JSON-like data with the values of SECRET_FIELDS masked, at any depth."""
    if isinstance(value, dict):
        return {key: MASK if key in SECRET_FIELDS else mask(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [mask(inner) for inner in value]
    return value


def _masked_header(name: str, value: str) -> str:
    if name.lower() not in SECRET_HEADERS:
        return value
    scheme, space, _ = value.partition(" ")
    return f"{scheme} {MASK}" if space and name.lower() == "authorization" else MASK


def _readable(body: bytes, content_type: str) -> Any:
    """Return the body as masked data; if it is neither a form nor JSON, only its length, since it cannot be masked."""
    if not body:
        return None
    if len(body) > LARGEST_BODY:
        return f"{len(body)} bytes"
    try:
        if content_type.startswith("application/x-www-form-urlencoded"):
            return mask(dict(parse_qsl(body.decode(), keep_blank_values=True, strict_parsing=True)))
        return mask(json.loads(body))
    except (ValueError, RecursionError):
        return f"{len(body)} bytes that are neither a form nor JSON"
