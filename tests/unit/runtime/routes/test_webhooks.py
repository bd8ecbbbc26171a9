"""The webhook routes, by Flask's test client: every refusal, and what a 2xx means."""

from __future__ import annotations

import base64
import hmac
import json
import sqlite3
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.fernet import Fernet
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event
from sqlalchemy.exc import OperationalError
from standardwebhooks import Webhook
from werkzeug.test import TestResponse

from alc_app.runtime.oauth_client import Tokens
from alc_app.runtime.observability.metrics import DELIVERIES
from alc_app.runtime.routes.webhooks import MAX_BODY, Intake
from alc_app.runtime.services import WORKSPACE, Services
from alc_app.runtime.storage.sealing import Sealer
from alc_app.runtime.stores.handler_cache import HandlerChanged
from alc_app.runtime.stores.inbox import NotStored
from alc_app.runtime.stores.rate_limit import Limit
from alc_app.web.limits import REFUSED_DELIVERIES

BODY: dict[str, Any] = {
    "event": "lead.processed",
    "record_id": "11111111-1111-4111-8111-111111111111",
    "lead_id": "lead_1",
    "status": "Complete",
}

FORGED = "whsec_Zm9yZ2VkLWZvcmdlZC1mb3JnZWQtZm9yZ2VkISE="


class Alc:
    """A sender that signs with an independent package."""

    def __init__(self, services: Services, client: FlaskClient, handler_id: str) -> None:
        self.services, self.client, self.handler_id = services, client, handler_id
        self.secret = services.webhook_handlers.get(handler_id).secret

    def deliver(
        self,
        body: object = None,
        *,
        id: str = "msg_1",
        off: float = 0.0,
        secret: str = "",
        to: str = "",
        headers: dict[str, str] | None = None,
    ) -> TestResponse:
        """Send one signed delivery, with each of the secrets in `secret`; bytes are sent as they are."""
        raw = body if isinstance(body, bytes) else json.dumps(BODY if body is None else body).encode()
        moment = datetime.fromtimestamp(time.time() + off, UTC)
        signed = {
            "webhook-id": id,
            "webhook-timestamp": str(int(moment.timestamp())),
            "webhook-signature": " ".join(
                Webhook(one).sign(id, moment, raw.decode("latin-1")) for one in (secret or self.secret).split()
            ),
            "Content-Type": "application/json",
        }
        return self.client.post(f"/hooks/{to or self.handler_id}", data=raw, headers={**signed, **(headers or {})})

    def stored(self) -> list[str]:
        """Return the ids of what was stored for this handler."""
        return [row.webhook_id for row in self.services.inbox.due(64, "")]


@pytest.fixture
def forgeries() -> Limit:
    """How many of one address are refused with 401."""
    return REFUSED_DELIVERIES


@pytest.fixture
def alc(services: Services, connect: Callable[..., str], forgeries: Limit) -> Alc:
    """ALC, with a webhook of a saved connection."""
    app = Flask(__name__)
    app.wsgi_app = Intake(services, app.wsgi_app, forgeries)
    return Alc(services, app.test_client(), services.webhook_handlers.create(connect(), "lead_processed"))


def test_a_signed_delivery_is_stored_and_answered(alc: Alc) -> None:
    """R2, R17: 200 means stored, with its raw bytes."""
    raw = b' { "record_id":"11111111-1111-4111-8111-111111111111","status":"Complete" } '

    assert alc.deliver(raw).status_code == 200
    assert alc.stored() == ["msg_1"]
    assert alc.services.inbox.get(alc.handler_id, "msg_1").body == raw


@pytest.mark.parametrize(
    "how",
    [
        {"secret": FORGED},
        {"off": -301},
        {"off": 360},
        {"headers": {"webhook-signature": ""}},
        {"headers": {"webhook-signature": "v1,%%%"}},
        {"headers": {"webhook-signature": "é"}},
        {"headers": {"webhook-timestamp": "1.7"}},
        {"headers": {"webhook-id": "another"}},
    ],
)
def test_a_delivery_that_is_not_signed_by_alc_is_refused(alc: Alc, how: dict[str, Any]) -> None:
    """R1, R3, R4: 401 and an empty body, nothing written."""
    answer = alc.deliver(**how)

    assert (answer.status_code, answer.data) == (401, b"")
    assert not alc.stored()


