"""Webhook delivery: signed, once for each change, retried for three days."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session

from alc_app.mock_attio.app import create_app
from alc_app.mock_attio.store import webhook_outbox
from alc_app.mock_attio.store.services import Services
from alc_app.mock_attio.store.webhook_outbox import all_webhooks
from alc_app.mock_attio.store.webhook_payload import sign
from alc_app.mock_attio.store.webhook_sender import MAX_PER_SECOND, Sender
from alc_app.mock_attio.store.webhook_tables import Webhook
from tests.unit.mock_attio.conftest import Attio, Clock, config_for

URL = "https://app.example.com/attio/events"
PEOPLE = "/v2/objects/people/records"


class Receiver:
    """A webhook receiver that answers with `status`."""

    def __init__(self, attio: Attio) -> None:
        self.calls: list[tuple[str, bytes, Mapping[str, str]]] = []
        self.status: int | None = 200
        self.time = 0.0
        self.hold = threading.Event()
        self.hold.set()
        self._attio = attio
        services: Services = attio.app.extensions["mock_attio"]
        self._sender = Sender(
            services.database, self._post, services.clock, faults=services.faults, log=services.deliveries,
            ticks=lambda: self.time,
        )  # fmt: skip

    def subscribe(self, *event_types: str, filter: Any = None, url: str = URL) -> Any:
        """Create a webhook for these events."""
        subscriptions = [{"event_type": one, "filter": filter} for one in event_types]
        data = {"target_url": url, "subscriptions": subscriptions}
        return self._attio.ok("POST", "/v2/webhooks", {"data": data})

    def events(self, runs: int = 20) -> list[dict[str, Any]]:
        """Return the events received in `runs` runs of the sender, one second apart."""
        before = len(self.calls)
        for _ in range(runs):
            self.run_once()
        return [event for _, body, _ in self.calls[before:] for event in json.loads(body)["events"]]

    def run_once(self) -> None:
        """Let the sender send what is due, once."""
        self.start_due()
        self.finish()
        self.time += 1

    def start_due(self) -> None:
        """Let the sender begin to send what is due."""
        self._sender.send_due()

    def finish(self) -> None:
        """Wait until what is being sent is answered."""
        self._sender.wait_for_attempts()

    def status_at_attio(self) -> str:
        """Return the status of the first webhook."""
        return str(self._attio.ok("GET", "/v2/webhooks")[0]["status"])

    def _post(self, url: str, body: bytes, headers: Mapping[str, str]) -> int | None:
        self.calls.append((url, body, headers))
        self.hold.wait(5)
        return self.status


@pytest.fixture
def receiver(attio: Attio) -> Receiver:
    """Return a receiver without subscriptions."""
    return Receiver(attio)


def test_the_signature_is_the_one_of_the_reference() -> None:
    """Attio's guide: hex HMAC-SHA256 of the raw body, the key being the secret's own bytes."""
    body = (
        b'{"webhook_id":"11111111-1111-4111-8111-111111111111","events":[{"event_type":"record.updated","id":'
        b'{"workspace_id":"22222222-2222-4222-8222-222222222222","object_id":"33333333-3333-4333-8333-333333333333",'
        b'"record_id":"44444444-4444-4444-8444-444444444444","attribute_id":"55555555-5555-4555-8555-555555555555"},'
        b'"actor":{"type":"app","id":"66666666-6666-4666-8666-666666666666"}}]}'
    )

    assert sign("0123456789abcdef" * 4, body) == "86b6ab7d7503b6fd3a0dc4dcb011fe6c9771888b3311dff6703645e089a338fd"


def test_a_message_is_signed_in_both_headers_and_has_a_key(attio: Attio, receiver: Receiver) -> None:
    """The body has identifiers only, and exactly one event."""
    webhook = receiver.subscribe("record.created")
    made = attio.ok("POST", PEOPLE, {"data": {"values": {"name": "Lovelace, Ada"}}})

    receiver.run_once()

    [(url, body, headers)] = receiver.calls
    assert url == URL
    assert headers["Attio-Signature"] == headers["X-Attio-Signature"] == sign(webhook["secret"], body)
    assert headers["Idempotency-Key"]
    payload = json.loads(body)
    assert payload["webhook_id"] == webhook["id"]["webhook_id"]
    [event] = payload["events"]
    assert (event["event_type"], event["id"]) == ("record.created", made["id"])
    assert event["actor"]["type"] == "api-token"


def test_an_update_is_one_event_for_each_attribute_that_changed(attio: Attio, receiver: Receiver) -> None:
    """Writing what is there already is no change."""
    receiver.subscribe("record.updated")
    values = {"alc_status": "Pending", "alc_lead_id": "1", "job_title": "Admiral"}
    attio.write("PATCH", attio.path(), values)
    assert len(receiver.events()) == 3

    attio.write("PATCH", attio.path(), {**values, "alc_status": "Complete"})

    [event] = receiver.events()
    status = attio.ok("GET", "/v2/objects/people/attributes/alc_status")
    assert event["id"]["attribute_id"] == status["id"]["attribute_id"]


def test_filters_hold_back_what_was_not_asked_for(attio: Attio, receiver: Receiver) -> None:
    """By attribute and by actor: a client can exclude its own writes."""
    status = attio.ok("GET", "/v2/objects/people/attributes/alc_status")["id"]["attribute_id"]
    me = attio.write("PATCH", attio.path(), {"alc_lead_id": "1"})["alc_lead_id"][0]["created_by_actor"]["id"]
    of_status = {"field": "id.attribute_id", "operator": "equals", "value": status}
    not_mine = {"field": "actor.id", "operator": "not_equals", "value": me}
    receiver.subscribe("record.updated", filter={"$and": [of_status]})
    receiver.subscribe("record.updated", filter={"$and": [of_status, not_mine]}, url=f"{URL}/others")
    receiver.subscribe("record.updated", filter={"$or": [of_status, not_mine]}, url=f"{URL}/either")

    attio.write("PATCH", attio.path(), {"alc_status": "Pending", "job_title": "Admiral"})
    receiver.events()

    assert sorted(url for url, _, _ in receiver.calls) == [URL, f"{URL}/either"]


def test_deletions_and_merges_are_told(attio: Attio, receiver: Receiver) -> None:
    """A merge sends one event for each of the two merged records."""
    receiver.subscribe("record.created", "record.deleted", "record.merged")
    first, second, third = (attio.person(position)["id"]["record_id"] for position in range(3))
    attio.send("DELETE", f"{PEOPLE}/{third}")
    pair = {"primary_record_id": first, "secondary_record_id": second}

    made = attio.ok("POST", f"{PEOPLE}/merge", {"data": pair})["new_record_id"]

    deleted, *merged = receiver.events()
    assert (deleted["event_type"], deleted["id"]["record_id"]) == ("record.deleted", third)
    assert [event["event_type"] for event in merged] == ["record.merged", "record.merged"]
    assert {event["id"]["record_id"] for event in merged} == {made}
    assert {event["duplicate_record_id"] for event in merged} == {first, second}


def test_attributes_of_objects_are_told(attio: Attio, receiver: Receiver) -> None:
    """Created, and updated."""
    receiver.subscribe("object-attribute.created", "object-attribute.updated")
    made = attio.add_attribute("shoe_size", "number")
    attio.ok("PATCH", "/v2/objects/people/attributes/shoe_size", {"data": {"title": "Shoes"}})

    events = receiver.events()

    assert [event["event_type"] for event in events] == ["object-attribute.created", "object-attribute.updated"]
    assert [event["id"] for event in events] == [made["id"]] * 2


def test_a_change_that_is_undone_is_not_told(attio: Attio, receiver: Receiver) -> None:
    """The message is written in the transaction of the change."""
    receiver.subscribe("record.created")
    email = attio.person()["values"]["email_addresses"][0]["email_address"]
    attio.refused("POST", PEOPLE, {"data": {"values": {"email_addresses": [email]}}})

    assert receiver.events() == []


@pytest.mark.parametrize("status", [None, 301, 410])
def test_what_is_not_taken_is_sent_again_ten_times_over_three_days(
    attio: Attio, receiver: Receiver, status: int | None
) -> None:
    """The same key and bytes each time; then the webhook is degraded, still called, and a week later inactive."""
    receiver.subscribe("record.updated")
    receiver.status = status
    attio.write("PATCH", attio.path(), {"job_title": "Admiral"})
    receiver.run_once()
    for hours in range(80):  # each of the ten is found due at the next full hour
        attio.clock.advance(3600)
        receiver.events(runs=2 if hours else 8)

    assert len(receiver.calls) == 11
    assert len({(body, headers["Idempotency-Key"]) for _, body, headers in receiver.calls}) == 1
    assert receiver.status_at_attio() == "degraded"
    attio.clock.advance(7 * 86_400)
    attio.write("PATCH", attio.path(), {"job_title": "Captain"})
    assert receiver.status_at_attio() == "inactive"
    assert receiver.events() == []


def test_a_degraded_webhook_that_is_reached_is_active_again(attio: Attio, receiver: Receiver) -> None:
    """It is still called, and a delivery makes it active."""
    receiver.subscribe("record.updated")
    receiver.status = 500
    attio.write("PATCH", attio.path(), {"job_title": "Admiral"})
    for _ in range(11):
        receiver.run_once()
        attio.clock.advance(200_000)
    assert receiver.status_at_attio() == "degraded"

    receiver.status = 204
    attio.write("PATCH", attio.path(), {"job_title": "Captain"})

    assert len(receiver.events()) == 1
    assert receiver.status_at_attio() == "active"


def test_one_address_is_called_25_times_a_second_and_others_need_not_wait(attio: Attio, receiver: Receiver) -> None:
    """A burst is smoothed, not refused."""
    receiver.subscribe("record.updated")
    receiver.subscribe("record.updated", url=f"{URL}/other")
    attio.write("PATCH", attio.path(), {"job_title": "Admiral", "alc_status": "Pending"})

    assert receiver._sender.send_due(), "the second message of each webhook waits"
    receiver._sender.send_due()
    receiver._sender.wait_for_attempts()
    assert sorted(url for url, _, _ in receiver.calls) == [URL, f"{URL}/other"]

    receiver.time += 1 / MAX_PER_SECOND
    assert not receiver._sender.send_due(), "nothing waits any more"
    receiver._sender.wait_for_attempts()
    assert len(receiver.calls) == 4


def test_deleting_a_webhook_drops_what_waits_for_it(attio: Attio, receiver: Receiver) -> None:
    """Undelivered messages are deleted with the webhook."""
    webhook = receiver.subscribe("record.updated")
    attio.write("PATCH", attio.path(), {"job_title": "Admiral"})
    attio.send("DELETE", f"/v2/webhooks/{webhook['id']['webhook_id']}")

    assert receiver.events() == []


def test_only_what_there_is_to_send_wakes_the_sender(attio: Attio, receiver: Receiver) -> None:
    """Neither a change that no webhook asks for, nor the end of a delivery."""
    outbox = attio.app.extensions["mock_attio"].database.changed
    webhook = receiver.subscribe("record.deleted")
    outbox.clear()
    attio.write("PATCH", attio.path(), {"job_title": "Admiral"})
    assert not outbox.is_set()

    attio.send("DELETE", attio.path())
    assert outbox.is_set()
    outbox.clear()
    receiver.run_once()

    assert [json.loads(body)["webhook_id"] for _, body, _ in receiver.calls] == [webhook["id"]["webhook_id"]]
    assert not outbox.is_set()


def test_a_message_that_is_delivered_while_the_outbox_is_read_is_not_sent_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the read has seen as due may be delivered before the read ends."""
    clock = Clock()
    attio = Attio(create_app(config_for(clock, database_url=f"sqlite:///{tmp_path}/attio.db")), clock)
    receiver = Receiver(attio)
    receiver.subscribe("record.created")
    attio.ok("POST", PEOPLE, {"data": {"values": {"name": "Lovelace, Ada"}}})
    receiver.hold.clear()
    receiver.start_due()

    def read_slowly(session: Session) -> Sequence[Webhook]:
        webhooks = all_webhooks(session)
        receiver.hold.set()
        receiver.finish()
        return webhooks

    receiver.time += 1
    monkeypatch.setattr(webhook_outbox, "all_webhooks", read_slowly)
    receiver.start_due()
    receiver.finish()

    assert len(receiver.calls) == 1
