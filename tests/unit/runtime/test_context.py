"""The runtime that app code sees: a refused token, paced writes, and how far a handler gets in the web process."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
import responses

from alc_app.attio import AttioConnectionExpiredError, AttioNoWorkspaceConnectionError, Connection
from alc_app.attio.host.context import running
from alc_app.attio.http import FetchResponse
from alc_app.attio.server import create_webhook_handler, list_webhook_handlers
from alc_app.clients import alc_api
from alc_app.clients.alc_api import AlcBusy, AlcError
from alc_app.clients.attio_api import AttioApiError, get_record, update_record
from alc_app.runtime.context import AppContext, DurableContext, IntakeContext, ReachedFirstEffect
from alc_app.runtime.services import WORKSPACE, Services
from tests.support.fakes.engine import FakeEngine
from tests.unit.runtime.conftest import ALC, FRESH, METADATA, TOKEN, posts

LEADS = f"{ALC}/api/v1/leads"
PERSON = ("11111111-1111-4111-8111-111111111111", "Ada", "+442079460018")
PATCH = "https://attio.test/v2/objects/people/records/r"
RECORD = {"data": {"id": {"record_id": "r"}, "values": {}}}


@pytest.fixture
def app_context(services: Services) -> AppContext:
    """Outside of a durable run: a step is just done."""
    return AppContext(services, "run")


def post_lead(app_context: AppContext) -> FetchResponse:
    """POST with the workspace's connection."""
    connection = app_context.workspace_connection()
    headers = {"Idempotency-Key": "key"}
    return app_context.fetch(LEADS, method="POST", headers=headers, json={}, connection=connection, per_second=None)


def test_a_token_that_is_refused_is_refreshed_once_and_the_call_made_once_more(
    app_context: AppContext, connect: Callable[..., str], alc: responses.RequestsMock
) -> None:
    """O13: with the same idempotency key."""
    connect()
    alc.post(LEADS, status=401)
    alc.post(LEADS, status=201, json={})
    alc.post(TOKEN, json=FRESH)

    assert post_lead(app_context).status == 201
    sent = [call.request.headers for call in alc.calls if call.request.url == LEADS]
    assert [headers["Authorization"] for headers in sent] == ["Bearer old-access", "Bearer new-access"]
    assert {headers["Idempotency-Key"] for headers in sent} == {"key"}


def test_a_second_refusal_needs_a_reconnect_and_does_not_loop(
    app_context: AppContext, services: Services, connect: Callable[..., str], alc: responses.RequestsMock
) -> None:
    """O13: two calls, one refresh, and the page says so."""
    connection_id = connect()
    alc.post(LEADS, status=401)
    alc.post(TOKEN, json=FRESH)

    with pytest.raises(AttioConnectionExpiredError):
        post_lead(app_context)
    assert len(posts(alc, LEADS)) == 2
    assert len(posts(alc, TOKEN)) == 1
    assert services.connections.row(connection_id).status == "needs_reconnect"
    with pytest.raises(AttioConnectionExpiredError):
        app_context.workspace_connection()


def test_a_missing_scope_is_not_mended_by_a_refresh(
    app_context: AppContext, services: Services, connect: Callable[..., str], alc: responses.RequestsMock
) -> None:
    """O13: 403 is an answer."""
    connection_id = connect()
    alc.post(LEADS, status=403)

    assert post_lead(app_context).status == 403
    assert not posts(alc, TOKEN)
    assert services.connections.row(connection_id).status == "active"


def test_a_token_that_somebody_else_has_refreshed_meanwhile_is_used(
    app_context: AppContext, services: Services, connect: Callable[..., str], alc: responses.RequestsMock
) -> None:
    """O12: the 401 was for the old one, so nothing is refreshed."""
    connection_id = connect()
    alc.post(TOKEN, json=FRESH)
    old = services.connections.with_fresh_token(connection_id)
    services.connections.refresh(connection_id, services.connections.row(connection_id).token_version)
    alc.post(LEADS, status=401)
    alc.post(LEADS, status=201, json={})

    answer = app_context.fetch(LEADS, method="POST", headers={}, json={}, connection=old, per_second=None)

    assert answer.status == 201
    assert len(posts(alc, TOKEN)) == 1


