"""Standard Webhooks 1.0: is this delivery from whom it says it is? (standardwebhooks.com, R1-R6)

The MAC is over `id.timestamp.raw body`. Whatever is wrong with the headers ends in one refusal, never in an error.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Sequence
from secrets import token_bytes
from typing import Protocol

TOLERANCE = 300
"""Seconds that a timestamp may be off, either way."""
MAX_SIGNATURES = 10
ID = re.compile(r"[\x21-\x7e]{1,256}\Z")
"""What names a delivery in a header: printable, and no longer than a key may be."""
_TIMESTAMP = re.compile(r"[0-9]{1,12}\Z")


class Headers(Protocol):
    """Request headers, looked up without regard to case."""

    def get(self, name: str, default: str, /) -> str: ...


class NotVerified(Exception):
    """The delivery is not signed by the sender, or not now; the message says which header is wrong, for the log."""


def new_secret() -> str:
    """A fresh signing secret, `whsec_` and 32 random bytes in base64."""
    return "whsec_" + base64.b64encode(token_bytes(32)).decode()


def verify(secrets: Sequence[str], headers: Headers, raw_body: bytes, *, now: float) -> str:
    """Check a delivery against any of the live secrets; returns its `webhook-id`. Raises: NotVerified."""
    webhook_id = headers.get("webhook-id", "")
    timestamp = headers.get("webhook-timestamp", "")
    given = headers.get("webhook-signature", "")
    if not ID.match(webhook_id):
        raise NotVerified("webhook-id is missing or malformed")
    if not _TIMESTAMP.match(timestamp) or abs(now - int(timestamp)) > TOLERANCE:
        raise NotVerified("webhook-timestamp is missing, malformed or too far from now")
    signed = b".".join((webhook_id.encode(), timestamp.encode(), raw_body))
    expected = [hmac.digest(_key(secret), signed, hashlib.sha256) for secret in secrets if _key(secret)]
    # Every pair is compared, without an early exit: how long it takes tells nothing.
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
