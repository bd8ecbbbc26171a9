"""The sender: at least once, signed, in time, and to allowed targets only."""

import json
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from mock_alc.webhooks.outbox import Delivery, claim_next
from tests.support.waiting import eventually
from tests.unit.mock_alc.support import Alc, Receiver


@pytest.fixture
def auth(alc: Alc) -> dict[str, str]:
    """A token of the demo account."""
    return alc.auth()


def decide_lead(alc: Alc, auth: dict[str, str]) -> Any:
    """Hand over a lead and have it decided at once."""
    return alc.http.post(f"/_mock/leads/{alc.send_lead(auth)['id']}/decide").get_json()


def test_a_decided_lead_reaches_the_webhook_signed(alc: Alc, auth: dict[str, str], receiver: Receiver) -> None:
    """W3: the body that the tutorial's handler reads."""
    secret = alc.hook(auth, receiver.url())["secret"]
    lead = decide_lead(alc, auth)
    alc.work()
    (request,) = receiver.received
    assert request.signed_by(secret)
    assert json.loads(request.body) == {
        "event": "lead.processed",
        "lead_id": lead["id"],
        "record_id": "rec-1",
        "status": "Complete",
        "interest": "interested",
        "summary": lead["summary"],
        "occurred_at": lead["decided_at"],
    }


def test_a_retry_has_the_same_id_and_bytes_and_a_fresh_signature(
    alc: Alc, auth: dict[str, str], receiver: Receiver
) -> None:
    """W2, W3: after about five seconds, and not before four."""
    secret = alc.hook(auth, receiver.url())["secret"]
    receiver.answer(500, 200)
    decide_lead(alc, auth)
    alc.work()
    alc.clock.advance(3.9)
    alc.work()
    assert len(receiver.received) == 1
    alc.clock.advance(2.2)
    alc.work()
    first, second = receiver.received
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.body == second.body
    assert first.headers["webhook-timestamp"] != second.headers["webhook-timestamp"]
    assert first.signed_by(secret) and second.signed_by(secret)
    (delivery,) = alc.deliveries()
    assert delivery["state"] == "delivered"
    assert [attempt["status"] for attempt in delivery["attempts"]] == [500, 200]


@pytest.mark.parametrize("status", [301, 400, 404, 429, 503])
def test_only_2xx_is_success(alc: Alc, auth: dict[str, str], receiver: Receiver, status: int) -> None:
    """W2, W4: a redirect is a failure too."""
    receiver.answer(status, headers={"Location": receiver.url("/elsewhere")})
    alc.hook(auth, receiver.url())
    decide_lead(alc, auth)
    alc.work()
    assert alc.deliveries()[0]["state"] == "pending"
    assert [request.path for request in receiver.received] == ["/hook"]


def test_retry_after_lengthens_the_wait(alc: Alc, auth: dict[str, str], receiver: Receiver) -> None:
    """W2: not a second before the hour has passed that the receiver asked for."""
    receiver.answer(503, headers={"Retry-After": "3600"})
    alc.hook(auth, receiver.url())
    decide_lead(alc, auth)
    alc.work()
    alc.clock.advance(3599)
    alc.work()
    assert len(receiver.received) == 1
    alc.clock.advance(1)
    alc.work()
    assert len(receiver.received) == 2


def test_after_the_last_attempt_the_delivery_has_failed(make_alc: Callable[..., Alc], receiver: Receiver) -> None:
    """W2: the schedule is a setting; a person may still resend (W8)."""
    alc = make_alc(retry_schedule=(0, 1, 1))
    auth = alc.auth()
    receiver.answer(500, 500, 500, 200)
    alc.hook(auth, receiver.url())
    decide_lead(alc, auth)
    for _attempt in range(5):
        alc.work()
        alc.clock.advance(2)
    (delivery,) = alc.deliveries()
    assert (delivery["state"], len(receiver.received)) == ("failed", 3)
    alc.http.post(f"/_mock/deliveries/{delivery['id']}/resend")
    alc.work()
    (delivery,) = alc.deliveries()
    assert (delivery["state"], len(delivery["attempts"])) == ("delivered", 4)
    assert len({request.headers["webhook-id"] for request in receiver.received}) == 1


def test_410_disables_at_once_and_nothing_is_queued_any_more(
    alc: Alc, auth: dict[str, str], receiver: Receiver
) -> None:
    """W7: what waits is cancelled; enabling is for a person."""
    receiver.answer(410)
    hook = alc.hook(auth, receiver.url())
    decide_lead(alc, auth)
    alc.work()
    shown = alc.http.get(f"/api/v1/webhooks/{hook['webhook_id']}", headers=auth).get_json()
    assert (shown["status"], "410" in shown["disabled_reason"]) == ("disabled", True)
    decide_lead(alc, auth)
    assert [delivery["state"] for delivery in alc.deliveries()] == ["cancelled"]


