"""Standard Webhooks signatures against the published vector and an independent implementation."""

import base64
from datetime import UTC, datetime

import pytest
from standardwebhooks import Webhook

from mock_alc.signing import sign
from mock_alc.signing.dialects import STANDARD_WEBHOOKS
from mock_alc.signing.signatures import signed_headers
from mock_alc.signing.standard_webhooks import UnusableSecret, key_of, new_secret

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
MESSAGE, BODY = "msg_p5jXN8AQM9LWM0D4loKWxJek", b'{"test": 2432232314}'


def test_the_published_vector() -> None:
    """W3: the example of the specification."""
    signed = sign("standard-webhooks", SECRET, BODY, message_id=MESSAGE, timestamp=1614265330)
    assert signed["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_an_independent_verifier_accepts_what_is_signed() -> None:
    """W3: for a secret of our own making, with any of two live secrets."""
    old, new = new_secret(), new_secret()
    headers = signed_headers(STANDARD_WEBHOOKS, [new, old], MESSAGE, int(datetime.now(UTC).timestamp()), BODY)
    for secret in (old, new):
        assert Webhook(secret).verify(BODY, headers) == {"test": 2432232314}


@pytest.mark.parametrize(("size", "fine"), [(23, False), (24, True), (64, True), (65, False)])
def test_secrets_hold_24_to_64_bytes(size: int, fine: bool) -> None:
    """W3: the specification's bounds."""
    secret = "whsec_" + base64.b64encode(b"k" * size).decode()
    if fine:
        assert len(key_of(secret)) == size
        return
    with pytest.raises(UnusableSecret):
        key_of(secret)


@pytest.mark.parametrize("secret", ["", "whsec_", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_!!!", "whsec_ü"])
def test_other_texts_are_no_secrets(secret: str) -> None:
    """W3: prefix, alphabet and length are checked."""
    with pytest.raises(UnusableSecret):
        key_of(secret)