@pytest.mark.parametrize("gone", ["webhooks", "connectors"])
def test_a_handler_whose_code_is_gone_asks_the_sender_to_come_again(alc: Alc, gone: str) -> None:
    """R17, R18: 503 with a wait until the file is back, never a 500."""
    services = alc.services
    if gone == "connectors":
        connection_id = services.webhook_handlers.row(alc.handler_id).connection_id
        alc.handler_id = services.webhook_handlers.create(connection_id, "lead_processed", connector="alc")
        alc.secret = services.webhook_handlers.get(alc.handler_id).secret
    services.manifest, whole = replace(services.manifest, **{gone: {}}), services.manifest

    answer = alc.deliver()

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert not alc.stored()
    services.manifest = whole
    if gone == "webhooks":
        assert alc.deliver().status_code == 200


def test_a_flood_of_forgeries_is_one_line_in_the_log(alc: Alc, caplog: pytest.LogCaptureFixture) -> None:
    """R1, R22: without the payload, and without the whole address."""
    for _ in range(20):
        alc.deliver({"canary": 1}, secret=FORGED)

    [record] = [record for record in caplog.records if record.name == "alc_app.runtime.routes.webhooks"]
    assert "canary" not in record.getMessage()
    assert alc.handler_id not in record.getMessage()


@pytest.mark.parametrize("forgeries", [Limit(3, 3600)])
class TestAFlood:
    """R22: of forgeries, more than one address may send to one handler."""

    def test_a_good_delivery_is_taken_in_its_midst(self, alc: Alc) -> None:
        """R22: whoever forges is told to wait, and ALC is not, though it comes through the same proxy."""
        answers = [alc.deliver(secret=FORGED) for _ in range(5)]

        assert [answer.status_code for answer in answers] == [401, 401, 401, 429, 429]
        assert 1190 < int(answers[-1].headers["Retry-After"]) <= 1200
        assert alc.deliver().status_code == 200
        assert alc.stored() == ["msg_1"]

    def test_other_addresses_and_other_handlers_have_counts_of_their_own(
        self, alc: Alc, services: Services, connect: Callable[..., str]
    ) -> None:
        """R22: the addresses of ALC are not those of whoever forges."""
        other = services.webhook_handlers.create(services.connections.usable_id(WORKSPACE), "prospect_updated")
        for _ in range(4):
            alc.deliver(secret=FORGED)

        assert alc.deliver(secret=FORGED, to=other).status_code == 401
        alc.client.environ_base["REMOTE_ADDR"] = "192.0.2.1"
        assert alc.deliver(secret=FORGED).status_code == 401

    def test_it_writes_nothing_and_reads_once_a_second(self, alc: Alc, monkeypatch: pytest.MonkeyPatch) -> None:
        """R1, R22: a forgery costs a signature, and not the database."""
        monkeypatch.setattr("alc_app.runtime.stores.rate_limit.time.monotonic", lambda: 1000.0)
        alc.deliver()
        for _ in range(5):
            alc.deliver(secret=FORGED)
        statements: list[str] = []
        event.listen(alc.services.database.engine, "before_cursor_execute", lambda *call: statements.append(call[2]))

        assert [alc.deliver(secret=FORGED).status_code for _ in range(20)] == [429] * 20
        assert not statements

    def test_a_new_secret_is_seen_a_second_later(self, alc: Alc, monkeypatch: pytest.MonkeyPatch) -> None:
        """R5, R22: another process has rotated it meanwhile."""
        now = 1000.0
        monkeypatch.setattr("alc_app.runtime.stores.rate_limit.time.monotonic", lambda: now)
        assert alc.deliver(id="msg_0").status_code == 200
        for _ in range(6):
            alc.deliver(secret=FORGED)
        alc.services.webhook_handlers.set_external_id(alc.handler_id, "wh_1", new := f"{FORGED[:-2]}E=")
        assert alc.deliver(secret=new).status_code == 429

        now += 1
        assert alc.deliver(secret=new).status_code == 200

    def test_a_connectors_deliveries_are_counted_too(self, alc: Alc, services: Services) -> None:
        """R22: the same limit, whoever verifies."""
        connection_id = services.connections.usable_id(WORKSPACE)
        handler_id = services.subscriptions.create_handler(
            connection_id, "prospect_updated", "standard_webhooks", "alc", {}
        )

        answers = [alc.deliver(secret=FORGED, to=handler_id).status_code for _ in range(5)]
        assert answers == [401, 401, 401, 429, 429]


