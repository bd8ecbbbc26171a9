"""Name the likeliest mistake in a delivery that was refused, for the person who reads the inspector.

Tries the commonest mistakes of senders: hex instead of base64, a body encoded again, a clock that is off. It runs after
the refusal and never changes it; the sender only sees the 401. `mock-alc explain` knows many more mistakes.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator

from alc_app.runtime.signatures.standard_webhooks import TOLERANCE, Headers


def diagnose(secret: str, headers: Headers, raw_body: bytes, *, now: float) -> str:
    """Return a sentence that tells the developer of the sender what to fix."""
    webhook_id, timestamp, given = (headers.get(f"webhook-{name}", "") for name in ("id", "timestamp", "signature"))
    for name, value in (("id", webhook_id), ("timestamp", timestamp), ("signature", given)):
        if not value:
            return f"The header webhook-{name} is missing."
    prefix = f"{webhook_id}.{timestamp}.".encode("utf-8", "replace")
    mac = _mac(secret, prefix + raw_body)
    if given in (mac.hex(), f"v1,{mac.hex()}"):
        return "The signature is in hexadecimal. Standard Webhooks wants it in base64."
    if _v1(mac) in given.split():
        return _other_reason(timestamp, now)
    if any(_v1(_mac(secret, prefix + body)) in given.split() for body in _encoded_again(raw_body)):
        return "The body was encoded as JSON again after it was signed. Sign the bytes that are sent."
    return (
        "The secret is different, or the body was changed after signing. "
        "Compare the secret with the one of this handler, and sign the bytes that are sent."
    )


def _other_reason(timestamp: str, now: float) -> str:
    """Return why a delivery with the right signature was refused."""
    if not (timestamp.isascii() and timestamp.isdigit()):
        return "The signature is correct, but the webhook-timestamp is not a number of seconds since 1970."
    seconds = int(timestamp) - now
    if abs(seconds) <= TOLERANCE:
        return "The signature is correct. Send the delivery again."
    way = "ahead of our clock" if seconds > 0 else "old"
    return (
        f"The signature is correct, but the webhook-timestamp is {abs(seconds):.0f} s {way}; "
        f"{TOLERANCE} s are tolerated. It is a replay, or a clock is wrong."
    )


def _encoded_again(raw_body: bytes) -> Iterator[bytes]:
    """Yield the same JSON as common encoders write it."""
    try:
        value = json.loads(raw_body)
    except (ValueError, RecursionError):
        return
    for separators in ((",", ":"), (", ", ": ")):
        for ascii_only in (True, False):
            yield json.dumps(value, separators=separators, ensure_ascii=ascii_only).encode("utf-8", "replace")


def _mac(secret: str, signed: bytes) -> bytes:
    return hmac.digest(base64.b64decode(secret.removeprefix("whsec_")), signed, hashlib.sha256)


def _v1(mac: bytes) -> str:
    return "v1," + base64.b64encode(mac).decode()
