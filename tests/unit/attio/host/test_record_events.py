"""Routing: each event of a message to its handler, and for one that has none the handler that could be pasted."""

from __future__ import annotations

import ast
import json
from typing import Any

import pytest

from alc_app.attio import Request
from alc_app.attio.host.record_events import WebhookEvent, route
from alc_app.attio.http import BadRequest

WORKSPACE = "22222222-2222-4222-8222-222222222222"
RECORD = "44444444-4444-4444-8444-444444444444"


def message(*events: dict[str, Any]) -> Request:
    """A message as Attio sends it."""
    return Request(json.dumps({"webhook_id": "1", "events": list(events)}).encode())


def event(event_type: str, **ids: str) -> dict[str, Any]:
    """One event."""
    return {"event_type": event_type, "id": {"workspace_id": WORKSPACE, **ids}, "actor": {"type": "system", "id": None}}


def test_each_event_goes_to_the_handler_of_its_type() -> None:
    """Seed 004, step 4, for a list of events: today Attio sends one, and leaves room for more."""
    seen: list[WebhookEvent] = []
    deleted = event("record.deleted", record_id=RECORD)

    answer = route({"record.updated": seen.append}, message(event("record.updated", record_id=RECORD), deleted))

    assert answer.status == 200
    assert [one.record_id for one in seen] == [RECORD]


def test_for_an_unhandled_type_the_handler_to_paste_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """Errors teach: it is Python, and named as its file must be."""
    caplog.set_level("INFO")

    route({}, message(event("list-entry.created", list_id="1", entry_id="2")))

    [said] = [record.getMessage() for record in caplog.records]
    assert '"list-entry.created"' in said
    assert "alc_app/record_events/list_entry_created.py" in said
    [_, function] = ast.parse(said.partition("\n\n")[2]).body
    assert isinstance(function, ast.FunctionDef)
    assert function.name == "list_entry_created"
    assert "id.entry_id" in said


@pytest.mark.parametrize("name", ["record_id", "merged_record_id"])
def test_an_id_that_is_missing_is_named(name: str) -> None:
    """R10: a handler asks for what its type has."""
    with pytest.raises(BadRequest, match="record_id: Field required"):
        route({"record.merged": lambda one: getattr(one, name)}, message(event("record.merged")))
