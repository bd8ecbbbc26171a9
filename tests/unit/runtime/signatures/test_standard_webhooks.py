"""Signatures: the published vector, an independent signer, and everything that must not pass."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from standardwebhooks import Webhook

from alc_app.runtime.signatures.standard_webhooks import NotVerified, new_secret, verify

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER = new_secret()
NOW = 1614265330
BODY = b'{"test": 2432232314}'
SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
HEADERS = {
    "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "webhook-timestamp": str(NOW),
    "webhook-signature": SIGNATURE,
}


def check(secrets: list[str] | None = None, body: bytes = BODY, now: float = NOW, **headers: str) -> str:
    """Verify the published vector, changed as the test says; header names come with underscores."""
    changed = {name.replace("_", "-"): value for name, value in headers.items()}
    return verify([SECRET] if secrets is None else secrets, HEADERS | changed, body, now=now)


def signed(secret: str, body: bytes = BODY, at: int = NOW) -> str:
    """What the independent package signs."""
    return Webhook(secret).sign(HEADERS["webhook-id"], datetime.fromtimestamp(at, UTC), body.decode())


def test_the_published_vector_passes() -> None:
    """The published vector passes, and its id is returned."""
    assert check() == HEADERS["webhook-id"]


@settings(max_examples=30, deadline=None)
@given(body=st.text(max_size=50), at=st.integers(1, 10**10))
def test_what_an_independent_package_signs_passes(body: str, at: int) -> None:
    """R2: with a secret of our own making."""
    signature = signed(OTHER, body.encode(), at)

    check([OTHER], body.encode(), now=at, webhook_timestamp=str(at), webhook_signature=signature)


def test_secrets_are_of_the_form_that_the_specification_asks_for() -> None:
    """R2: `whsec_` and 24 to 64 bytes in base64, each its own."""
    assert OTHER.startswith("whsec_")
    assert 24 <= len(base64.b64decode(OTHER.removeprefix("whsec_"))) <= 64
    assert new_secret() != new_secret()


@pytest.mark.parametrize("off", [0, 299, -299, 300, -300])
def test_clocks_may_differ_by_five_minutes(off: int) -> None:
    """R4: either way."""
    check(now=NOW + off)


@pytest.mark.parametrize("off", [301, -301, 10**9])
def test_older_and_newer_deliveries_are_refused(off: int) -> None:
    """R4: a replay, or a clock that is wrong."""
    with pytest.raises(NotVerified, match="timestamp"):
        check(now=NOW + off)


@pytest.mark.parametrize(
    "signature", [SIGNATURE, f"v1,AAAA {SIGNATURE}", f"{SIGNATURE} v1,AAAA", f"v9,x v1a,y {SIGNATURE}"]
)
def test_one_good_signature_among_others_passes(signature: str) -> None:
    """R5: a rotation, or a scheme of tomorrow."""
    check(webhook_signature=signature)


def test_either_of_two_live_secrets_passes() -> None:
    """R5: current and previous."""
    check([OTHER, SECRET])
    check([SECRET, OTHER])


def test_at_most_ten_signatures_are_looked_at() -> None:
    """R5: a long header does not cost more time."""
    check(webhook_signature=f"{'v1,AAAA ' * 9}{SIGNATURE}")
    with pytest.raises(NotVerified):
        check(webhook_signature=f"{'v1,AAAA ' * 10}{SIGNATURE}")


def test_the_secret_of_another_handler_does_not_pass() -> None:
    """R1, R19: each handler has its own."""
    with pytest.raises(NotVerified):
        check([OTHER])


@pytest.mark.parametrize("secrets", [[], [""], ["whsec_"], ["", "whsec_"]])
def test_an_empty_secret_never_matches(secrets: list[str]) -> None:
    """R5: not even what was signed with an empty key."""
    text = f"{HEADERS['webhook-id']}.{NOW}.".encode() + BODY
    forged = base64.b64encode(hmac.digest(b"", text, hashlib.sha256)).decode()

    with pytest.raises(NotVerified):
        check(secrets, webhook_signature=f"v1,{forged}")


@pytest.mark.parametrize(
    "body",
    [
        BODY + b"\n",
        b"\xef\xbb\xbf" + BODY,
        BODY.replace(b" ", b""),
        b"",
        b"\xff\xfe",
        BODY.replace(b"2432232314", b"2432232315"),
    ],
)
def test_another_body_does_not_pass(body: bytes) -> None:
    """R6: raw bytes, whatever they mean."""
    with pytest.raises(NotVerified):
        check(body=body)


BAD = ["", " ", ",", "ü", "☃", "x" * 100_000, "\x00", "a\nb"]


@pytest.mark.parametrize("name", list(HEADERS))
@pytest.mark.parametrize("value", BAD, ids=lambda value: repr(value)[:12])
def test_broken_headers_are_refused_and_nothing_else(name: str, value: str) -> None:
    """R3: never a ValueError, a binascii.Error or a UnicodeError."""
    with pytest.raises(NotVerified):
        verify([SECRET], {**HEADERS, name: value}, BODY, now=NOW)


@pytest.mark.parametrize("missing", list(HEADERS))
def test_missing_headers_are_refused(missing: str) -> None:
    """R1: each of the three."""
    headers = {name: value for name, value in HEADERS.items() if name != missing}

    with pytest.raises(NotVerified, match=missing):
        verify([SECRET], headers, BODY, now=NOW)


@pytest.mark.parametrize(
    "signature",
    [
        SIGNATURE.removeprefix("v1,"),
        SIGNATURE.replace("v1,", "v1a,"),
        SIGNATURE.replace("v1,", "V1,"),
        SIGNATURE.replace("v1,", "v1,,"),
        SIGNATURE.replace("v1,", "v1 "),
        f"v1,x,{SIGNATURE}",
        SIGNATURE[:-1],
        SIGNATURE[:-5],
        f"{SIGNATURE}=",
        SIGNATURE.replace("=", "é"),
        "v1,",
        "v1,!!!!",
        SIGNATURE.replace(" ", "\t") + "\tx",
    ],
)
def test_signatures_of_another_form_are_refused(signature: str) -> None:
    """R3: another scheme, another padding, parts too many."""
    with pytest.raises(NotVerified, match="signature"):
        check(webhook_signature=signature)


@pytest.mark.parametrize(
    "timestamp", ["1614265330.0", "1_614265330", " 1614265330", "+1614265330", "-1", "٣", "1614265330\n", "1" * 13]
)
def test_timestamps_are_digits_only(timestamp: str) -> None:
    """R4: not all that `float()` and `int()` would take."""
    with pytest.raises(NotVerified, match="timestamp"):
        check(webhook_timestamp=timestamp)


@settings(max_examples=60, deadline=None)
@given(headers=st.fixed_dictionaries(dict.fromkeys(HEADERS, st.text(max_size=40))), body=st.binary(max_size=20))
def test_no_header_ever_raises_anything_else(headers: dict[str, str], body: bytes) -> None:
    """R3: a fuzz target."""
    with pytest.raises(NotVerified):
        verify([SECRET], headers, body, now=NOW)