def test_the_secret_of_one_handler_is_no_key_to_another(
    alc: Alc, services: Services, connect: Callable[..., str]
) -> None:
    """R19: each address has its own."""
    other = services.webhook_handlers.create(services.connections.usable_id(WORKSPACE), "prospect_updated")

    assert alc.deliver(to=other).status_code == 401


@pytest.mark.parametrize("connector", ["", "alc"])
def test_while_a_secret_is_rotated_both_are_accepted(
    alc: Alc, services: Services, monkeypatch: pytest.MonkeyPatch, connector: str
) -> None:
    """R5: the new one, the previous one and both in one header; after its end the previous one is refused."""
    handlers, now = services.webhook_handlers, time.time()
    if connector:
        connection_id = services.connections.usable_id(WORKSPACE)
        create = services.subscriptions.create_handler
        alc.handler_id = create(connection_id, "prospect_updated", "standard_webhooks", connector, {})
        services.subscriptions.set_state(alc.handler_id, {"webhookId": "wh_1"})
        alc.secret = handlers.get(alc.handler_id).secret
    handlers.set_external_id(alc.handler_id, "wh_1")
    previous, body = alc.secret, {"event": "lead.sneezed"}
    handlers.rotate_secret(alc.handler_id)
    new = handlers.get(alc.handler_id).secret

    def answers() -> list[int]:
        return [alc.deliver(body, secret=secret).status_code for secret in (new, previous, f"{FORGED} {new}")]

    assert answers() == [200, 200, 200]
    handlers.end_rotation(alc.handler_id, now + 3600)
    assert answers() == [200, 200, 200]
    monkeypatch.setattr(handlers, "_now", lambda: now + 3600)
    assert answers() == [200, 401, 200]


def test_an_empty_secret_opens_nothing(alc: Alc) -> None:
    """R5: a handler that was never rotated has an empty previous secret, with which anybody could sign."""
    now, raw = datetime.now(UTC), json.dumps(BODY)
    signed = f"msg_1.{int(now.timestamp())}.{raw}".encode()
    forged = "v1," + base64.b64encode(hmac.digest(b"", signed, "sha256")).decode()

    assert alc.deliver(raw.encode(), headers={"webhook-signature": forged}).status_code == 401


@pytest.mark.parametrize(("size", "status"), [(MAX_BODY, 400), (MAX_BODY + 1, 413)])
def test_bodies_are_read_up_to_a_limit(alc: Alc, size: int, status: int) -> None:
    """R7: 64 KiB; at the limit it is read, and found to be no JSON."""
    assert alc.deliver(b"x" * size).status_code == status
    assert not alc.stored()


def test_a_body_without_a_length_is_not_read(alc: Alc) -> None:
    """R7: a chunked body may be cut by the server, silently."""
    answer = alc.client.post(
        f"/hooks/{alc.handler_id}", headers={"Content-Type": "application/json"}, input_stream=None
    )

    assert answer.status_code == 411


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Content-Type": "text/plain"}, 415),
        ({"Content-Type": "application/json; charset=latin-1"}, 415),
        ({"Content-Type": "application/x-www-form-urlencoded"}, 415),
        ({"Content-Encoding": "gzip"}, 415),
        ({"Content-Type": "application/json; charset=UTF-8"}, 200),
        ({"Content-Encoding": "identity"}, 200),
    ],
)
def test_other_types_and_encodings_are_not_read(alc: Alc, headers: dict[str, str], status: int) -> None:
    """R8: JSON in UTF-8, as it is."""
    assert alc.deliver(headers=headers).status_code == status


@pytest.mark.parametrize("method", ["get", "put", "delete", "patch"])
def test_other_methods_are_refused(alc: Alc, method: str) -> None:
    """R8: 405, and which one is allowed."""
    answer = getattr(alc.client, method)(f"/hooks/{alc.handler_id}")

    assert answer.status_code == 405
    assert "POST" in answer.headers["Allow"]


