"""`Request` and `Response` as a webhook handler sees them, and what `fetch()` returns.

After the Fetch standard's classes of the same names, which the tutorial's handlers use.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

MAX_DEPTH = 32
MAX_WAIT = 86_400.0
"""Seconds: no `Retry-After` makes us wait for longer than a day."""
_CONTROL = re.compile(r"[\x00-\x1f]")


class BadRequest(Exception):
    """The body is not what it should be. The runtime answers 400 with the message."""


@dataclass(frozen=True)
class Request:
    """One verified incoming call."""

    raw_body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)

    def json(self) -> Any:
        """Parse the body as strict JSON. Raises: BadRequest.

        Rejects what `json.loads` would accept (R9): NaN, numbers out of range, repeated keys, lone surrogates, NUL
        (which Postgres cannot store), control characters in keys and deep nesting.
        """
        try:
            text = self.raw_body.decode("utf-8")
            value = STRICT.decode(text)
        except BadRequest:
            raise
        except (ValueError, RecursionError) as error:
            raise BadRequest("The body is not JSON in UTF-8.") from error
        if self._may_hide_something():
            _check(value, depth=0)
        return value

    def _may_hide_something(self) -> bool:
        """Return whether the parsed value needs a look: without an escape or many brackets there is nothing in it."""
        return b"\\" in self.raw_body or self.raw_body.count(b"{") + self.raw_body.count(b"[") > MAX_DEPTH


@dataclass(frozen=True)
class Response:
    """The answer of a webhook handler: `Response(None, status=200)`."""

    body: str | None = None
    status: int = 200


@dataclass(frozen=True)
class FetchResponse:
    """The answer to a `fetch()`."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def ok(self) -> bool:
        """Tell whether the status is 2xx."""
        return 200 <= self.status < 300

    def json(self) -> Any:
        """Parse the body as JSON. Raises: ValueError."""
        try:
            return json.loads(self.text)
        except RecursionError as error:
            raise ValueError("The body is nested too deeply.") from error

    def retry_after(self) -> float | None:
        """Return the seconds of `Retry-After`, which is a number or an HTTP date (RFC 9110); None without one."""
        value = self.headers.get("Retry-After", "").strip()
        if value.isascii() and value.isdigit():
            return min(float(value), MAX_WAIT)
        at = _http_date(value)
        if at is None:
            return None
        sent_at = _http_date(self.headers.get("Date", "")) or datetime.now(UTC)  # by the clock that has set the other
        return min(max((at - sent_at).total_seconds(), 0.0), MAX_WAIT)


def _http_date(value: str) -> datetime | None:
    """Parse one of the three forms of a date in HTTP, all of which are in UTC; None if it is none."""
    try:
        found = parsedate_to_datetime(value)
    except (ValueError, TypeError, OverflowError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise BadRequest("A key appears twice.")
    return found


def _refuse(constant: str) -> Any:
    raise BadRequest(f"{constant} is not a JSON number.")


def _finite(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise BadRequest("A number is out of range.")
    return number


STRICT = json.JSONDecoder(object_pairs_hook=_unique_keys, parse_constant=_refuse, parse_float=_finite)


def _check(value: Any, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise BadRequest("The body is nested too deeply.")
    if isinstance(value, str):
        try:
            value.encode("utf-8")
        except UnicodeEncodeError as error:
            raise BadRequest("A string contains half a character.") from error
        if "\0" in value:
            raise BadRequest("A string contains a NUL character.")
    elif isinstance(value, dict):
        for key, item in value.items():
            if _CONTROL.search(key):
                raise BadRequest("A key contains a control character.")
            _check(key, depth)
            _check(item, depth + 1)
    elif isinstance(value, list):
        for item in value:
            _check(item, depth + 1)
