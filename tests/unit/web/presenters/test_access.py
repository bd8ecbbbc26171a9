"""What people have asked for, in words."""

from __future__ import annotations

import json

import pytest

from alc_app.runtime.services import Services
from alc_app.runtime.sign_in.people import Person
from alc_app.web.presenters.access import WORDS, access_of
from alc_app.web.who_may import WHO_MAY
from tests.support.chaos.proxy import ChaosProxy, answers

RECORD = "11111111-1111-4111-8111-111111111111"
ROBIN = Person("robin", "robin@example.com", "Robin Marsh", "admin")
ADA = {"id": {"record_id": RECORD}, "values": {"name": [{"full_name": "Ada {0} Lovelace"}]}}


@pytest.mark.parametrize(
    ("route", "path", "what"),
    [
        (
            "POST /people/<uuid:record_id>/actions/<action_id>",
            f"/people/{RECORD}/actions/send-to-alc",
            "Pressed “Send to ALC” for Ada {0} Lovelace",
        ),
        ("POST /workflows/<workflow_id>/runs", "/workflows/qualify/runs", "Started the workflow Qualify a person"),
        ("POST /workflows/<workflow_id>/runs", "/workflows/gone {1}/runs", "Started the workflow gone {1}"),
        ("POST /settings", "/settings", "Saved the settings"),
        ("POST /of-an-older-version/{x}", "/of-an-older-version/{x}", "/of-an-older-version/{x}"),
    ],
)
def test_who_did_what_is_told_in_words(services: Services, attio: ChaosProxy, route: str, path: str, what: str) -> None:
    """It names people, actions and workflows as their pages do, and no paths."""
    answer = json.dumps({"data": [ADA]}).encode()
    attio.always("POST /v2/objects/people/records/query", answers(200, answer, ("Content-Type", "application/json")))
    services.people.save(ROBIN)
    services.people.note_action(ROBIN, route, path)

    [action] = access_of(services).actions

    assert (action.name, action.what) == ("Robin Marsh", what)


def test_every_change_that_a_person_may_ask_for_has_words() -> None:
    """So that the page never shows a path of today's app."""
    routes = {route for access in ("member", "admin") for route in WHO_MAY[access] if route.startswith("POST")}

    assert set(WORDS) == routes