@pytest.mark.parametrize(
    "raw",
    [
        b" ",
        b"[]",
        b"{",
        b'{"status": NaN}',
        b'{"status": 1e999}',
        b'{"status": "Complete", "status": "Failed"}',
        b'{"status": "\\ud800"}',
        b'{"record_id": ' + b"9" * 5000 + b"}",
        b"[" * 30_000,
        json.dumps({**BODY, "occurred_at": 10**400}).encode(),
        json.dumps({**BODY, "record_id": "../../webhooks"}).encode(),
        json.dumps({**BODY, "summary": "\0"}).encode(),
    ],
    ids=lambda raw: raw[:24],
)
def test_a_signed_body_that_is_wrong_is_a_bad_request(alc: Alc, raw: bytes) -> None:
    """R9, R10, R13: 400, never 500, and nothing is stored."""
    assert alc.deliver(raw).status_code == 400
    assert not alc.stored()


def test_a_bad_field_is_named_to_the_sender(alc: Alc) -> None:
    """R10: the name, and nothing of its value."""
    answer = alc.deliver({**BODY, "status": "<script>canary"})

    assert answer.text.startswith("Bad Request: status: ")
    assert "canary" not in answer.text
    assert answer.content_type == "text/plain; charset=utf-8"


def test_an_unknown_event_is_acknowledged_and_not_worked_on(alc: Alc) -> None:
    """R11: counted, and no run is made of it."""
    assert alc.deliver({"event": "lead.created"}).status_code == 200
    assert not alc.stored()
    assert alc.services.inbox.get(alc.handler_id, "msg_1").state == "ignored"


def test_the_same_id_again_is_fine_and_with_other_bytes_a_conflict(alc: Alc) -> None:
    """R14: 200, 200, 409."""
    again = [alc.deliver(), alc.deliver(off=5), alc.deliver({**BODY, "status": "Failed"})]

    assert [answer.status_code for answer in again] == [200, 200, 409]
    assert alc.stored() == ["msg_1"]


def test_an_address_that_never_was_is_not_found(alc: Alc) -> None:
    """R18: whatever is in the body."""
    assert alc.deliver(to="never-was").status_code == 404


def test_an_address_that_is_gone_says_so(alc: Alc, services: Services) -> None:
    """R18, C10: 410, before and after the webhook is deleted at ALC."""
    services.webhook_handlers.tombstone(services.connections.usable_id(WORKSPACE))
    assert alc.deliver().status_code == 410

    services.webhook_handlers.delete(alc.handler_id)
    assert alc.deliver().status_code == 410


@pytest.mark.parametrize("body", [None, {"status": "Complete"}, b"x" * (MAX_BODY + 1)])
def test_an_address_that_has_been_used_and_is_gone_says_so_at_once(alc: Alc, services: Services, body: object) -> None:
    """R18: the handler is kept in memory, and another process deletes it; whatever is wrong with the body."""
    assert alc.deliver(id="msg_0").status_code == 200

    services.webhook_handlers.delete(alc.handler_id)

    assert alc.deliver(body).status_code == 410
    assert alc.deliver(body, secret=FORGED).status_code == 410
    assert alc.stored() == ["msg_0"]


