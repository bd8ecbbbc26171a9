"""Lost, cut and malformed responses between all servers: each action is still done once, and shown correctly."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from tests.support.chaos.proxy import Exchange, answer_lost, answers, cut, dropped, not_json, passes
from tests.support.people import User
from tests.support.servers.clients import Alc, Attio
from tests.support.servers.proxied_stack import ProxiedStack
from tests.support.waiting import PATIENCE, eventually

SENT = "Successfully sent to ALC!"
WAITS = [answers(status, b"", ("Retry-After", "1")) for status in (429, 503)]
pytestmark = pytest.mark.xdist_group("proxied")


@pytest.fixture(scope="module")
def proxied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProxiedStack]:
    """The servers, with fault-injecting proxies between them."""
    with ProxiedStack(tmp_path_factory.mktemp("proxied")) as running:
        yield running


@pytest.fixture(autouse=True)
def heal(proxied: ProxiedStack) -> Iterator[None]:
    """Remove the faults after each test."""
    yield
    proxied.heal()


@pytest.fixture
def alc(proxied: ProxiedStack) -> Alc:
    """A client for ALC, past the proxy."""
    return Alc(proxied.alc_url)


@pytest.fixture
def attio(proxied: ProxiedStack) -> Attio:
    """A client for Attio, past the proxy."""
    return Attio(proxied.attio_url, "e2e-attio-token")


@pytest.fixture
def user(proxied: ProxiedStack) -> User:
    """A user whose workspace is connected to ALC."""
    user = User(proxied.app_url)
    if not user.is_connected():
        user.connect_alc()
    return user


@pytest.fixture
def disconnected_user(proxied: ProxiedStack, alc: Alc) -> User:
    """A user whose workspace is not connected, with nothing left at ALC."""
    user = User(proxied.app_url)
    if user.is_connected():
        user.disconnect_alc()
    assert not alc.webhooks()
    return user


@pytest.mark.parametrize("fault", [answer_lost, cut, not_json])
def test_a_lead_whose_answer_was_lost_is_found_by_its_key(
    proxied: ProxiedStack, user: User, alc: Alc, attio: Attio, fault: object
) -> None:
    """C2, matrix "Send 4": ALC has it, so the click is a success; one POST, one lead."""
    record_id = attio.add_person("Noor Haddad", "+442079460110")
    proxied.to_alc.plan("POST /api/v1/leads", fault)

    assert user.click_send(record_id)[-2]["title"] == SENT

    [lead] = alc.leads(record_id)
    assert (user.field(record_id, "ALC lead ID"), user.field(record_id, "ALC status")) == (lead["id"], "Pending")


def test_when_not_even_the_key_can_be_looked_up_the_next_click_uses_it_again(
    proxied: ProxiedStack, user: User, alc: Alc, attio: Attio
) -> None:
    """C2, I1: the outcome is unknown, so the intent stays open with its key; ALC starts one chat."""
    record_id = attio.add_person("Ravi Menon", "+442079460111")
    proxied.to_alc.plan("POST /api/v1/leads", answer_lost)
    proxied.to_alc.plan("GET /api/v1/leads?idempotency_key=", dropped)

    alert, again = user.click_send(record_id)[-1], user.click_send(record_id)[-2]

    assert alert["title"] == "Still sending to ALC"
    assert "the app does not know yet" in alert["text"]
    assert again["title"] == SENT
    posts = proxied.to_alc.sent("POST /api/v1/leads")[-2:]
    assert posts[0].headers["Idempotency-Key"] == posts[1].headers["Idempotency-Key"]
    assert len(alc.leads(record_id)) == 1


def test_a_record_is_right_in_the_end_whatever_attio_answers(
    proxied: ProxiedStack, user: User, alc: Alc, attio: Attio
) -> None:
    """C3, R21, matrix "Send 6": 429 with a date, then a lost answer; the toast says that the status follows.

    After the lost answer the record is read before it is written again: it has the values.
    """
    record_id = attio.add_person("Tomi Alvarez", "+442079460112")
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=2), usegmt=True)
    proxied.to_attio.plan("PATCH /v2/objects/people/records", answers(429, b"{}", ("Retry-After", soon)), answer_lost)

    toast = user.click_send(record_id)[-2]

    assert (toast["title"], toast["text"]) == (SENT, "The status on the record will follow in a moment.")
    lead_id = alc.leads(record_id)[0]["id"]
    writes = f"PATCH /v2/objects/people/records/{record_id}"
    eventually(lambda: proxied.make_rows_due() or len(proxied.to_attio.sent(writes)) == 2)
    alc.decide(lead_id)
    eventually(lambda: proxied.make_rows_due() or attio.value(record_id, "alc_status") == "Complete")
    assert len(proxied.to_attio.sent(writes)) == 3
    assert attio.value(record_id, "alc_lead_id") == lead_id
    assert list(dict.fromkeys(attio.history(record_id, "alc_status"))) == ["Pending", "Complete"]


def test_a_delivery_is_answered_while_attio_is_silent(
    proxied: ProxiedStack, user: User, alc: Alc, attio: Attio
) -> None:
    """R21: the answer says that it is stored; the write to the CRM is still waiting for Attio."""
    record_id, answered = attio.add_person("Lina Weiss", "+442079460119"), threading.Event()
    user.click_send(record_id)

    def silent(exchange: Exchange) -> None:
        answered.wait(PATIENCE)
        passes(exchange)

    proxied.to_attio.always("PATCH /v2/objects/people/records", silent)
    alc.decide(alc.leads(record_id)[0]["id"])
    eventually(lambda: alc.statuses_of_attempts(record_id) == [200], what=alc.deliveries)
    assert attio.value(record_id, "alc_status") == "Pending"

    answered.set()
    eventually(lambda: proxied.make_rows_due() or attio.value(record_id, "alc_status") == "Complete")


def test_a_delivery_whose_200_was_lost_comes_again_and_has_one_effect(
    proxied: ProxiedStack, user: User, alc: Alc, attio: Attio
) -> None:
    """R14, R17: ALC cannot know that we have stored it, and sends it again."""
    record_id = attio.add_person("Pia Rossi", "+442079460113")
    user.click_send(record_id)
    proxied.to_app.plan("POST /hooks/", answer_lost, cut)

    alc.decide(alc.leads(record_id)[0]["id"])

    eventually(lambda: alc.statuses_of_attempts(record_id)[-1:] == [200], what=alc.deliveries)
    user.wait_for_status(record_id, "Complete")
    assert len(alc.statuses_of_attempts(record_id)) >= 2
    assert attio.history(record_id, "alc_status") == ["Pending", "Complete"]


@pytest.mark.parametrize(
    ("call", "fault", "notice"),
    [
        ("POST /oauth/token", answer_lost, "alc_unreachable"),
        ("POST /oauth/token", not_json, "alc_bad_answer"),
        ("POST /api/v1/webhooks", answer_lost, "alc_unreachable"),
        ("POST /api/v1/webhooks", answers(307, b"", ("Location", "http://127.0.0.1:9/")), "alc_unreachable"),
    ],
    ids=["tokens lost", "tokens not JSON", "registration lost", "registration sent elsewhere"],
)
def test_a_connection_that_cannot_be_made_whole_leaves_nothing_and_connect_works_again(
    proxied: ProxiedStack, disconnected_user: User, alc: Alc, call: str, fault: object, notice: str
) -> None:
    """C8, O8, matrix "Install 3" and "Install 6": all or nothing, on both sides."""
    proxied.to_alc.plan(call, fault)

    page = disconnected_user.connect_alc()

    assert page.url.endswith(f"notice={notice}")
    assert not disconnected_user.is_connected()
    assert not alc.webhooks()
    assert "still needs a clean-up" not in page.text
    assert disconnected_user.connect_alc().url.endswith("notice=connected")
    assert len(alc.webhooks("lead.processed")) == 1


def test_a_disconnect_whose_answers_were_lost_is_finished_later(proxied: ProxiedStack, user: User, alc: Alc) -> None:
    """C10, matrix "Remove 2": ALC has deleted the webhook, but we cannot know; the 404 of the retry is a success."""
    proxied.to_alc.plan("DELETE /api/v1/webhooks/", answer_lost)

    page = user.disconnect_alc()

    assert page.url.endswith("notice=clean_up_pending")
    assert not user.is_connected()
    eventually(lambda: "still needs a clean-up" not in user.get("/apps/alc").text)
    assert not alc.webhooks()
    lost = next(exchange for exchange in proxied.to_alc.sent("DELETE") if exchange.fault == "answer_lost")
    assert [exchange.fault for exchange in proxied.to_alc.sent(lost.line)] == ["answer_lost", "passes"]


def test_when_alc_asks_to_wait_the_person_is_sent_later_by_itself(
    proxied: ProxiedStack, user: User, alc: Alc, attio: Attio
) -> None:
    """C2, R21: 429 and 503 with `Retry-After`; one key, one chat, and nobody has to click again."""
    record_id = attio.add_person("Aiko Mori", "+442079460112")
    proxied.to_alc.plan("POST /api/v1/leads", *WAITS)

    alert = user.click_send(record_id)[-1]
    assert alert["title"] == "Still sending to ALC"

    def sent() -> bool:
        proxied.make_rows_due()
        return attio.value(record_id, "alc_status") == "Pending"

    eventually(sent)
    keys = {post.headers["Idempotency-Key"] for post in proxied.to_alc.sent("POST /api/v1/leads")[-3:]}
    assert len(keys) == len(alc.leads(record_id)) == 1
