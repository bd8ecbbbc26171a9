"""What a person is told whose delivery was refused: each mistake that senders make, by its name."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json

import pytest
from standardwebhooks.webhooks import Webhook  # an independent signer

from alc_app.runtime.signatures.diagnosis import why_not_verified
from alc_app.runtime.signatures.standard_webhooks import NotVerified, new_secret, verify

NOW = 1_800_000_000
SECRET = new_secret()
KEY = base64.b64decode(SECRET.removeprefix("whsec_"))
BODY = '{"event": "lead.processed", "name": "Zoë"}'.encode()


def mac(key: bytes, signed: bytes) -> bytes:
    return hmac.digest(key, signed, hashlib.sha256)


def v1(key: bytes, signed: bytes) -> str:
    return "v1," + base64.b64encode(mac(key, signed)).decode()


def signed(body: bytes = BODY, at: int | str = NOW) -> bytes:
    return b"msg_1." + str(at).encode() + b"." + body


def headers(signature: str, at: int | str = NOW) -> dict[str, str]:
    return {"webhook-id": "msg_1", "webhook-timestamp": str(at), "webhook-signature": signature}


AGAIN = json.dumps(json.loads(BODY), separators=(",", ":")).encode()
MISTAKES = {
    "missing id": ({"webhook-timestamp": "1", "webhook-signature": "v1,x"}, "The header webhook-id is missing."),
    "svix": ({"svix-id": "a", "svix-timestamp": "1", "svix-signature": "v1,x"}, "The header is called svix-id."),
    "a date": (headers("v1,x", "2026-11-21T10:00:00Z"), "is not a number of seconds"),
    "hexadecimal": (headers(mac(KEY, signed()).hex()), "hexadecimal"),
    "no version": (headers(v1(KEY, signed()).removeprefix("v1,")), "lacks its version"),
    "the whole secret as key": (headers(v1(SECRET.encode(), signed())), "The whole text of the secret"),
    "the base64 as key": (headers(v1(SECRET.removeprefix("whsec_").encode(), signed())), "The base64 text of"),
    "encoded again": (headers(v1(KEY, signed(AGAIN))), "encoded as JSON again"),
    "a line break": (headers(v1(KEY, signed(BODY + b"\n"))), "stripped of its line break"),
    "only the body": (headers(v1(KEY, BODY)), "Only the body was signed"),
    "another secret": (headers(v1(b"other", signed())), "another secret"),
    "a replay": (headers(v1(KEY, signed(at=NOW - 900)), NOW - 900), "is 900 s old"),
    "a clock ahead": (headers(v1(KEY, signed(at=NOW + 900)), NOW + 900), "900 s ahead of our clock"),
    "milliseconds": (headers(v1(KEY, signed(at=NOW * 1000)), NOW * 1000), "in milliseconds"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_each_mistake_of_a_sender_is_named(name: str) -> None:
    """R1-R6: it is refused, and the inspector says what to mend."""
    given, told = MISTAKES[name]
    with pytest.raises(NotVerified):
        verify([SECRET], given, BODY, now=NOW)
    assert told in why_not_verified(SECRET, given, BODY, now=NOW)


def test_what_an_independent_signer_signs_has_no_mistake() -> None:
    """The explanation never blames a delivery that is right."""
    from datetime import UTC, datetime

    signature = Webhook(SECRET).sign("msg_1", datetime.fromtimestamp(NOW, UTC), BODY.decode())
    assert "signed as it should be" in why_not_verified(SECRET, headers(signature), BODY, now=NOW)


@pytest.mark.parametrize("signature", ["é", "v1,", "v1,é", ", ,", "v1," + "A" * 5000])
def test_no_header_makes_it_stumble(signature: str) -> None:
    """It runs on what strangers send."""
    assert why_not_verified(SECRET, headers(signature), b"\xff", now=NOW)
