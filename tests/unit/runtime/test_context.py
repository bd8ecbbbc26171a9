"""The runtime that app code sees: a refused token, paced writes, and how far a handler gets at the door."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import responses

from alc_app.attio import AttioConnectionExpiredError, AttioNoWorkspaceConnectionError, Connection
from alc_app.attio.host.context import running
from alc_app.attio.http import FetchResponse
from alc_app.clients import alc_api
from alc_app.clients.attio_api import AttioApiError, update_record
from alc_app.runtime.context import AppContext, DurableContext, IntakeContext, ReachedFirstEffect
from alc_app.runtime.services import WORKSPACE, Services
from tests.support.fakes.engine import FakeEngine
from tests.unit.runtime.conftest import ALC, FRESH, TOKEN, posts

LEADS = f"{ALC}/api/v1/leads"
PERSON = ("11111111-1111-4111-8111-111111111111", "Ada", "+442079460018")
PATCH = "https://attio.test/v2/objects/people/records/r"


@pytest.fixture
def slot(services: Services) -> AppContext:
    """Outside of a durable run: a step is just done."""
    return AppContext(services, "run")


def post_lead(slot: AppContext) -> FetchResponse:
    """POST with the workspace's connection."""
    connection = slot.workspace_connection()
    headers = {"Idempotency-Key": "key"}
    return slot.fetch(LEADS, method="POST", headers=headers, json={}, connection=connection, per_second=None)


def test_a_token_that_is_refused_is_refreshed_once_and_the_call_made_once_more(
    slot: AppContext, connect: Callable[..., str], alc: responses.RequestsMock
) -> None:
    """O13: with the same idempotency key."""
    connect()
    alc.post(LEADS, status=401)
    alc.post(LEADS, status=201, json={})
    alc.post(TOKEN, json=FRESH)

    assert post_lead(slot).status == 201
    sent = [call.request.headers for call in alc.calls if call.request.url == LEADS]
    assert [headers["Authorization"] for headers in sent] == ["Bearer old-access", "Bearer new-access"]
    assert {headers["Idempotency-Key"] for headers in sent} == {"key"}


def test_a_second_refusal_needs_a_reconnect_and_does_not_loop(
    slot: AppContext, services: Services, connect: Callable[..., str], alc: responses.RequestsMock
) -> None:
    """O13: two calls, one refresh, and the page says so."""
    connection_id = connect()
    alc.post(LEADS, status=401)
    alc.post(TOKEN, json=FRESH)

    with pytest.raises(AttioConnectionExpiredError):
        post_lead(slot)
    assert len(posts(alc, LEADS)) == 2
    assert len(posts(alc, TOKEN)) == 1
    assert services.connections.row(connection_id).status == "needs_reconnect"
    with pytest.raises(AttioConnectionExpiredError):
        slot.workspace_connection()


def test_a_missing_scope_is_not_mended_by_a_refresh(
    slot: AppContext, services: Services, connect: Callable[..., str], alc: responses.RequestsMock
) -> None:
    """O13: 403 is an answer."""
    connection_id = connect()
    alc.post(LEADS, status=403)

    assert post_lead(slot).status == 403
    assert not posts(alc, TOKEN)
    assert services.connections.row(connection_id).status == "active"


def test_a_token_that_somebody_else_has_refreshed_meanwhile_is_used(
    slot: AppContext, services: Services, connect: Callable[..., str], alc: responses.RequestsMock
) -> None:
    """O12: the 401 was for the old one, so nothing is refreshed."""
    connection_id = connect()
    alc.post(TOKEN, json=FRESH)
    old = slot.workspace_connection()
    services.connections.refresh(connection_id, services.connections.row(connection_id).token_version)
    alc.post(LEADS, status=401)
    alc.post(LEADS, status=201, json={})

    answer = slot.fetch(LEADS, method="POST", headers={}, json={}, connection=old, per_second=None)

    assert answer.status == 201
    assert len(posts(alc, TOKEN)) == 1


def test_the_connections_token_goes_to_alc_only_where_it_is_asked_for(
    slot: AppContext, alc: responses.RequestsMock
) -> None:
    """Usage 9: Attio's token goes to Attio."""
    alc.patch(PATCH, json={"data": {}})

    with running(slot):
        update_record("people", "r", {})

    assert alc.calls[0].request.headers["Authorization"] == "Bearer attio-token"


def test_a_429_holds_back_every_writer(
    slot: AppContext, services: Services, alc: responses.RequestsMock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R21: the wait that Attio asks for moves the shared slot."""
    waits: list[float] = []
    monkeypatch.setattr("alc_app.runtime.stores.rate_limit.time.sleep", waits.append)
    alc.patch(PATCH, status=429, headers={"Retry-After": "20"})

    with running(slot), pytest.raises(AttioApiError):
        update_record("people", "r", {})
    services.rate_limiter.wait_for_slot("https://attio.test", 25)

    assert waits == [pytest.approx(20, abs=1)]


def test_without_a_connection_app_code_gets_attios_own_error(slot: AppContext) -> None:
    """Usage 8: uncaught, the user is asked to connect."""
    with pytest.raises(AttioNoWorkspaceConnectionError):
        slot.workspace_connection()
    with pytest.raises(AttioNoWorkspaceConnectionError):
        slot.create_webhook_handler("lead_processed")


def test_handlers_belong_to_the_connection_at_hand(services: Services, connect: Callable[..., str]) -> None:
    """Installation 6: the one that is being added, not the workspace's; a misspelt file is refused first."""
    connect()
    adding = AppContext(services, connection_id="adding")
    handler = adding.create_webhook_handler("lead_processed")

    assert [found.id for found in adding.list_webhook_handlers()] == [handler.id]
    assert not AppContext(services).list_webhook_handlers()
    with pytest.raises(LookupError, match="lead_processed"):
        adding.create_webhook_handler("lead_procesed")


def test_at_the_door_a_handler_stops_before_its_first_effect(services: Services, alc: responses.RequestsMock) -> None:
    """R17: not an `Exception`, so no handler swallows it; nothing is sent and nothing written."""
    with running(IntakeContext(services)), pytest.raises(ReachedFirstEffect):
        try:
            alc_api.find_webhooks(Connection("c", "t"), name="n")
        except Exception:
            pytest.fail("A handler's `except Exception` would have swallowed it.")
    assert not alc.calls
    assert services.connections.live(WORKSPACE) is None


def test_a_run_knows_whether_it_goes_on_after_a_crash(
    services: Services, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """C4: after a step that is remembered comes one that may have been begun before."""
    slot = DurableContext(services)
    monkeypatch.setattr(engine, "step", lambda _name, _work: "remembered")
    assert slot.step("claim", lambda: "done") == "remembered"
    assert slot.resumed

    monkeypatch.undo()
    seen = slot.step("update_record", lambda: slot.resumed)
    assert (seen, slot.resumed) == (True, False)


def test_durable_work_pauses_while_attio_refuses_our_key_and_a_page_may_ask(
    services: Services, engine: FakeEngine, alc: responses.RequestsMock
) -> None:
    """C5: what is left to be done waits; a person who looks finds out."""
    alc.patch(PATCH, status=401)

    for slot in (DurableContext(services), DurableContext(services), AppContext(services)):
        with running(slot), pytest.raises(AttioApiError, match="does not accept our access token"):
            update_record("people", "r", {})

    assert len(alc.calls) == 2
