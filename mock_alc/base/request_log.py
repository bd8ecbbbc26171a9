"""The last API and OAuth requests that came in, for the control door: bodies included, secrets masked (U8)."""

import json
import threading
from collections import deque
from datetime import datetime
from itertools import count
from typing import Any
from urllib.parse import parse_qsl

from mock_alc.base.clock import iso

KEPT = 500
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
    """A bounded ring of requests; the newest is last."""

    def __init__(self) -> None:
        self._ring: deque[dict[str, Any]] = deque(maxlen=KEPT)
        self._numbers = count(1)
        self._lock = threading.Lock()

    def add(
        self, *, at: datetime, method: str, path: str, query: str, headers: dict[str, str], body: bytes,
        trace_id: str | None,
    ) -> dict[str, Any]:  # fmt: skip
        """Note a request that came in; the caller adds `status` to the returned entry when it is known."""
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
        """Return what is kept, oldest first."""
        with self._lock:
            return [dict(entry) for entry in self._ring]

    def clear(self) -> None:
        """Forget all requests."""
        with self._lock:
            self._ring.clear()


def mask(value: Any) -> Any:
    """Return JSON-like data with the values of secret fields hidden, at any depth."""
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
    """Show a body as data; one that cannot be read as such is told by its length, since it cannot be masked."""
    if not body:
        return None
    try:
        if content_type.startswith("application/x-www-form-urlencoded"):
            return mask(dict(parse_qsl(body.decode(), keep_blank_values=True, strict_parsing=True)))
        return mask(json.loads(body))
    except (ValueError, RecursionError):
        return f"{len(body)} bytes that are neither a form nor JSON"
