"""Changes in the CRM reach the app by Attio's v2 webhooks: the flow of seed 004, in Attio's real formats."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

import pytest
import requests

from tests.support.people import User
from tests.support.servers.clients import Alc, Attio
from tests.support.servers.stack import Stack
from tests.support.waiting import eventually

REQUESTED = "Requested"


@pytest.fixture
def subscribed(user: User, attio: Attio) -> dict[str, Any]:
    """A connected workspace that is subscribed to Attio's events, and knows the secret of their signatures."""
    eventually(lambda: len(attio.webhooks()) == 1, what=attio.webhooks)
    [webhook] = attio.webhooks()
    eventually(lambda: requests.post(webhook["target_url"], json={}, timeout=30).status_code == 401)
    return webhook


def test_a_person_sets_requested_in_the_crm_and_the_record_says_complete(
    subscribed: dict[str, Any], user: User, alc: Alc, attio: Attio
) -> None:
    """Seed 004, steps 1-4: subscribed, signed, routed by type; the lead is sent as if by a click."""
    assert subscribed["target_url"].startswith(f"{user.app_url}/attio/events/")
    record_id = attio.add_person("Noor Haddad", "+442079460051")

    attio.write(record_id, alc_status=REQUESTED)

    user.wait_for_status(record_id, "Pending")
    [lead] = alc.leads(record_id)
    alc.decide(lead["id"])
    user.wait_for_status(record_id, "Complete")
    assert attio.history(record_id, "alc_status") == [REQUESTED, "Pending", "Complete"]


def test_a_request_for_somebody_without_a_phone_number_fails_where_the_person_sees_it(
    subscribed: dict[str, Any], user: User, alc: Alc, attio: Attio
) -> None:
    """There is no page that could show an alert, so the record shows the failure."""
    record_id = attio.add_person("Noor Haddad")

    attio.write(record_id, alc_status=REQUESTED)

    user.wait_for_status(record_id, "Failed")
    assert not alc.leads(record_id)


def test_what_the_app_writes_itself_sends_nobody(
    subscribed: dict[str, Any], user: User, alc: Alc, attio: Attio
) -> None:
    """No loop: the event about our own write of Pending is ignored, and so are changes of other attributes."""
    record_id = attio.add_person("Noor Haddad", "+442079460052")
    user.click_send(record_id)
    user.wait_for_status(record_id, "Pending")
    attio.write(record_id, job_title="Admiral")
    other = attio.add_person("Sam Okafor", "+442079460053")

    attio.write(other, alc_status=REQUESTED)  # Attio's event about this person comes last
    user.wait_for_status(other, "Pending")

    assert len(alc.leads(record_id)) == 1
    assert attio.history(record_id, "alc_status") == ["Pending"]


def test_a_lead_follows_its_record_into_a_merge(subscribed: dict[str, Any], user: User, alc: Alc, attio: Attio) -> None:
    """ALC knows only the old record; its verdict is shown on the new one."""
    record_id, other = attio.add_person("Noor Haddad", "+442079460054"), attio.add_person("Noor Hadad")
    user.click_send(record_id)
    user.wait_for_status(record_id, "Pending")
    [lead] = alc.leads(record_id)

    made = attio.merge(other, record_id)
    user.wait_for_status(made, "Pending")
    alc.decide(lead["id"])

    user.wait_for_status(made, "Complete")


def test_a_verdict_on_a_deleted_record_is_kept_and_listed(
    stack: Stack, subscribed: dict[str, Any], user: User, alc: Alc, attio: Attio
) -> None:
    """C5, I1: ALC's chat goes on without the record, and what came of it is a dead letter."""
    record_id = attio.add_person("Noor Haddad", "+442079460055")
    user.click_send(record_id)

    attio.delete(record_id)

    eventually(lambda: stack.record_sync(record_id)["blocked"] == "gone", what=lambda: stack.record_sync(record_id))
    assert stack.lead(record_id)["status"] == "pending"
    alc.decide(alc.leads(record_id)[0]["id"])
    eventually(lambda: stack.lead(record_id)["status"] == "complete", what=lambda: stack.lead(record_id))
    assert f"record:{record_id}" in user.get("/doctor/dead-letters.json").text


def test_a_subscription_that_attio_has_lost_is_registered_again(
    stack: Stack, subscribed: dict[str, Any], user: User, alc: Alc, attio: Attio
) -> None:
    """Seed 004's "webhook deleted": the health check finds it, and deliveries verify with the new secret."""
    attio.delete_webhook(subscribed["id"]["webhook_id"])
    stack.make_rows_due()
    eventually(attio.webhooks)
    record_id = attio.add_person("Noor Haddad", "+442079460056")

    attio.write(record_id, alc_status=REQUESTED)

    user.wait_for_status(record_id, "Pending")


def test_disconnecting_ends_the_subscription(
    stack: Stack, subscribed: dict[str, Any], user: User, attio: Attio
) -> None:
    """Also while Attio is down: the URL answers 410 at once, and the webhook is deleted when Attio is back."""
    stack.attio.stop()
    try:
        user.disconnect_alc()
        body = {"webhook_id": "x", "events": []}
        assert requests.post(subscribed["target_url"], json=body, timeout=30).status_code == 410
    finally:
        stack.attio.start()

    eventually(lambda: stack.make_rows_due() or not attio.webhooks(), what=attio.webhooks)


@pytest.mark.parametrize("scheme", ["of a disconnected_user", "of seed 004"])
def test_a_message_that_attio_has_not_signed_is_refused(subscribed: dict[str, Any], scheme: str) -> None:
    """A signature over time and body, as in seed 004, step 3, is not Attio's: it is refused, as any wrong one is."""
    body = json.dumps({"webhook_id": "x", "events": []}).encode()
    signed = body if scheme == "of a disconnected_user" else b"1700000000." + body
    headers = {
        "Content-Type": "application/json",
        "Idempotency-Key": "forged",
        "x-attio-timestamp": "1700000000",
        "x-attio-signature": hmac.new(b"guess", signed, hashlib.sha256).hexdigest(),
    }

    answer = requests.post(subscribed["target_url"], data=body, headers=headers, timeout=30)

    assert (answer.status_code, answer.content) == (401, b"")


def test_a_request_made_while_the_app_is_down_is_sent_when_it_is_back_though_attio_was_killed(
    stack: Stack, subscribed: dict[str, Any], user: User, alc: Alc, attio: Attio
) -> None:
    """R17: Attio's outbox stores the event with the change, so it survives kill -9 of both sides."""
    record_id = attio.add_person("Noor Haddad", "+442079460057")
    stack.web.kill()
    attio.write(record_id, alc_status=REQUESTED)
    stack.attio.kill()
    stack.web.start()
    stack.attio.start()

    user.wait_for_status(record_id, "Pending")
    assert len(alc.leads(record_id)) == 1
