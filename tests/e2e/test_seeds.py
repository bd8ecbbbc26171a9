"""The flows of the seeds 000, 001 and 003 on real servers: prospects, and a connector that subscribes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from tests.support.people import User
from tests.support.servers.clients import Alc, Attio
from tests.support.servers.stack import Stack
from tests.support.waiting import eventually

DAY = 24 * 3600
FORTNIGHT = 14 * DAY
"""Longer than ALC calls a connector that does not refresh."""
TELLS_ADDRESS = "+442079460017"
PROSPECTS = "prospect.updated"


@pytest.fixture
def later(stack: Stack, alc: Alc) -> Iterator[Callable[[float], None]]:
    """A function that advances ALC's clock until the end of the test, and makes our tokens due for their refresh."""

    def pass_by(seconds: float) -> None:
        alc.advance_clock(seconds)
        stack.make_tokens_due()

    yield pass_by
    alc.reset_clock()


@pytest.fixture
def webhook(stack: Stack, user: User, alc: Alc) -> dict[str, Any]:
    """The connector's webhook at ALC, renewed, because a scenario may have shortened its life."""

    def living() -> list[dict[str, Any]]:
        in_two_days = datetime.now(UTC) + timedelta(days=2)
        return [hook for hook in alc.webhooks(PROSPECTS) if datetime.fromisoformat(hook["expires_at"]) > in_two_days]

    if not living():
        stack.make_subscriptions_due()
    [found] = eventually(living, what=lambda: alc.webhooks(PROSPECTS))
    eventually(lambda: PROSPECTS and user.get("/apps/alc").text.count(found["webhook_id"]))
    return dict(found)


def person_at(attio: Attio, address: str) -> dict[str, Any] | None:
    """Return the person with this email address in Attio."""
    query = {"filter": {"email_addresses": address}}
    found = attio.call("POST", "/v2/objects/people/records/query", query)
    assert len(found) < 2, found
    return dict(found[0]) if found else None


def name_at(attio: Attio, address: str) -> str | None:
    """Return the full name of the person with this email address."""
    person = person_at(attio, address)
    return str(person["values"]["name"][0]["full_name"]) if person else None


def test_seed_000_a_prospect_that_nobody_knows_becomes_a_person(
    webhook: dict[str, Any], alc: Alc, attio: Attio
) -> None:
    """Seeds 000 and 001: people are matched by email address, so a second event updates the same person."""
    alc.report_prospect("p1", "Ines Duarte", "ines@example.com")
    eventually(lambda: name_at(attio, "ines@example.com") == "Ines Duarte")

    alc.report_prospect("p1", "Ines Maria Duarte", "ines@example.com")

    eventually(lambda: name_at(attio, "ines@example.com") == "Ines Maria Duarte")


def test_an_address_told_in_a_chat_goes_to_the_person_whom_we_sent(
    webhook: dict[str, Any], user: User, alc: Alc, attio: Attio
) -> None:
    """Differs from seed 000, which would create a second person for every new email address."""
    record_id = attio.add_person("Tomas Lindqvist", TELLS_ADDRESS)
    user.click_send(record_id)
    user.wait_for_status(record_id, "Pending")

    alc.decide(alc.leads(record_id)[0]["id"])

    person = eventually(lambda: person_at(attio, "tomas.lindqvist@example.com"))
    assert person["id"]["record_id"] == record_id


def test_seed_000_what_attio_refuses_is_a_dead_letter(webhook: dict[str, Any], user: User, alc: Alc) -> None:
    """The seed would answer 500 for ever; here ALC gets 2xx, and the failure is a dead letter."""
    alc.report_prospect("p2", "Nobody", "nobody@reserved.test")

    eventually(lambda: "422" in user.get("/doctor").text)


def test_an_unsigned_prospect_changes_nobody(webhook: dict[str, Any], attio: Attio) -> None:
    """TUTORIAL: the seed verifies nothing. R1."""
    data = {"prospectId": "p3", "prospectName": "Eve", "prospectEmail": "eve@example.com"}

    answer = requests.post(webhook["url"], json={"event": "prospect_updated", "data": data}, timeout=30)

    assert answer.status_code == 401
    assert person_at(attio, "eve@example.com") is None


def test_seed_003_a_subscription_is_refreshed_before_it_ends(
    stack: Stack, webhook: dict[str, Any], alc: Alc, later: Callable[[float], None]
) -> None:
    """`refresh`: the same webhook lives longer than its first lifetime."""

    def lives_longer() -> bool:
        [now] = alc.webhooks(PROSPECTS)
        return now["webhook_id"] == webhook["webhook_id"] and now["expires_at"] > webhook["expires_at"]

    assert webhook["expires_at"]
    later(DAY)
    stack.make_subscriptions_due()
    eventually(lives_longer, what=lambda: alc.webhooks(PROSPECTS))


def test_seed_003_a_refresh_that_was_missed_subscribes_again(
    stack: Stack, webhook: dict[str, Any], alc: Alc, attio: Attio, later: Callable[[float], None]
) -> None:
    """The worker did not run until the subscription had ended; a new one is made, and prospects arrive again."""
    stack.worker.kill()
    later(FORTNIGHT)
    assert [hook["status"] for hook in alc.webhooks(PROSPECTS)] == ["expired"]
    stack.make_subscriptions_due()
    stack.worker.start()

    def anew() -> bool:
        found = alc.webhooks(PROSPECTS)
        return [hook["status"] for hook in found] == ["active"] and found[0]["webhook_id"] != webhook["webhook_id"]

    eventually(anew, what=lambda: stack.worker.log.read_text()[-2000:])
    alc.report_prospect("p4", "Rosa Nyberg", "rosa@example.com")
    eventually(lambda: name_at(attio, "rosa@example.com"))


def test_a_button_asks_alc_for_what_no_webhook_has_told(
    webhook: dict[str, Any], user: User, alc: Alc, attio: Attio
) -> None:
    """Catch-up: our webhook at ALC was deleted, so the verdict was not delivered."""
    record_id = attio.add_person("Olga Brandt", "+442079460010")
    user.click_send(record_id)
    user.wait_for_status(record_id, "Pending")
    alc.delete_webhook(alc.webhooks("lead.processed")[0]["webhook_id"])
    alc.decide(alc.leads(record_id)[0]["id"])

    page = user.catch_up()

    assert "The app is asking ALC" in page.text
    user.wait_for_status(record_id, "Complete")
    eventually(lambda: "1 result was missing" in user.get("/apps/alc").text)


def test_seed_003_disconnecting_unsubscribes(webhook: dict[str, Any], user: User, alc: Alc) -> None:
    """`unsubscribe`: the webhook is deleted at ALC, and its URL is gone."""
    user.disconnect_alc()

    eventually(lambda: not alc.webhooks(PROSPECTS), what=alc.webhooks)
    assert requests.post(webhook["url"], json={}, timeout=30).status_code == 410