def test_a_delivery_whose_handler_is_deleted_while_it_waits_is_not_stored(
    alc: Alc, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R18: 410, though it was verified before."""
    verified = services.webhook_handlers.secrets

    def delete_then_verify(*args: Any) -> list[str]:
        services.webhook_handlers.delete(alc.handler_id)
        return verified(*args)

    monkeypatch.setattr(services.webhook_handlers, "secrets", delete_then_verify)

    assert alc.deliver().status_code == 410
    assert not alc.stored()


def test_of_two_that_wait_in_one_batch_only_what_was_verified_by_the_handler_as_it_is_is_stored(
    alc: Alc, services: Services
) -> None:
    """R18: one was verified before the change, and one after it; their order makes no difference."""
    old = services.handler_cache.read(alc.handler_id)
    assert old
    services.webhook_handlers.set_external_id(alc.handler_id, "wh_1", FORGED)
    new = services.handler_cache.read(alc.handler_id)
    assert new

    assert services.handler_cache.changed([old, new]) == services.handler_cache.changed([new, old]) == {old}


def test_while_a_handler_changes_again_and_again_the_sender_is_asked_to_come_again(
    alc: Alc, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R17: nothing is stored, and nothing is lost."""

    def change(*_: object) -> None:
        raise HandlerChanged

    with monkeypatch.context() as changing:
        changing.setattr(services.inbox, "put", change)
        assert alc.deliver().status_code == 503

    assert alc.deliver().status_code == 200
    assert alc.stored() == ["msg_1"]


def test_a_new_secret_is_known_at_once(alc: Alc, services: Services, caplog: pytest.LogCaptureFixture) -> None:
    """R5: though another process has stored it, and the handler with the old one is kept in memory."""
    assert alc.deliver().status_code == 200
    services.webhook_handlers.set_external_id(alc.handler_id, "wh_1")
    assert services.webhook_handlers.rotate_secret(alc.handler_id)

    new = services.webhook_handlers.get(alc.handler_id).secret
    assert new != alc.secret
    assert alc.deliver(id="msg_2", secret=new).status_code == 200
    assert "Refused" not in caplog.text


def test_a_delivery_reads_its_handler_once(alc: Alc, services: Services) -> None:
    """The next one finds it in memory, and the writer confirms a whole batch by one statement."""
    statements: list[str] = []

    def note(_: object, __: object, statement: str, *___: object) -> None:
        if "webhook_handler" in statement:
            statements.append(statement)

    event.listen(services.database.engine, "before_cursor_execute", note)
    alc.deliver()
    first = len(statements)
    alc.deliver(id="msg_2")

    assert (first, len(statements)) == (2, 3)


def test_an_address_whose_connection_is_not_saved_yet_asks_to_come_again(alc: Alc, services: Services) -> None:
    """R18, Install 8: 503 with Retry-After, and nothing is stored."""
    adding = services.connections.add(WORKSPACE, Tokens("a", "r", time.time() + 60, ""))
    answer = alc.deliver(to=services.webhook_handlers.create(adding, "lead_processed"))

    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert not alc.stored()


def test_what_cannot_be_stored_is_not_acknowledged(
    alc: Alc, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R17, C14: 503 with Retry-After."""

    def full(*_: object) -> str:
        raise NotStored("disk full")

    monkeypatch.setattr(services.inbox, "put", full)

    answer = alc.deliver()
    assert answer.status_code == 503
    assert "Retry-After" in answer.headers


@pytest.mark.parametrize(
    ("error", "status"),
    [(OperationalError("", None, sqlite3.OperationalError("locked")), 503), (ValueError("bug"), 500)],
)
def test_an_error_of_ours_is_logged_without_the_address(
    alc: Alc,
    services: Services,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    error: Exception,
    status: int,
) -> None:
    """C14, R18: 503 while the database refuses, else 500; ALC sends it again. The address is a secret."""

    def fail(_: str) -> None:
        raise error

    monkeypatch.setattr(services.handler_cache, "read", fail)

    assert alc.deliver().status_code == status
    assert str(getattr(error, "orig", error)) in caplog.text
    assert alc.handler_id not in caplog.text


def test_a_secret_that_cannot_be_opened_asks_to_come_again(alc: Alc, services: Services) -> None:
    """O19: 503, because a lost key is our fault; the URL stays."""
    services.webhook_handlers._unseal = Sealer([Fernet.generate_key().decode()]).unseal

    assert alc.deliver().status_code == 503


def test_a_connection_that_needs_a_reconnect_still_takes_deliveries(alc: Alc, services: Services) -> None:
    """R17: a delivery is accepted without a usable token."""
    services.connections.mark_needs_reconnect(services.connections.usable_id(WORKSPACE), "why")

    assert alc.deliver().status_code == 200


def test_deliveries_are_counted_by_what_became_of_them(alc: Alc) -> None:
    """R1, R11, R14: each verdict apart, and each refusal by its status."""
    before = Counter(counted())

    alc.deliver()
    alc.deliver()
    alc.deliver({**BODY, "status": "Failed"})
    alc.deliver({"event": "lead.sneezed"}, id="msg_2")
    alc.deliver(secret=FORGED)

    assert Counter(counted()) - before == {"stored": 1, "duplicate": 1, "409": 1, "ignored": 1, "401": 1}


def counted() -> dict[str, float]:
    """What is counted in this process, by answer."""
    [family] = DELIVERIES.collect()
    return {sample.labels["answer"]: sample.value for sample in family.samples if sample.name.endswith("_total")}
