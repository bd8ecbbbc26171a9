"""Verify the signatures of Attio's v2 webhooks (R1-R6).

Source: docs.attio.com/rest-api/guides/webhooks. The signature is a hex HMAC-SHA256 over the raw body alone, and its key
is the secret as text. There is no timestamp: a replayed message is recognized by its `Idempotency-Key`, which is the
same on every retry.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Sequence

from alc_app.runtime.signatures.standard_webhooks import ID, Headers, NotVerified

_HEX = re.compile(r"[0-9a-f]{64}\Z")


def verify(secrets: Sequence[str], headers: Headers, raw_body: bytes, *, now: float) -> str:
    """Verify a message with any of the secrets; return its `Idempotency-Key`. Raises: NotVerified."""
    del now
    key = headers.get("Idempotency-Key", "")
    given = headers.get("Attio-Signature", "") or headers.get("X-Attio-Signature", "")
    if not ID.match(key):
        raise NotVerified("Idempotency-Key is missing or malformed")
    if not _HEX.match(given):
        raise NotVerified("Attio-Signature is missing or malformed")
    expected = [hmac.digest(secret.encode(), raw_body, hashlib.sha256).hex() for secret in secrets if secret]
    matches = [hmac.compare_digest(given, one) for one in expected]  # all of them, so that timing reveals nothing
    if not any(matches):
        raise NotVerified("Attio-Signature matches none of the handler's secrets")
    return key


def diagnose(secret: str, headers: Headers, raw_body: bytes, *, now: float) -> str:
    """Name the likeliest mistake in a message that was refused, in a sentence for the inspector."""
    del now
    given = headers.get("Attio-Signature", "") or headers.get("X-Attio-Signature", "")
    for name, value in (("Idempotency-Key", headers.get("Idempotency-Key", "")), ("Attio-Signature", given)):
        if not value:
            return f"The header {name} is missing."
    signed = f"{headers.get('X-Attio-Timestamp', '')}.".encode() + raw_body
    if given == hmac.digest(secret.encode(), signed, hashlib.sha256).hex():
        return "A timestamp was signed with the body. Attio signs the raw body alone."
    return "The secret is different, or the body was changed after signing."
