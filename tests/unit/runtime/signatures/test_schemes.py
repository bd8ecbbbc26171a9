"""The two signature schemes: Attio's deliveries pass at its own URLs only."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlmodel import select
from werkzeug.test import TestResponse

from alc_app.record_events.changed_record_rows import ChangedRecord
from alc_app.runtime.routes.webhooks import Intake
from alc_app.runtime.services import WORKSPACE, Services
from alc_app.web.limits import REFUSED_DELIVERIES

SECRET = "c0ffee" * 10 + "abcd"
IDS = {
    "workspace_id": "22222222-2222-4222-8222-222222222222",
    "object_id": "33333333-3333-4333-8333-333333333333",
    "record_id": "44444444-4444-4444-8444-444444444444",
}
MERGED = {"event_type": "record.merged", "id": IDS, "actor": {}, "duplicate_record_id": IDS["object_id"]}
BODY: dict[str, Any] = {"webhook_id": "1", "events": [MERGED]}


class Attio:
    """A sender that signs as Attio does."""

    def __init__(self, services: Services, handler_id: str) -> None:
        app = Flask(__name__)
        app.wsgi_app = Intake(services, app.wsgi_app, REFUSED_DELIVERIES)
        self.services, self.client, self.handler_id = services, app.test_client(), handler_id

    def deliver(self, body: object = None, *, key: str = "key_1", to: str = "/attio/events/") -> TestResponse:
        """One signed message."""
        raw = json.dumps(BODY if body is None else body).encode()
        headers = {
            "Attio-Signature": hmac.new(SECRET.encode(), raw, hashlib.sha256).hexdigest(),
            "Idempotency-Key": key,
            "Content-Type": "application/json",
        }
        return self.client.post(f"{to}{self.handler_id}", data=raw, headers=headers)

    def stored(self) -> list[str]:
        """The ids of stored deliveries that are due."""
        return [row.webhook_id for row in self.services.inbox.due(64, "")]


@pytest.fixture
def attio(services: Services, connect: Callable[..., str]) -> Attio:
    """Attio, with a webhook whose secret we know."""
    handler_id = services.webhook_handlers.create(connect(), "record_events", "attio")
    services.webhook_handlers.set_external_id(handler_id, "sub_1", SECRET)
    return Attio(services, handler_id)


def test_a_message_of_attio_is_stored_and_answered(attio: Attio) -> None:
    """R14, R17, R20: with its key, once; other bytes under the same key are a conflict."""
    answers = [attio.deliver(), attio.deliver(), attio.deliver({**BODY, "webhook_id": "2"})]

    assert [answer.status_code for answer in answers] == [200, 200, 409]
    assert attio.stored() == ["key_1"]


def test_what_a_handler_has_noted_at_once_is_done(attio: Attio, services: Services) -> None:
    """R17: the note is stored before the answer, and no run is needed."""
    changed = {"webhook_id": "1", "events": [{"event_type": "record.updated", "id": IDS}]}

    assert attio.deliver(changed).status_code == 200

    assert not attio.stored()
    assert services.inbox.get(attio.handler_id, "key_1").state == "done"
    with services.database.reading() as session:
        assert [row.record_id for row in session.exec(select(ChangedRecord))] == [IDS["record_id"]]


def test_the_doors_are_not_interchangeable(attio: Attio, services: Services) -> None:
    """R18, R20: a handler is found at its own address only."""
    alc = services.webhook_handlers.create(services.connections.usable_id(WORKSPACE), "lead_processed")

    assert attio.deliver(to="/hooks/").status_code == 404
    assert attio.client.post(f"/attio/events/{alc}").status_code == 404


def test_before_the_secret_is_known_attio_is_asked_to_come_again(
    attio: Attio, services: Services, connect: Callable[..., str]
) -> None:
    """Attio returns it when we register; an event may arrive earlier."""
    services.webhook_handlers.delete(attio.handler_id)
    attio.handler_id = services.webhook_handlers.create(
        services.connections.usable_id(WORKSPACE), "record_events", "attio"
    )

    assert attio.deliver().status_code == 503
    assert services.webhook_handlers.get(attio.handler_id).secret == ""
    assert not services.webhook_handlers.undecryptable()


def test_the_secret_is_sealed(attio: Attio, services: Services) -> None:
    """O17: as ALC's are."""
    raw = b"".join(path.read_bytes() for path in services.config.home.glob("*.db*"))

    assert SECRET.encode() not in raw
    assert services.webhook_handlers.get(attio.handler_id).secret == SECRET


@pytest.mark.parametrize(
    "body",
    [
        [],
        {},
        {"webhook_id": "1", "events": [{"event_type": "record.updated", "id": {**IDS, "record_id": "../x"}}]},
        {"webhook_id": "1", "events": [{"event_type": "record.updated", "id": {**IDS, "record_id": None}}]},
        {"webhook_id": "1", "events": [{"event_type": "<script>", "id": IDS}]},
    ],
    ids=str,
)
def test_a_signed_message_of_another_shape_is_a_bad_request(attio: Attio, body: object) -> None:
    """R9, R10: 400, and nothing is stored."""
    assert attio.deliver(body).status_code == 400
    assert not attio.stored()


def test_what_nobody_handles_is_acknowledged_and_not_worked_on(attio: Attio) -> None:
    """R11: no run is made of it."""
    note = {"event_type": "note.created", "id": {"workspace_id": IDS["workspace_id"], "note_id": "1"}}

    assert attio.deliver({"webhook_id": "1", "events": [note]}).status_code == 200
    assert attio.services.inbox.get(attio.handler_id, "key_1").state == "ignored"
