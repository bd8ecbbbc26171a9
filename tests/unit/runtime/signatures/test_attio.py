"""Attio's signature: a known vector, and what must be refused."""

from __future__ import annotations

import hashlib
import hmac

import pytest

from alc_app.runtime.signatures.attio import diagnose, verify
from alc_app.runtime.signatures.standard_webhooks import NotVerified

SECRET = "0123456789abcdef" * 4
BODY = (
    b'{"webhook_id":"11111111-1111-4111-8111-111111111111","events":[{"event_type":"record.updated","id":'
    b'{"workspace_id":"22222222-2222-4222-8222-222222222222","object_id":"33333333-3333-4333-8333-333333333333",'
    b'"record_id":"44444444-4444-4444-8444-444444444444","attribute_id":"55555555-5555-4555-8555-555555555555"},'
    b'"actor":{"type":"app","id":"66666666-6666-4666-8666-666666666666"}}]}'
)
SIGNATURE = "86b6ab7d7503b6fd3a0dc4dcb011fe6c9771888b3311dff6703645e089a338fd"


def check(body: bytes = BODY, secret: str = SECRET, **headers: str) -> str:
    """The id of a message with these headers."""
    given = {
        "Idempotency-Key": "key_1",
        "Attio-Signature": SIGNATURE,
        **{k.replace("_", "-"): v for k, v in headers.items()},
    }
    return verify([secret], given, body, now=0.0)


def test_a_message_is_known_by_its_idempotency_key() -> None:
    """R2, R20: the secret's text is the key, the raw body is all that is signed."""
    assert check() == "key_1"
    assert check(Attio_Signature="", X_Attio_Signature=SIGNATURE) == "key_1"


@pytest.mark.parametrize(
    "how",
    [
        {"Attio_Signature": ""},
        {"Attio_Signature": "é"},
        {"Attio_Signature": SIGNATURE.upper()},
        {"Attio_Signature": f"{SIGNATURE}\n"},
        {"Attio_Signature": f"v1={SIGNATURE}"},
        {"Attio_Signature": hmac.new(SECRET.encode(), b"1700000000." + BODY, hashlib.sha256).hexdigest()},
        {"Attio_Signature": hmac.new(bytes.fromhex(SECRET), BODY, hashlib.sha256).hexdigest()},
        {"Idempotency_Key": ""},
        {"Idempotency_Key": "x" * 257},
        {"Idempotency_Key": "two words"},
    ],
    ids=str,
)
def test_whatever_else_is_refused(how: dict[str, str]) -> None:
    """R1, R3: also the seed's scheme with a timestamp, and a key that was decoded from hex."""
    with pytest.raises(NotVerified):
        check(**how)


@pytest.mark.parametrize(("body", "secret"), [(BODY + b" ", SECRET), (BODY, "f" * 64), (BODY, "")])
def test_another_body_or_secret_does_not_match(body: bytes, secret: str) -> None:
    """R1: a handler whose secret is not known yet accepts nothing."""
    with pytest.raises(NotVerified):
        check(body, secret)


@pytest.mark.parametrize(
    ("headers", "body", "sentence"),
    [
        ({"Idempotency-Key": ""}, BODY, "Idempotency-Key is missing"),
        ({"Attio-Signature": ""}, BODY, "Attio-Signature is missing"),
        (
            {
                "X-Attio-Timestamp": "1700000000",
                "Attio-Signature": hmac.new(SECRET.encode(), b"1700000000." + BODY, hashlib.sha256).hexdigest(),
            },
            BODY,
            "signs the raw body alone",
        ),
        ({}, b"{}", "The secret is different"),
    ],
)
def test_the_inspector_says_what_a_sender_did_wrong(headers: dict[str, str], body: bytes, sentence: str) -> None:
    """Among them the mistake that seed 004 would make: a timestamp signed with the body."""
    sent = {"Idempotency-Key": "key_1", "Attio-Signature": SIGNATURE, **headers}

    assert sentence in diagnose(SECRET, sent, body, now=0.0)
