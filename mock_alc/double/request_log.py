"""The latest requests and their answers, with bodies and with secrets masked (U8), for the control API."""

import json
import threading
from collections import deque
from collections.abc import Collection
from datetime import datetime
from itertools import count
from typing import Any
from urllib.parse import parse_qsl

from flask import Response, g

from mock_alc.base.clock import iso, monotonic

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
SECRET_ANSWER_FIELDS = SECRET_FIELDS - {"code"}
"""In the body of an answer, `code` is that of an error; authorization codes are in the redirect, which is not kept."""
SECRET_HEADERS = frozenset({"authorization", "cookie"})
ANSWER_HEADERS = ("Content-Type", "Idempotency-Replayed", "Retry-After", "WWW-Authenticate")
"""The headers of an answer that are kept; others, such as Location, may hold secrets or say little."""
LARGEST_ANSWER = 16_384
"""Bytes of an answer that are kept."""


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
        """Record a request and return its entry, which `record_answer` completes."""
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
            "answer": None,
        }
        with self._lock:
            self._ring.append(entry)
        return entry

    def all(self) -> list[dict[str, Any]]:
        """Return the recorded requests, oldest first."""
        with self._lock:
            return [dict(entry) for entry in self._ring]

    @property
    def last(self) -> int:
        """The number of the last request; 0 if there was none since the reset."""
        with self._lock:
            return int(self._ring[-1]["number"]) if self._ring else 0

    def clear(self) -> None:
        """Forget all requests."""
        with self._lock:
            self._ring.clear()


def note_in_log(**facts: Any) -> None:
    """Add what the mock knows about the current request to its entry, if it is recorded."""
    if "received" in g:
        g.received.update(facts)


def record_answer(response: Response, *, started: float, retry_after: float) -> None:
    """Add the answer to the entry of the current request, if it is recorded.

    `started` is when the request came, by `monotonic()`. `retry_after` is what the answer's Retry-After asks for,
    in seconds from now; 0 if it has none.
    """
    body = response.get_data() if not response.direct_passthrough else b""
    kept = body if len(body) <= LARGEST_ANSWER else b"-" * len(body)
    note_in_log(
        status=response.status_code,
        answer=_readable(kept, response.content_type or "", SECRET_ANSWER_FIELDS),
        answer_headers={name: response.headers[name] for name in ANSWER_HEADERS if name in response.headers},
        retry_after=retry_after,
        milliseconds=round((monotonic() - started) * 1000),
    )


def mask(value: Any, names: Collection[str] = SECRET_FIELDS) -> Any:
    """Return a copy of JSON-like data with the values of the fields `names` masked, at any depth."""
    if isinstance(value, dict):
        return {key: MASK if key in names else mask(inner, names) for key, inner in value.items()}
    if isinstance(value, list):
        return [mask(inner, names) for inner in value]
    return value


def _masked_header(name: str, value: str) -> str:
    if name.lower() not in SECRET_HEADERS:
        return value
    scheme, space, _ = value.partition(" ")
    return f"{scheme} {MASK}" if space and name.lower() == "authorization" else MASK


def _readable(body: bytes, content_type: str, names: Collection[str] = SECRET_FIELDS) -> Any:
    """Return the body as masked data; if it is neither a form nor JSON, only its length, since it cannot be masked."""
    if not body:
        return None
    if len(body) > LARGEST_BODY:
        return f"{len(body)} bytes"
    try:
        if content_type.startswith("application/x-www-form-urlencoded"):
            return mask(dict(parse_qsl(body.decode(), keep_blank_values=True, strict_parsing=True)))
        return mask(json.loads(body), names)
    except (ValueError, RecursionError):
        return f"{len(body)} bytes that are neither a form nor JSON"
