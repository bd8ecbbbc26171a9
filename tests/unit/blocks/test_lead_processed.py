"""The trigger block by itself: registered at ALC by its handler's name, understood by form, forgotten again."""

from __future__ import annotations

import json
from typing import Any

import pytest

from alc_app.attio import Request, WebhookHandler
from alc_app.attio.http import BadRequest
from alc_app.attio.workflows import Complete, Error, NoOp, Outcome, TriggerMetadata
from alc_app.blocks.lead_processed.activate import activate
from alc_app.blocks.lead_processed.block import Config
from alc_app.blocks.lead_processed.deactivate import deactivate
from alc_app.blocks.lead_processed.trigger import trigger
from alc_app.clients.alc_api import AlcAnswerLost, AlcUnreachable
from tests.support.fakes.runtime import FakeRuntime, Fault, Outside, answer_lost, says, unreachable
from tests.unit.leads.test_transitions import OTHER, RECORD, open_send, pending

POST = "POST /api/v1/webhooks"


def metadata(handler: WebhookHandler) -> TriggerMetadata:
    """What the trigger is told of itself."""
    return TriggerMetadata("w", "v", "lead-processed", "activation", "Flow", "", handler)


@pytest.fixture
def handler(runtime: FakeRuntime) -> WebhookHandler:
    """The callback's address."""
    return runtime.webhook_handlers.get(runtime.webhook_handlers.create("connection", "workflow:activation"))


def triggered(handler: WebhookHandler, **body: Any) -> Any:
    """ALC calls."""
    event = {"event": "lead.processed", "record_id": RECORD, "lead_id": "lead_1", "status": "Complete", **body}
    return trigger(Request(json.dumps(event).encode()), config=Config(), metadata=metadata(handler))


def test_activate_registers_the_address_and_deactivate_forgets_it(
    runtime: FakeRuntime, outside: Outside, handler: WebhookHandler
) -> None:
    """Twice is fine, both ways."""
    for _ in range(2):
        assert activate(config=Config(), metadata=metadata(handler)) == Complete()
    [webhook, _] = outside.sent(POST)
    assert (webhook["name"], webhook["url"], webhook["secret"]) == (handler.id, handler.url, handler.secret)

    for _ in range(2):
        assert deactivate(config=Config(), metadata=metadata(runtime.handlers[handler.id])) == Complete()
    assert "wh_2" not in outside.webhooks


def test_a_registration_whose_answer_was_lost_is_found_by_its_name(outside: Outside, handler: WebhookHandler) -> None:
    """C9: ALC has the webhook and we have no id of it, so it is deleted by its name."""
    outside.fault(POST, answer_lost)
    with pytest.raises(AlcAnswerLost):
        activate(config=Config(), metadata=metadata(handler))

    deactivate(config=Config(), metadata=metadata(handler))

    assert not outside.webhooks


@pytest.mark.parametrize(
    "fault, error", [(says(422, {"error": {"code": "x", "message": "No."}}), None), (unreachable, AlcUnreachable)]
)
def test_only_a_refusal_is_an_error_of_the_block(
    outside: Outside, handler: WebhookHandler, fault: Fault, error: type[Exception] | None
) -> None:
    """What may pass is raised, and tried again."""
    outside.fault(POST, fault)
    if error:
        with pytest.raises(error):
            activate(config=Config(), metadata=metadata(handler))
    else:
        assert activate(config=Config(), metadata=metadata(handler)) == Error("No.")


@pytest.mark.parametrize(
    ("status", "interest", "outcome"),
    [
        ("Complete", "interested", "interested"),
        ("Complete", "not_interested", "not_interested"),
        ("Complete", "no_answer", "no_answer"),
        ("Complete", None, "failed"),
        ("Failed", None, "failed"),
        ("Failed", "no_answer", "no_answer"),
        ("Failed", "interested", "failed"),
    ],
)
def test_each_verdict_has_its_outcome(handler: WebhookHandler, status: str, interest: str | None, outcome: str) -> None:
    """And a key that names the event, whoever tells it."""
    pending()
    found = triggered(handler, status=status, interest=interest, occurred_at="2026-11-20T12:00:00Z")

    assert isinstance(found, Outcome)
    assert (found.id, found.data and found.data["record_id"]) == (outcome, RECORD)
    assert found.unique_key.startswith("lead_1 ")


def test_optional_fields_that_are_missing_identify_nobody(handler: WebhookHandler) -> None:
    """Without a lead id the record identifies the event; without a time its delivery does."""
    open_send()
    open_send(OTHER)
    at = "2026-11-20T12:00:00Z"
    found = [triggered(handler, record_id=one, lead_id=None, occurred_at=at) for one in (RECORD, OTHER)]

    assert [each.unique_key.split()[0] for each in found] == [RECORD, OTHER]
    assert triggered(handler, lead_id=None).unique_key == ""


def test_only_leads_of_ours_start_anything(handler: WebhookHandler) -> None:
    """R12; but a verdict that overtakes the answer to our own POST is ours (R15)."""
    assert triggered(handler) == NoOp()
    open_send()
    assert isinstance(triggered(handler), Outcome)
    pending(OTHER, "lead_2")
    assert triggered(handler, record_id=OTHER, lead_id="lead_x") == NoOp()
    assert triggered(handler, event="webhook.test") == NoOp()


@pytest.mark.parametrize("body", [{"record_id": "no"}, {"status": "Maybe"}, {"lead_id": 7}])
def test_a_body_of_another_form_is_refused(handler: WebhookHandler, body: dict[str, Any]) -> None:
    """R10: 400, and ALC is told which field."""
    with pytest.raises(BadRequest):
        triggered(handler, **body)
