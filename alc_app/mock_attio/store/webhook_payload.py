"""What is sent to a webhook: body and headers as Attio signs them, or as a fault wants them."""

import hashlib
import hmac
import json
import secrets

from mock_alc.double.fault import Fault

HUGE = 1_048_576
"""Bytes."""
NO_SIGNATURE = "0" * 64
NEW_FIELDS = {"delivered_by": {"region": "eu"}}
"""Fields that nobody knows yet, as a later version of Attio may send."""
SIGNATURES = ("Attio-Signature", "X-Attio-Signature")


def sign(secret: str, body: bytes) -> str:
    """Return Attio's signature: the hex HMAC-SHA256 of the raw body; the key is the secret as UTF-8."""
    return hmac.digest(secret.encode(), body, hashlib.sha256).hex()


def build_payload(secret: str, message_id: str, body: bytes, fault: Fault | None) -> tuple[bytes, dict[str, str]]:
    """Return body and headers of a message, after the fault, if any."""
    trouble = fault.trouble if fault else None
    body = _changed(body, trouble)
    signature = sign(secrets.token_hex(32) if trouble == "wrong_secret" else secret, body)
    headers = dict.fromkeys(SIGNATURES, NO_SIGNATURE if trouble == "bad_signature" else signature)
    headers |= {"Content-Type": "text/plain" if trouble == "wrong_type" else "application/json"}
    headers |= {"Idempotency-Key": message_id}
    if fault is not None and trouble == "missing_header":
        missing = [fault.header.lower()] if "header" in fault.model_fields_set else [one.lower() for one in SIGNATURES]
        headers = {name: value for name, value in headers.items() if name.lower() not in missing}
    return (_tampered(body) if trouble == "tampered_body" else body), headers


def _changed(body: bytes, trouble: str | None) -> bytes:
    """Return the body after the changes that are made before signing."""
    if trouble == "truncated":
        return body[: len(body) // 2]
    if trouble == "huge":
        return json.dumps({**json.loads(body), "padding": "x" * HUGE}).encode()
    return body


def _tampered(body: bytes) -> bytes:
    """Return the body about another record, as an attacker would change it after signing."""
    message = json.loads(body)
    for event in message["events"]:
        event["id"] = {name: value[::-1] for name, value in event["id"].items()}
    return json.dumps(message).encode()
