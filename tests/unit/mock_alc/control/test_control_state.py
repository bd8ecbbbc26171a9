"""The control API: `/_mock/seed`, `/_mock/state` and `/_mock/requests`."""

from typing import Any

import pytest

from tests.unit.mock_alc.support import LEAD, Alc, Receiver

HOOK = {"name": "h", "event": "lead.processed"}


def test_a_seed_makes_leads_and_webhooks_and_tells_nobody(alc: Alc, receiver: Receiver) -> None:
    """One call creates all of it."""
    rows = [LEAD, {**LEAD, "recordId": "2", "interest": "no_answer"}]
    body = {"leads": rows, "webhooks": [{**HOOK, "url": receiver.url()}]}
    made = alc.http.post("/_mock/seed", json=body).get_json()
    assert [lead["status"] for lead in made["leads"]] == ["processing", "Failed"]
    assert made["webhooks"][0]["secret"].startswith("whsec_")
    assert alc.deliveries() == []

    alc.http.post("/_mock/clock", json={"until": "idle"})
    [received] = receiver.received  # Only of the one that was still under way.
    assert received.signed_by(made["webhooks"][0]["secret"])


@pytest.mark.parametrize(
    "body",
    [
        {"leads": {}},
        {"leads": ["Ada"]},
        {"leads": [{**LEAD, "phoneNumber": "1"}]},
        {"leads": [{**LEAD, "interest": "perhaps"}]},
        {"leads": [LEAD], "webhooks": [HOOK]},
    ],
)
def test_a_seed_is_all_or_nothing(alc: Alc, body: dict[str, Any]) -> None:
    """The answer names the wrong field, and nothing was created."""
    answer = alc.http.post("/_mock/seed", json=body)
    assert answer.status_code == 422
    assert answer.get_json()["error"]["fields"]
    assert alc.http.get("/_mock/leads").get_json() == {"leads": []}


def test_requests_are_found_by_what_they_had(alc: Alc) -> None:
    """By any part, at any depth; parts that are not given do not matter."""
    alc.send_lead(alc.auth())
    wanted = {"method": "POST", "path": "/api/v1/leads", "body": {"recordId": "rec-1"}, "status": 201}
    answer = alc.http.post("/_mock/requests/find", json=wanted).get_json()
    assert [request["body"]["name"] for request in answer["found"]] == ["Ada Lovelace"]
    assert answer["near_misses"] == []


def test_what_is_not_found_comes_with_the_nearest_misses(alc: Alc) -> None:
    """So that tests in any language can show near misses."""
    alc.send_lead(alc.auth())
    alc.http.get("/api/v1/leads")
    wanted = {"method": "POST", "path": "/api/v1/leads", "body": {"recordId": "rec-1", "name": "Ada"}}
    answer = alc.http.post("/_mock/requests/find", json=wanted).get_json()
    assert answer["found"] == []
    assert answer["near_misses"][0]["differs"] == ['body.name is "Ada Lovelace" (expected "Ada")']
    assert alc.http.post("/_mock/requests/find", json={"pth": "/"}).status_code == 422


def test_active_webhooks_are_disabled_and_what_waits_is_cancelled(alc: Alc, receiver: Receiver) -> None:
    """As after five days of nothing but failures: the API says so, with the reason."""
    auth = alc.auth()
    hook = alc.hook(auth, receiver.url())
    alc.http.post(f"/_mock/leads/{alc.send_lead(auth)['id']}/decide")

    answers = [alc.http.post("/_mock/webhooks/disable").get_json() for _ in range(2)]

    shown = alc.http.get(f"/api/v1/webhooks/{hook['webhook_id']}", headers=auth).get_json()
    assert answers == [{"disabled": [hook["webhook_id"]]}, {"disabled": []}]
    assert (shown["status"], shown["disabled_reason"]) == ("disabled", "Every delivery failed for days.")
    assert [delivery["state"] for delivery in alc.deliveries()] == ["cancelled"]


def test_the_state_counts_webhooks_by_status(alc: Alc, receiver: Receiver) -> None:
    """Those that are deleted, too; a status that no webhook has is left out."""
    auth = alc.auth()
    first = alc.hook(auth, receiver.url())
    alc.http.delete(f"/api/v1/webhooks/{first['webhook_id']}", headers=auth)
    alc.hook(auth, receiver.url())

    assert alc.http.get("/_mock/state").get_json()["webhooks"] == {"active": 1, "deleted": 1}


def test_the_state_says_the_number_of_the_last_request(alc: Alc) -> None:
    """With it as `after`, `/_mock/requests` lists what comes from now on."""
    auth = alc.auth()
    alc.send_lead(auth)
    last = alc.http.get("/_mock/state").get_json()["requests"]

    alc.send_lead(auth, recordId="next")

    [request] = alc.http.get(f"/_mock/requests?after={last}").get_json()["requests"]
    assert request["body"]["recordId"] == "next"
