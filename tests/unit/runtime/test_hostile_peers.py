"""Each of our calls against each kind of hostile server.

A hostile OAuth server or ALC never costs more than the deadline: each call ends with one of our errors, no thread is
left behind, and no wrong state is stored.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from alc_app.attio import Connection
from alc_app.attio.host.context import running
from alc_app.attio.host.errors import SerializableError
from alc_app.clients import alc_api
from alc_app.clients.alc_api import AlcAnswerLost
from alc_app.config.settings import Config
from alc_app.runtime import http_client
from alc_app.runtime.context import AppContext
from alc_app.runtime.http_client import MAX_RESPONSE, MIB, Http
from alc_app.runtime.jobs.connection_lifecycle import Lifecycle
from alc_app.runtime.oauth_client import OAuthClient, OAuthDenied, OAuthFailed
from alc_app.runtime.services import Services
from tests.support.chaos.proxy import ChaosProxy, Exchange, Fault, answers, drips, http_answer, says
from tests.support.fakes.engine import FakeEngine
from tests.support.waiting import eventually
from tests.unit.runtime.conftest import FRESH

DEADLINE = 0.15
LONG = 20.0
"""Seconds that a slow server goes on for. A call that takes half of that has no deadline."""
RECORD = "0196a0c1-7bd5-7a11-8c3e-000000000001"
JSON = ("Content-Type", "application/json")
KEY = Connection("connection", "token")


def silent(exchange: Exchange) -> None:
    """A fault: the request is accepted and never answered."""
    exchange.wait(LONG)


HOSTILE: dict[str, Fault] = {
    "silent": silent,
    "drips its body": drips(0.01, http_answer(200, b" " * 5000, JSON)),
    "drips 100 Continue": drips(0.002, b"HTTP/1.1 100 Continue\r\n\r\n" * 1000),
    "floods with a body": answers(200, b'{"a": "' + b"x" * MAX_RESPONSE + b'"}', JSON),
    "floods with headers": says(b"HTTP/1.1 200 OK\r\n" + b"X-Flood: 1\r\n" * 100_000),
    "floods with one header": says(b"HTTP/1.1 200 OK\r\nX-Flood: " + b"x" * 10 * MIB),
    "not HTTP": says(b"\x16\x03\x01 nonsense\r\n\r\n"),
    "a status of its own": says(b"HTTP/1.1 99999 Odd\r\n\r\n"),
    "cut": says(http_answer(200, json.dumps(FRESH).encode(), JSON)[:-5]),
    "a list": answers(200, b"[]", JSON),
    "nested": answers(200, b"[" * 200_000, JSON),
    "a number of 5,000 digits": answers(200, b'{"expires_in": ' + b"9" * 5000 + b"}", JSON),
    "a charset that breaks the decoder": answers(200, b'{"a": 1}', ("Content-Type", "application/json; charset=idna")),
    "half a character": answers(200, b'{"access_token": "\\ud800", "id": "\\ud800"}', JSON),
    "UTF-16": answers(200, json.dumps(FRESH).encode("utf-16"), JSON),
    "no content": answers(204),
    "sent on by 303": answers(303, b"", ("Location", "/there")),
}


def threads() -> set[threading.Thread]:
    """Return the threads, without the writers of the inbox and the exchange log, which live as long as the services."""
    return {thread for thread in threading.enumerate() if thread.name not in {"exchanges", "inbox"}}


@pytest.fixture
def alc() -> Iterator[ChaosProxy]:
    """An ALC that is nothing but its rules; no thread is left behind by it, and none of ours by a call."""
    before = threads()
    server = ChaosProxy()
    yield server
    server.close()
    eventually(lambda: threads() <= before, what=threading.enumerate)


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same bounds, in tenths of a second."""
    monkeypatch.setattr(http_client, "READ_TIMEOUT", DEADLINE)
    monkeypatch.setattr(http_client, "TOTAL_TIMEOUT", DEADLINE)


@pytest.fixture
def config(config: Config, alc: ChaosProxy) -> Config:
    """Ours, with the hostile one for ALC."""
    return config.model_copy(update={"alc_url": alc.url})


@pytest.fixture
def client(config: Config, alc: ChaosProxy) -> OAuthClient:
    """The OAuth client, whose metadata are good unless a test says otherwise."""
    paths = {"authorization": "authorize", "token": "token", "revocation": "revoke"}
    good = {f"{name}_endpoint": f"{alc.url}/oauth/{path}" for name, path in paths.items()}
    alc.always("GET /.well-known", answers(200, json.dumps({**good, "issuer": alc.url}).encode(), JSON))
    return OAuthClient(config, Http())