def fail_for(alc: Alc, auth: dict[str, str], hours: int, step: int) -> str:
    """Let every delivery fail, one each `step` hours, and return the webhook's status."""
    for _attempt in range(0, hours + 1, step):
        decide_lead(alc, auth)
        alc.work()
        alc.clock.advance(step * 3600)
        auth |= alc.auth()
    webhooks = alc.http.get("/api/v1/webhooks", headers=auth).get_json()["webhooks"]
    return str(webhooks[0]["status"])


def test_five_days_of_nothing_but_failures_disable(alc: Alc, auth: dict[str, str], receiver: Receiver) -> None:
    """W7: four and a half do not."""
    receiver.answer(500)
    alc.hook(auth, receiver.url())
    assert fail_for(alc, auth, 110, 10) == "active"
    assert fail_for(alc, auth, 20, 10) == "disabled"


def test_a_lone_old_failure_never_counts(make_alc: Callable[..., Alc], receiver: Receiver) -> None:
    """W7: sporadic failures, days apart, are not an outage; and one success resets."""
    alc = make_alc(retry_schedule=(0,))
    auth = alc.auth()
    receiver.answer(500)
    alc.hook(auth, receiver.url())
    assert fail_for(alc, auth, 300, 30) == "active"
    receiver.answer(*([500] * 10), 200, *([500] * 10))
    assert fail_for(alc, auth, 200, 10) == "active"


def test_both_secrets_sign_until_the_overlap_ends(make_alc: Callable[..., Alc], receiver: Receiver) -> None:
    """W9: whoever registered the webhook sees that its secret was rotated, and when the previous one ends."""
    alc = make_alc(secret_overlap=60)
    auth = alc.auth()
    hook = alc.hook(auth, receiver.url())
    path = f"/api/v1/webhooks/{hook['webhook_id']}"
    assert "previous_secret_expires_at" not in alc.http.get(path, headers=auth).get_json()
    rotated = alc.http.post(f"{path}/rotate-secret", headers=auth).get_json()
    shown = alc.http.get(path, headers=auth).get_json()
    assert shown == {name: value for name, value in rotated.items() if name != "secret"}
    assert shown["previous_secret_expires_at"]
    for _delivery in range(2):
        decide_lead(alc, auth)
        alc.work()
        alc.clock.advance(60)
    during, after = receiver.received
    assert during.signed_by(hook["secret"]) and during.signed_by(rotated["secret"])
    assert after.signed_by(rotated["secret"]) and not after.signed_by(hook["secret"])


def test_a_test_delivery_works_before_any_lead(alc: Alc, auth: dict[str, str], receiver: Receiver) -> None:
    """W8: under the id that the answer names."""
    hook = alc.hook(auth, receiver.url())
    answer = alc.http.post(f"/api/v1/webhooks/{hook['webhook_id']}/test", headers=auth)
    alc.work()
    assert answer.status_code == 202
    assert json.loads(receiver.received[0].body)["event"] == "webhook.test"
    assert receiver.received[0].headers["webhook-id"] == answer.get_json()["delivery_id"]


def test_prospect_updated_is_spelled_as_its_example(alc: Alc, auth: dict[str, str], receiver: Receiver) -> None:
    """The body that the tutorial's other webhook handler reads."""
    alc.hook(auth, receiver.url(), event="prospect.updated")
    data = {"prospectId": "p1", "prospectName": "Ada", "prospectEmail": "ada@example.com"}
    alc.http.post("/_mock/prospects", json=data)
    alc.work()
    assert json.loads(receiver.received[0].body) == {"event": "prospect_updated", "data": data}


def test_a_deleted_webhook_gets_no_further_attempt(alc: Alc, auth: dict[str, str], receiver: Receiver) -> None:
    """W11: queued or waiting to be retried."""
    receiver.answer(500)
    hook = alc.hook(auth, receiver.url())
    decide_lead(alc, auth)
    alc.work()
    decide_lead(alc, auth)
    alc.http.delete(f"/api/v1/webhooks/{hook['webhook_id']}", headers=auth)
    alc.clock.advance(100)
    alc.work()
    assert len(receiver.received) == 1
    assert {delivery["state"] for delivery in alc.deliveries()} == {"cancelled"}
    assert alc.http.post(f"/_mock/deliveries/{alc.deliveries()[0]['id']}/resend").status_code == 409


def test_a_delivery_that_died_with_its_process_is_taken_over(
    make_alc: Callable[..., Alc], tmp_path: Path, receiver: Receiver
) -> None:
    """W1: when its lease has run out, and under the same id; the try that broke off is kept."""
    settings = {"home": tmp_path, "database_url": ""}
    alc = make_alc(**settings)
    auth = alc.auth()
    alc.hook(auth, receiver.url())
    decide_lead(alc, auth)
    with alc.services.database.write() as session:  # Claimed, and then killed before anything was sent.
        claim = claim_next(session, alc.clock(), lease=timedelta(seconds=20), busy=())
    assert claim is not None
    other = make_alc(**settings)
    other.work()
    assert receiver.received == []
    other.clock.advance(21)
    other.work()
    assert [request.headers["webhook-id"] for request in receiver.received] == [claim.delivery_id]
    assert [attempt["error"] for attempt in other.deliveries()[0]["attempts"]] == ["interrupted", None]


