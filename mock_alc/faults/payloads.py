"""Strikes deliveries: packs a body for the wire, rightly or as a fault has it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from mock_alc.faults.fault import Fault
from mock_alc.signing.standard_webhooks import new_secret, signed_headers

HUGE = 1_048_576
USUAL_SHIFT = 3_600  # Seconds: far outside of every receiver's tolerance.


@dataclass(frozen=True)
class Parcel:
    """What is sent: the bytes and their headers, and of which bytes the signature is."""

    body: bytes
    headers: dict[str, str]
    timestamp: int
    signed_body: bytes


def pack(secrets: Sequence[str], message_id: str, timestamp: int, body: bytes, fault: Fault | None) -> Parcel:
    """Sign a body with every secret that is valid, unless the fault wants something else."""
    trouble = fault.trouble if fault else None
    shift = int(USUAL_SHIFT if fault is None or fault.seconds is None else fault.seconds)
    timestamp += {"stale": -shift, "future": shift}.get(trouble or "", 0)
    body = _changed(body, trouble)
    headers = signed_headers(_signing(secrets, trouble), message_id, timestamp, body)
    headers["Content-Type"] = "text/plain" if trouble == "wrong_type" else "application/json"
    if trouble == "bad_signature":
        headers["webhook-signature"] = f"v1,{'A' * 43}="
    if trouble == "missing_header" and fault is not None:
        headers = {name: value for name, value in headers.items() if name.lower() != fault.header.lower()}
    return Parcel(_tampered(body) if trouble == "tampered_body" else body, headers, timestamp, body)


def _signing(secrets: Sequence[str], trouble: str | None) -> Sequence[str]:
    """Return the secrets to sign with."""
    if trouble == "wrong_secret":
        return [new_secret()]
    return [new_secret(), *secrets] if trouble == "rotated_secret" else secrets


def _changed(body: bytes, trouble: str | None) -> bytes:
    """Change the body before it is signed."""
    if trouble == "truncated":
        return body[: len(body) // 2]
    if trouble == "extra_fields":
        return json.dumps({**json.loads(body), "mood": "sunny", "agent": {"name": "Ava", "languages": ["en"]}}).encode()
    if trouble == "huge":
        return json.dumps({**json.loads(body), "padding": "x" * HUGE}).encode()
    return body


def _tampered(body: bytes) -> bytes:
    """Turn the verdict around, as somebody on the way would want to."""
    told = json.loads(body)
    told["status"] = "Failed" if told.get("status") == "Complete" else "Complete"
    return json.dumps(told).encode()