def fails(call: Callable[[], object], error: type[SerializableError]) -> None:
    """It raises this very error, long before the server ends."""
    started = time.monotonic()
    with pytest.raises(SerializableError) as raised:
        call()
    assert isinstance(raised.value, error)
    assert not isinstance(raised.value, OAuthDenied)
    assert time.monotonic() - started < LONG / 2


@pytest.mark.parametrize("fault", HOSTILE.values(), ids=HOSTILE)
def test_tokens_are_neither_had_nor_lost_by_a_hostile_answer(
    client: OAuthClient, alc: ChaosProxy, fault: Fault
) -> None:
    """O8, O10, O11, O14: a passing failure, never a refusal: the grant stays what it was."""
    client.metadata()
    alc.always("POST /oauth", fault)

    fails(lambda: client.exchange("code", "v" * 43), OAuthFailed)
    fails(lambda: client.refresh("old-refresh", client.token_endpoint()), OAuthFailed)
    if fault not in map(HOSTILE.get, REVOKED):
        fails(lambda: client.revoke("old-refresh", "refresh_token"), OAuthFailed)
    assert not alc.sent("GET /there")


REVOKED = (
    "a list",
    "nested",
    "a number of 5,000 digits",
    "a charset that breaks the decoder",
    "half a character",
    "UTF-16",
)
"""A 200 is a revocation, whatever its body says (RFC 7009, section 2.2)."""


@pytest.mark.parametrize("fault", HOSTILE.values(), ids=HOSTILE)
def test_hostile_metadata_are_refused(config: Config, alc: ChaosProxy, fault: Fault) -> None:
    """O7, O10: metadata are used completely or not at all."""
    alc.always("GET /.well-known", fault)

    fails(OAuthClient(config, Http()).metadata, OAuthFailed)


@pytest.mark.parametrize("fault", HOSTILE.values(), ids=HOSTILE)
def test_what_a_hostile_alc_has_done_is_unknown(services: Services, alc: ChaosProxy, fault: Fault) -> None:
    """C2, C8: not "refused" and not "done": the key is kept, the webhook is looked for by its name."""
    alc.always("", fault)
    register = {"name": "name", "url": "https://app.test/hooks/1", "event": "lead.processed", "secret": "whsec_"}

    with running(AppContext(services)):
        fails(lambda: alc_api.create_lead(KEY, RECORD, "Ada", "+442079460018", idempotency_key="key"), AlcAnswerLost)
        fails(lambda: alc_api.find_lead(KEY, idempotency_key="key"), AlcAnswerLost)
        fails(lambda: alc_api.create_webhook(KEY, **register), AlcAnswerLost)
        fails(lambda: alc_api.find_webhooks(KEY, name="name"), AlcAnswerLost)
    assert not alc.sent("GET /there")


def test_a_code_and_a_token_never_leave_for_another_origin(
    client: OAuthClient, alc: ChaosProxy, services: Services
) -> None:
    """O8: `requests` by default would send the POST again to the target of a 307."""
    stranger = ChaosProxy()
    client.metadata()
    alc.always("POST", answers(307, b"", ("Location", f"{stranger.url}/oauth/token")))

    fails(lambda: client.exchange("code", "v" * 43), OAuthFailed)
    fails(lambda: client.revoke("old-refresh", "refresh_token"), OAuthFailed)
    with running(AppContext(services)):
        fails(lambda: alc_api.create_lead(KEY, RECORD, "Ada", "+442079460018", idempotency_key="key"), AlcAnswerLost)
    stranger.close()
    assert not stranger.seen


def test_a_removal_whose_revocation_hangs_ends_and_is_tried_again(
    services: Services, connect: Callable[..., str], client: OAuthClient, alc: ChaosProxy
) -> None:
    """C10, O20: the one lane of connects and disconnects is free again after one deadline."""
    services.oauth.metadata()
    services.engine = FakeEngine()
    alc.always("POST /oauth/revoke", silent)
    connection_id, started = connect(), time.monotonic()

    assert Lifecycle(services).remove(connection_id)["error"]["name"] == "OAuthFailed"

    assert time.monotonic() - started < LONG / 2
    row = services.connections.row(connection_id)
    assert (row.status, row.tries, bool(row.access_token)) == ("removing", 1, True)
    assert row.due_at