def test_two_processes_send_a_delivery_once(make_alc: Callable[..., Alc], tmp_path: Path, receiver: Receiver) -> None:
    """W1: the claim is a compare-and-set."""
    settings = {"home": tmp_path, "database_url": ""}
    copies = [make_alc(**settings) for _ in range(2)]
    auth = copies[0].auth()
    copies[0].hook(auth, receiver.url())
    for _lead in range(5):
        decide_lead(copies[0], auth)
    copies[1].clock.advance(1)
    copies[0].clock.advance(1)
    threads = [threading.Thread(target=copy.work) for copy in copies for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for copy in copies * 3:
        copy.work()
    assert len(receiver.received) == len({request.headers["webhook-id"] for request in receiver.received}) == 5


def test_a_delivery_under_way_is_not_sent_again_when_the_clock_moves(
    alc: Alc, auth: dict[str, str], receiver: Receiver
) -> None:
    """W1: its lease may have ended by the virtual clock, but this process knows that it is still sending."""
    release, answer = threading.Event(), receiver.next_answer

    def slow(path: str) -> tuple[int, dict[str, str], bytes]:
        release.wait(10)
        return answer(path)

    receiver.next_answer = slow  # the receiver takes its time
    alc.hook(auth, receiver.url())
    decide_lead(alc, auth)
    alc.services.worker.run_due()
    eventually(lambda: receiver.received)
    alc.clock.advance(3600)
    due = alc.services.sender.run_due()
    release.set()
    alc.services.sender.wait(5)
    assert (len(receiver.received), due) == (1, None)
    assert [len(delivery["attempts"]) for delivery in alc.deliveries()] == [1]


def test_a_delayed_attempt_keeps_its_claim(make_alc: Callable[..., Alc], tmp_path: Path, receiver: Receiver) -> None:
    """W1: a fault's latency comes on top of the lease, so that no other process sends the delivery meanwhile."""
    settings = {"home": tmp_path, "database_url": ""}
    alc, other = make_alc(**settings), make_alc(**settings)
    auth = alc.auth()
    alc.hook(auth, receiver.url())
    fault = {"delivery": "lead.processed", "latency": 50}
    assert alc.http.post("/_mock/faults", json=fault).status_code == 201
    decide_lead(alc, auth)
    alc.services.worker.run_due()
    eventually(lambda: alc.http.get("/_mock/faults").get_json()["faults"][0]["struck"])
    eventually(lambda: (lease_of(alc) or alc.clock()) > alc.clock() + timedelta(seconds=60))
    other.clock.advance(45)
    other.work()
    assert receiver.received == []
    alc.http.delete("/_mock/faults")
    alc.services.sender.wait(5)
    assert len(receiver.received) == 1


def lease_of(alc: Alc) -> datetime | None:
    """Return when the lease of the only delivery ends."""
    with alc.services.database.read() as session:
        return session.exec(select(Delivery.lease_until)).one()


def test_a_dead_endpoint_delays_nobody(alc: Alc, auth: dict[str, str], receiver: Receiver) -> None:
    """W10: it holds two threads at most, and its queue does not stand before the others'."""
    release, entered = threading.Event(), threading.Event()
    answer = receiver.next_answer

    def slow(path: str) -> tuple[int, dict[str, str], bytes]:
        if path == "/dead":
            entered.set()
            release.wait(10)
        return answer(path)

    receiver.next_answer = slow  # one endpoint hangs
    alc.hook(auth, receiver.url("/dead"))
    for _lead in range(20):
        decide_lead(alc, auth)
    alc.hook(auth, receiver.url("/alive"), name="handler-2")
    decide_lead(alc, auth)
    alc.services.worker.run_due()
    try:
        eventually(entered.is_set)
        eventually(lambda: [request for request in receiver.received if request.path == "/alive"])
        assert len([request for request in receiver.received if request.path == "/dead"]) <= 2
    finally:
        release.set()
        alc.services.sender.wait(5)


def test_a_target_that_moved_to_a_private_address_is_not_visited(
    make_alc: Callable[..., Alc], tmp_path: Path, receiver: Receiver
) -> None:
    """W5: registered where loopback was allowed, sent from where it is not."""
    alc = make_alc(home=tmp_path, database_url="")
    auth = alc.auth()
    alc.hook(auth, receiver.url())
    decide_lead(alc, auth)
    strict = make_alc(home=tmp_path, database_url="", allow_loopback_targets=False)
    strict.clock.advance(1)
    strict.work()
    assert receiver.received == []
    assert strict.deliveries()[0]["attempts"][0]["error"] == "target_refused"


def test_the_answers_body_is_kept_in_part(alc: Alc, auth: dict[str, str], receiver: Receiver) -> None:
    """W4: 4 KiB at most."""
    receiver.answer(500, body=b"x" * 10_000)
    alc.hook(auth, receiver.url())
    decide_lead(alc, auth)
    alc.work()
    assert alc.deliveries()[0]["attempts"][0]["body"] == "x" * 4096
