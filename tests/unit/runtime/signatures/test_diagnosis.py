"""The inspector names the commonest mistakes in a delivery that was refused."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json

import pytest

from alc_app.runtime.signatures.diagnosis import diagnose
from alc_app.runtime.signatures.standard_webhooks import NotVerified, new_secret, verify

NOW = 1_800_000_000
SECRET = new_secret()
KEY = base64.b64decode(SECRET.removeprefix("whsec_"))
BODY = '{"event": "lead.processed", "name": "Zoë"}'.encode()


def mac(key: bytes, signed: bytes) -> bytes:
    return hmac.digest(key, signed, hashlib.sha256)


def v1(key: bytes, signed: bytes) -> str:
    return "v1," + base64.b64encode(mac(key, signed)).decode()


def signed(body: bytes = BODY, at: int = NOW) -> bytes:
    return b"msg_1." + str(at).encode() + b"." + body


def headers(signature: str, at: int = NOW) -> dict[str, str]:
    return {"webhook-id": "msg_1", "webhook-timestamp": str(at), "webhook-signature": signature}


AGAIN = json.dumps(json.loads(BODY), separators=(",", ":")).encode()
MISTAKES = {
    "missing id": ({"webhook-timestamp": "1", "webhook-signature": "v1,x"}, "The header webhook-id is missing."),
    "hexadecimal": (headers(mac(KEY, signed()).hex()), "hexadecimal"),
    "encoded again": (headers(v1(KEY, signed(AGAIN))), "encoded as JSON again"),
    "another secret": (headers(v1(b"other", signed())), "The secret is different"),
    "a replay": (headers(v1(KEY, signed(at=NOW - 900)), NOW - 900), "is 900 s old"),
    "a clock ahead": (headers(v1(KEY, signed(at=NOW + 900)), NOW + 900), "900 s ahead of our clock"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_each_mistake_of_a_sender_is_named(name: str) -> None:
    """R1-R6: it is refused, and the inspector says what to fix."""
    given, sentence = MISTAKES[name]
    with pytest.raises(NotVerified):
        verify([SECRET], given, BODY, now=NOW)
    assert sentence in diagnose(SECRET, given, BODY, now=NOW)


def test_a_delivery_that_is_signed_as_it_should_be_is_called_so() -> None:
    """It may have been refused for something else, such as the form of its id."""
    assert "Send the delivery again" in diagnose(SECRET, headers(v1(KEY, signed())), BODY, now=NOW)


@pytest.mark.parametrize("signature", ["é", "v1,", "v1,é", ", ,", "v1," + "A" * 5000])
def test_no_header_makes_it_stumble(signature: str) -> None:
    """It runs on whatever anybody sends."""
    assert diagnose(SECRET, headers(signature), b"\xff", now=NOW)
