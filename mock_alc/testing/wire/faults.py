"""What a fault did to an exchange, in words."""

from collections.abc import Mapping
from typing import Any

TOLERANCE = 300
"""Seconds that a timestamp may be off; Standard Webhooks recommends five minutes."""
SIGNED = ("webhook-id", "webhook-timestamp", "webhook-signature")
FORGING = ("bad_signature", "wrong_secret", "tampered_body")

REQUEST_FAULTS: dict[str | None, str] = {
    None: "the answer came late",
    "answer": "the answer was set by the test",
    "rate_limited": "the rate limit was set by the test",
    "garbage": "the answer's body was not JSON",
    "truncated": "the answer's JSON was cut in half",
    "cut": "the connection broke in the middle of the answer",
    "drop": "the connection broke before the answer",
    "slow": "the answer came slowly",
    "hold": "the answer waited for the next delivery",
    "oauth_error": "the OAuth error was set by the test",
    "expired_code": "the authorization code was too old from the start",
    "short_lived_tokens": "the access token was short-lived",
}
DELIVERY_FAULTS: dict[str | None, str] = {
    None: "it was sent late",
    "bad_signature": "a signature that matches no secret",
    "wrong_secret": "signed with another secret",
    "rotated_secret": "signed with a new secret and the correct one",
    "tampered_body": "the body was changed after it was signed",
    "stale": "signed {seconds} s ago",
    "future": "signed for {seconds} s from now",
    "missing_header": "sent without {missing}",
    "wrong_type": "sent as text/plain",
    "truncated": "half of the body",
    "huge": "a megabyte of padding",
    "extra_fields": "unknown fields",
    "to_deleted": "sent although the webhook was deleted",
    "lost": "lost on the way",
    "answer_lost": "the answer was lost on the way",
    "duplicate": "sent twice at once",
}


def request_fault(entry: Mapping[str, Any], mock: str) -> str:
    """Describe the fault of a request in the log; empty if there was none."""
    if "fault" not in entry:
        return ""
    done = "did what was asked" if entry["took_effect"] else "did nothing"
    return f"{REQUEST_FAULTS[entry['trouble']]}; {mock} {done}"


def delivery_fault(trouble: str | None, sent: Mapping[str, Any] | None) -> str:
    """Describe the fault of an attempt whose copy is `sent`; empty if there was none."""
    if trouble is None:
        return ""
    missing = ", ".join(missing_headers(sent)) or "a header"
    return DELIVERY_FAULTS[trouble].format(seconds=abs((sent or {}).get("shift", 0)), missing=missing)


def is_forged(trouble: str | None, sent: Mapping[str, Any] | None) -> bool:
    """Return whether a correct receiver must refuse what was sent, by its signature or its timestamp."""
    if sent is None:
        return trouble in (*FORGING, "missing_header")
    return trouble in FORGING or abs(sent.get("shift", 0)) > TOLERANCE or bool(missing_headers(sent))


def missing_headers(sent: Mapping[str, Any] | None) -> list[str]:
    """Return the headers of Standard Webhooks that were not sent."""
    names = {name.lower() for name in (sent or {}).get("headers", {})}
    return [name for name in SIGNED if name not in names] if sent else []
