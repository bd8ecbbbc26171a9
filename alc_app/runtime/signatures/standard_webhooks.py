"""Verify the signatures of Standard Webhooks 1.0 (standardwebhooks.com, R1-R6).

The MAC is over `id.timestamp.raw body`. Malformed headers of any kind raise NotVerified, never another error.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
from collections.abc import Sequence
from secrets import token_bytes
from typing import Protocol

TOLERANCE = 300
"""Seconds that a timestamp may differ from now, either way."""
MAX_SIGNATURES = 10
"""Signatures of one header that are tried."""
ID = re.compile(r"[\x21-\x7e]{1,256}\Z")
"""Allowed ids of a delivery: printable ASCII, short enough for a primary key."""
_TIMESTAMP = re.compile(r"[0-9]{1,12}\Z")


class Headers(Protocol):
    """Request headers with case-insensitive names."""

    def get(self, name: str, default: str, /) -> str:
        """Return the value of a header, or `default`."""


class NotVerified(Exception):
    """The signature or another header is missing, malformed or wrong. The message says which, for the log."""


def new_secret() -> str:
    """Return a new signing secret: `whsec_` and 32 random bytes in base64."""
    return "whsec_" + base64.b64encode(token_bytes(32)).decode()


def verify(secrets: Sequence[str], headers: Headers, raw_body: bytes, *, now: float) -> str:
    """Verify a delivery with any of the secrets; return its `webhook-id`. Raises: NotVerified.

    `now` is in seconds since 1970.
    """
    webhook_id = headers.get("webhook-id", "")
    timestamp = headers.get("webhook-timestamp", "")
    given = headers.get("webhook-signature", "")
    if not ID.match(webhook_id):
        raise NotVerified("webhook-id is missing or malformed")
    if not _TIMESTAMP.match(timestamp) or abs(now - int(timestamp)) > TOLERANCE:
        raise NotVerified("webhook-timestamp is missing, malformed or too far from now")
    signed = b".".join((webhook_id.encode(), timestamp.encode(), raw_body))
    expected = [hmac.digest(key, signed, "sha256") for secret in secrets if (key := _key(secret))]
    # Compare every pair without an early exit, so that timing reveals nothing.
    matches = [hmac.compare_digest(a, b) for a in _signatures(given) for b in expected]
    if not any(matches):
        raise NotVerified("webhook-signature matches none of the handler's secrets")
    return webhook_id


def _signatures(header: str) -> list[bytes]:
    found = []
    for part in header.split(" ")[:MAX_SIGNATURES]:
        version, _, value = part.partition(",")
        if version == "v1":
            try:
                found.append(base64.b64decode(value.encode("ascii"), validate=True))
            except (binascii.Error, UnicodeEncodeError):
                continue
    return found


def _key(secret: str) -> bytes:
    return base64.b64decode(secret.removeprefix("whsec_"))
