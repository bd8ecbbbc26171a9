"""The tutorial's "some time later", Later 10-11, and deliveries that are not as they should be."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
import requests
from standardwebhooks import Webhook

from tests.support.people import User
from tests.support.servers.clients import Alc, Attio
from tests.support.servers.stack import Stack
from tests.support.waiting import eventually


@pytest.fixture
def hook(user: User, alc: Alc) -> str:
    """The URL that ALC calls."""
    return str(alc.webhooks("lead.processed")[0]["url"])


@pytest.fixture
def pending(user: User, alc: Alc, attio: Attio) -> dict[str, str]:
    """A lead that ALC is working on."""
    record_id = attio.add_person("Sam Okafor", "+442079460050")
    user.click_send(record_id)
    return {"record_id": record_id, "lead_id": alc.leads(record_id)[0]["id"]}


@pytest.fixture
def forge(alc: Alc, hook: str) -> Callable[..., requests.Response]:
    """A function that posts a delivery signed with another secret."""

    def post(
        body: bytes, secret: str = "whsec_Zm9yZ2VkLWZvcmdlZC1mb3JnZWQtZm9yZ2VkISE=", **headers: str
    ) -> requests.Response:
        now = datetime.now(UTC)
        signature = Webhook(secret).sign("msg_forged", now, body.decode())
        signed = {
            "Content-Type": "application/json",
            "webhook-id": "msg_forged",
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": signature,
        }
        return requests.post(hook, data=body, headers={**signed, **headers}, timeout=30)

    return post


def test_the_same_delivery_twice_has_one_effect(user: User, alc: Alc, attio: Attio, pending: dict[str, str]) -> None:
    """R14: ALC resends a delivery that is stored; it gets 2xx again, and the record has one Complete."""
    alc.decide(pending["lead_id"])
    user.wait_for_status(pending["record_id"], "Complete")
    mine = alc.deliveries(lead_id=pending["lead_id"])[0]

    alc.resend(mine["id"])

    def attempts() -> list[int]:
        [found] = alc.deliveries(lead_id=pending["lead_id"])
        return [attempt["status"] for attempt in found["attempts"]]

    eventually(lambda: attempts() == [200, 200], what=attempts)
    assert attio.history(pending["record_id"], "alc_status") == ["Pending", "Complete"]


def test_a_forged_delivery_is_refused_and_changes_nothing(
    forge: Callable[..., requests.Response], attio: Attio, pending: dict[str, str]
) -> None:
    """R1: without the secret, the response is 401 with an empty body."""
    answer = forge(json.dumps({**pending, "event": "lead.processed", "status": "Complete"}).encode())

    assert (answer.status_code, answer.content) == (401, b"")
    assert attio.history(pending["record_id"], "alc_status") == ["Pending"]


def test_an_unsigned_delivery_as_the_tutorial_sends_it_is_refused(hook: str, pending: dict[str, str]) -> None:
    """TUTORIAL: its handler would have set the status."""
    body = {"record_id": pending["record_id"], "status": "Complete"}

    assert requests.post(hook, json=body, timeout=30).status_code == 401


def test_bodies_that_are_too_large_or_of_another_type_are_not_read(
    forge: Callable[..., requests.Response], hook: str
) -> None:
    """R7, R8: 413 with a Content-Length and in chunks, 415 and 405; nothing is processed."""

    def chunks() -> Iterator[bytes]:
        yield from [b"x" * 8192] * 9

    json_ = {"Content-Type": "application/json"}
    assert forge(b'"' + b"x" * 65_536 + b'"').status_code == 413
    assert requests.post(hook, data=chunks(), headers=json_, timeout=30).status_code == 413
    assert forge(b"{}", **{"Content-Type": "text/plain"}).status_code == 415
    assert forge(b"{}", **{"Content-Encoding": "gzip"}).status_code == 415
    assert requests.get(hook, timeout=30).status_code == 405


def test_an_unknown_address_is_not_found(stack: Stack) -> None:
    """R18: the URL has never existed."""
    assert requests.post(f"{stack.app_url}/hooks/never-was", json={}, timeout=30).status_code == 404


def test_a_verdict_on_a_record_that_was_deleted_is_answered_at_once(
    user: User, alc: Alc, attio: Attio, pending: dict[str, str]
) -> None:
    """C5: ALC still gets 2xx at once, and the write is not retried for ever."""
    attio.delete(pending["record_id"])

    alc.decide(pending["lead_id"])

    def attempts() -> list[int]:
        mine = alc.deliveries(lead_id=pending["lead_id"])
        return [attempt["status"] for d in mine for attempt in d["attempts"]]

    eventually(lambda: attempts() == [200], what=attempts)


def test_a_complete_that_arrives_while_attio_is_down_is_written_when_it_is_back(
    stack: Stack, user: User, alc: Alc, attio: Attio, pending: dict[str, str]
) -> None:
    """R21, C7: 200 means stored; the CRM is written later. TUTORIAL: the verdict is lost, and ALC still gets 200.

    Minutes later the worker's log lines still end with the trace id of the click.
    """

    def answered() -> list[int]:
        mine = alc.deliveries(lead_id=pending["lead_id"])
        return [attempt["status"] for d in mine for attempt in d["attempts"]]

    def lines() -> list[str]:
        return [line for line in stack.worker.log.read_text().splitlines() if pending["record_id"] in line]

    stack.attio.stop()
    try:
        alc.decide(pending["lead_id"])
        eventually(lambda: answered() == [200], what=answered)
        eventually(lambda: any("will be written later" in line for line in lines()), what=lines)
    finally:
        stack.attio.start()

    user.wait_for_status(pending["record_id"], "Complete")
    assert len({line.rpartition(" ")[2] for line in lines()}) == 1