def test_the_connections_token_goes_to_alc_only_where_it_is_asked_for(
    app_context: AppContext, alc: responses.RequestsMock
) -> None:
    """Usage 9: Attio's token goes to Attio."""
    alc.patch(PATCH, json=RECORD)

    with running(app_context):
        update_record("people", "r", {})

    assert alc.calls[0].request.headers["Authorization"] == "Bearer attio-token"


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_holds_back_every_call_to_alc(
    services: Services, connect: Callable[..., str], alc: responses.RequestsMock, status: int
) -> None:
    """R21: in each process, and at once: nothing is sent, and the error says when to come again."""
    connect()
    alc.post(LEADS, status=status, headers={"Retry-After": "20"})
    first, second = (AppContext(services, run) for run in ("click", "job"))

    with running(first), pytest.raises(AlcError):
        alc_api.create_lead(first.workspace_connection(), *PERSON, idempotency_key="key")
    with running(second), pytest.raises(AlcBusy, match="asked the app to wait") as raised:
        alc_api.get_lead(second.workspace_connection(), "lead_1")

    assert raised.value.retry_after == pytest.approx(20, abs=1)
    assert [call.request.url for call in alc.calls if call.request.url != METADATA] == [LEADS]


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_holds_back_every_writer(app_context: AppContext, alc: responses.RequestsMock, status: int) -> None:
    """R21: Attio's form is a date; reads go on, because they have a limit of their own."""
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    alc.patch(PATCH, status=status, headers={"Retry-After": soon})
    alc.get(PATCH, json=RECORD)

    with running(app_context):
        with pytest.raises(AttioApiError):
            update_record("people", "r", {})
        with pytest.raises(AttioApiError, match="asked us to wait") as raised:
            update_record("people", "other", {})
        get_record("people", "r")

    assert raised.value.retry_after == pytest.approx(30, abs=3)
    assert [call.request.method for call in alc.calls] == ["PATCH", "GET"]


def test_a_read_that_must_wait_holds_back_the_others(app_context: AppContext, alc: responses.RequestsMock) -> None:
    """R21: reads have no pace, and obey Retry-After all the same."""
    alc.get(PATCH, status=429, headers={"Retry-After": "20"})

    for message in ("status 429", "asked us to wait"):
        with running(app_context), pytest.raises(AttioApiError, match=message):
            get_record("people", "r")

    assert len(alc.calls) == 1


@pytest.mark.parametrize(("status", "pause"), [(429, 1.0), (503, 0.0), (500, None), (200, None)])
def test_what_asks_for_no_time_gets_a_short_pause_or_none(
    app_context: AppContext,
    services: Services,
    alc: responses.RequestsMock,
    monkeypatch: pytest.MonkeyPatch,
    status: int,
    pause: float | None,
) -> None:
    """R21: a 429 without Retry-After is meant for all of us, a 503 may be one bad answer."""
    pauses: list[float] = []
    monkeypatch.setattr(services.call_limit, "pause", lambda _name, wait: pauses.append(wait))
    alc.post(LEADS, status=status)

    app_context.fetch(LEADS, method="POST", headers={}, json={}, connection=None, per_second=25)

    assert pauses == ([] if pause is None else [pause])


def test_without_a_connection_app_code_gets_attios_own_error(app_context: AppContext) -> None:
    """Usage 8: uncaught, the user is asked to connect."""
    with pytest.raises(AttioNoWorkspaceConnectionError):
        app_context.workspace_connection()
    with running(app_context), pytest.raises(AttioNoWorkspaceConnectionError):
        create_webhook_handler("lead_processed")


def test_handlers_belong_to_the_connection_at_hand(services: Services, connect: Callable[..., str]) -> None:
    """Installation 6: the one that is being added, not the workspace's; a misspelt file is refused first."""
    connect()
    with running(AppContext(services, connection_id="adding")):
        handler = create_webhook_handler("lead_processed")

        assert [found.id for found in list_webhook_handlers()] == [handler.id]
        with pytest.raises(LookupError, match="lead_processed"):
            create_webhook_handler("lead_procesed")
    with running(AppContext(services)):
        assert not list_webhook_handlers()


def test_at_the_door_a_handler_stops_before_its_first_effect(services: Services, alc: responses.RequestsMock) -> None:
    """R17: not an `Exception`, so no handler swallows it; nothing is sent and nothing written."""
    with running(IntakeContext(services)), pytest.raises(ReachedFirstEffect):
        try:
            alc_api.find_webhooks(Connection("c", "t"), name="n")
        except Exception:
            pytest.fail("A handler's `except Exception` would have swallowed it.")
    assert not alc.calls
    assert services.connections.live(WORKSPACE) is None


def test_what_may_be_repeated_is_not_stored(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    """C7: after a crash it is done again; the engine is not asked."""
    monkeypatch.setattr(services.engine, "step", lambda _name, _work: pytest.fail("It was stored."))

    assert DurableContext(services).repeatable("mark_synced", lambda: "done") == "done"


def test_durable_work_pauses_while_attio_refuses_our_key_and_a_page_may_ask(
    services: Services, engine: FakeEngine, alc: responses.RequestsMock
) -> None:
    """C5: what is left to be done waits; a person who looks finds out."""
    alc.patch(PATCH, status=401)

    for app_context in (DurableContext(services), DurableContext(services), AppContext(services)):
        with running(app_context), pytest.raises(AttioApiError, match="does not accept the access token"):
            update_record("people", "r", {})

    assert len(alc.calls) == 2
