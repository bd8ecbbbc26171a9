"""Runs of real servers: who, what and how it ended, and a wait that is skipped."""

from __future__ import annotations

from typing import Any

from tests.support.people import User
from tests.support.servers.clients import Alc, Attio
from tests.support.waiting import eventually


def last_run(user: User, record_id: str, status: str) -> dict[str, Any]:
    """Return the newest run of a record, once it has this status."""

    def found() -> dict[str, Any] | None:
        runs = user.get(f"/runs.json?record={record_id}&limit=1").json()["runs"]
        return runs[0] if runs and runs[0]["status"] == status else None

    run = eventually(found, what=lambda: user.get(f"/runs.json?record={record_id}").text)
    assert run
    return run


def test_the_wait_for_alcs_agent_can_be_skipped(user: User, attio: Attio) -> None:
    """The run's page has a button that has the agent decide now, over ALC's control API."""
    record_id = attio.add_person("Wangari Maathai", "+442079460091")
    user.click_send(record_id)
    run = last_run(user, record_id, "Pending")
    assert (run["who"], run["what"], run["tone"]) == ("Wangari Maathai", "Send to ALC", "waiting")
    page = user.get(f"/runs/{run['trace_id']}").text
    assert "Skip the wait" in page
    assert "Chats by SMS" in page

    user.post(f"/runs/{run['trace_id']}/skip-wait")

    user.wait_for_status(record_id, "Complete")
    assert last_run(user, record_id, "Complete")["trace_id"] == run["trace_id"]
    assert "Skip the wait" not in user.get(f"/runs/{run['trace_id']}").text


def test_a_person_without_a_phone_number_has_a_run_that_says_not_sent(user: User, alc: Alc, attio: Attio) -> None:
    """The name comes from what the action has read in the CRM."""
    record_id = attio.add_person("Rosalind Franklin")
    user.click_send(record_id)
    run = last_run(user, record_id, "Not sent")
    assert (run["who"], run["tone"]) == ("Rosalind Franklin", "bad")
    assert alc.leads(record_id) == []


def test_a_connection_is_a_run_too(disconnected_user: User) -> None:
    """The app's page shows those of the connection."""
    disconnected_user.connect_alc()

    def newest() -> tuple[str, str]:
        runs = disconnected_user.get("/runs.json?connection=True&limit=1").json()["runs"]
        return (runs[0]["what"], runs[0]["status"]) if runs else ("", "")

    eventually(lambda: newest() == ("Connect", "Connected"), what=newest)  # the log is written in the background
