"""One trace id from the click to the record: in every log, in requests, and in deliveries minutes later."""

from __future__ import annotations

from tests.support.people import User
from tests.support.servers.clients import Alc, Attio
from tests.support.servers.stack import Stack

TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736"
TRACEPARENT = f"00-{TRACE_ID}-00f067aa0ba902b7-01"


def test_one_id_tells_the_whole_story_of_a_click(stack: Stack, user: User, alc: Alc, attio: Attio) -> None:
    """Usage 3 to Later 11: the id is in the logs of web, worker and ALC, and in the requests that ALC received."""
    record_id = attio.add_person("Yara Haddad", "+442079460070")
    click = user.post(f"/people/{record_id}/actions/send-to-alc", headers={"traceparent": TRACEPARENT})
    lead_id = alc.leads(record_id)[0]["id"]
    alc.decide(lead_id)
    user.wait_for_status(record_id, "Complete")

    def story(log: str) -> list[str]:
        return [line for line in log.splitlines() if line.endswith(TRACE_ID[:8])]

    web, worker, mock = (story(server.log.read_text()) for server in (stack.web, stack.worker, stack.alc))
    assert click.headers["X-Request-Id"] == TRACE_ID
    assert click.headers["traceparent"].split("-")[1] == TRACE_ID
    for told, log in (
        (f"The action send-to-alc begins on the record {record_id}.", web),
        (f"Sent the record {record_id} to ALC as the lead", worker),
        ("POST /api/v1/leads 201", mock),
        (f"and calls it {lead_id}.", worker),
        (f"The record {record_id} says Pending.", worker),
        ("attempt 1: 200", mock),
        (f"stored {TRACE_ID[:8]}", web),
        (f"ALC says Complete of the record {record_id}.", worker),
        (f"The record {record_id} says Complete.", worker),
    ):
        assert [line for line in log if told in line], (told, log)


def test_the_numbers_and_the_readiness_of_a_running_installation(user: User) -> None:
    """`/metrics` and `/readyz` of a real process."""
    numbers = user.get("/metrics").text

    assert user.get("/readyz").json() == {"status": "ready", "missing": [], "degraded": []}
    assert 'alc_app_deliveries_answered_total{answer="stored"}' in numbers
    assert 'alc_app_connections{status="active"} 1.0' in numbers
    assert "alc_app_workers 1.0" in numbers
    assert 'endpoint="actions.trigger",method="POST",status="2xx"' in numbers
