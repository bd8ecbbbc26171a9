"""Builds what a delivery sends: body and headers, correct or as a fault wants them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from mock_alc.double.fault import Fault
from mock_alc.signing.dialects import STANDARD_WEBHOOKS
from mock_alc.signing.signatures import signed_headers
from mock_alc.signing.standard_webhooks import new_secret

HUGE = 1_048_576
"""Bytes."""
USUAL_SHIFT = 3_600
"""Seconds, far outside every receiver's tolerance."""


@dataclass(frozen=True)
class Payload:
    """What is sent; `signed_body` is the body that the signature covers, which differs if the fault tampers.

    `shift` is how many seconds the fault has moved the timestamp by.
    """

    body: bytes
    headers: dict[str, str]
    timestamp: int
    signed_body: bytes
    shift: int = 0


def build_payload(secrets: Sequence[str], message_id: str, timestamp: int, body: bytes, fault: Fault | None) -> Payload:
    """Sign `body` with all `secrets`, and apply the fault, if any. `timestamp` is in Unix seconds."""
    trouble = fault.trouble if fault else None
    seconds = int(USUAL_SHIFT if fault is None or fault.seconds is None else fault.seconds)
    shift = {"stale": -seconds, "future": seconds}.get(trouble or "", 0)
    timestamp += shift
    body = _changed(body, trouble)
    headers = signed_headers(STANDARD_WEBHOOKS, _signing(secrets, trouble), message_id, timestamp, body)
    headers["Content-Type"] = "text/plain" if trouble == "wrong_type" else "application/json"
    if trouble == "bad_signature":
        headers["webhook-signature"] = f"v1,{'A' * 43}="
    if trouble == "missing_header" and fault is not None:
        headers = {name: value for name, value in headers.items() if name.lower() != fault.header.lower()}
    return Payload(_tampered(body) if trouble == "tampered_body" else body, headers, timestamp, body, shift)


def with_new_fields(body: bytes) -> bytes:
    """Return the body with fields that nobody knows yet, as a later version of ALC may send."""
    return json.dumps({**json.loads(body), "mood": "sunny", "agent": {"name": "Ava", "languages": ["en"]}}).encode()


def _signing(secrets: Sequence[str], trouble: str | None) -> Sequence[str]:
    """Return the secrets to sign with."""
    if trouble == "wrong_secret":
        return [new_secret()]
    return [new_secret(), *secrets] if trouble == "rotated_secret" else secrets


def _changed(body: bytes, trouble: str | None) -> bytes:
    """Return the body after the changes that are made before signing."""
    if trouble == "truncated":
        return body[: len(body) // 2]
    if trouble == "huge":
        return json.dumps({**json.loads(body), "padding": "x" * HUGE}).encode()
    return body


def _tampered(body: bytes) -> bytes:
    """Return the body with the opposite verdict, as an attacker would change it after signing."""
    event = json.loads(body)
    event["status"] = "Failed" if event.get("status") == "Complete" else "Complete"
    return json.dumps(event).encode()
