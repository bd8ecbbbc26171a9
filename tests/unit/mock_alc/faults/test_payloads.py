"""Faults in deliveries: what arrives at the receiver, judged by an independent verifier."""

import json
from typing import Any

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from tests.unit.mock_alc.support import Alc, Received, Receiver


@pytest.fixture
def hook(alc: Alc, receiver: Receiver) -> dict[str, Any]:
    """A webhook of the receiver, and a lead that is decided."""
    return dict(alc.hook(alc.auth(), receiver.url()))


def deliver(alc: Alc, **fault: Any) -> None:
    """Set a fault, and let ALC deliver a verdict."""
    answer = alc.http.post("/_mock/faults", json={"delivery": "lead.processed", **fault})
    assert answer.status_code == 201, answer.text
    lead = alc.send_lead(alc.auth())
    alc.http.post(f"/_mock/leads/{lead['id']}/decide")
    alc.work()


def verified(received: Received, secret: str) -> Any:
    """Return the body if the library of Standard Webhooks verifies it."""
    return Webhook(secret).verify(received.body.decode(), received.headers)


@pytest.mark.parametrize(
    "trouble", ["bad_signature", "wrong_secret", "tampered_body", "stale", "future", "missing_header"]
)
def test_a_delivery_that_must_be_refused_is_followed_by_a_good_one(
    alc: Alc, receiver: Receiver, hook: dict[str, Any], trouble: str
) -> None:
    """R1-R3, W12: a receiver that says 401 gets the right one on the next attempt, under the same id."""
    receiver.answer(401, 200)
    deliver(alc, trouble=trouble)
    with pytest.raises(WebhookVerificationError):
        verified(receiver.received[0], hook["secret"])
    alc.clock.advance(10)
    alc.work()
    assert verified(receiver.received[1], hook["secret"])["status"] == "Complete"
    assert [attempt["status"] for attempt in alc.deliveries()[0]["attempts"]] == [401, 200]


def test_a_body_that_is_wrong_is_signed_as_it_is(alc: Alc, receiver: Receiver, hook: dict[str, Any]) -> None:
    """R7, R8: truncated JSON, a megabyte, another content type; the signature is right."""
    for trouble in ("truncated", "huge", "wrong_type"):
        deliver(alc, trouble=trouble)
    truncated, huge, typed = receiver.received
    for received in (truncated, huge, typed):
        assert received.signed_by(hook["secret"])
    with pytest.raises(json.JSONDecodeError):
        json.loads(truncated.body)
    assert len(huge.body) > 1_000_000
    assert typed.headers["content-type"] == "text/plain"


def test_a_missing_header_can_be_named(alc: Alc, receiver: Receiver, hook: dict[str, Any]) -> None:
    """R1: each of the three."""
    deliver(alc, trouble="missing_header", header="webhook-id")
    assert "webhook-id" not in receiver.received[0].headers
    assert "webhook-signature" in receiver.received[0].headers


@pytest.mark.parametrize(("trouble", "arrived"), [("lost", 1), ("answer_lost", 2), ("duplicate", 2)])
def test_what_is_lost_or_doubled_comes_under_the_same_id(
    alc: Alc, receiver: Receiver, hook: dict[str, Any], trouble: str, arrived: int
) -> None:
    """R14, W3, W12: at least once, and one id."""
    deliver(alc, trouble=trouble)
    alc.clock.advance(10)
    alc.work()
    assert len(receiver.received) == arrived
    assert len({received.headers["webhook-id"] for received in receiver.received}) == 1
    assert alc.deliveries()[0]["state"] == "delivered"


def test_only_the_matching_delivery_is_struck(alc: Alc, receiver: Receiver, hook: dict[str, Any]) -> None:
    """A lab breaks its own lead and nobody else's."""
    deliver(alc, trouble="lost", match={"record_id": "somebody else"})
    assert len(receiver.received) == 1
