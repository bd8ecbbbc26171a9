"""Seed 002's section "Workflow blocks" on real servers: a step that waits for ALC, and a trigger that ALC calls."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.people import User
from tests.support.servers.clients import Alc, Attio
from tests.support.servers.stack import Stack
from tests.support.waiting import eventually

PHONE = "+442079460060"


@pytest.fixture
def switched_on(user: User, alc: Alc) -> Iterator[None]:
    """The workflow with the trigger block, switched on for the test."""
    press_switch(user, "follow-up", on=True)
    eventually(lambda: len(alc.webhooks("lead.processed")) == 2, what=alc.webhooks)
    yield
    press_switch(user, "follow-up", on=False)
    eventually(lambda: len(alc.webhooks("lead.processed")) == 1, what=alc.webhooks)


def press_run(user: User, record_id: str) -> str:
    """Press Run for a person, and return the run's id."""
    answer = user.post("/workflows/qualify/runs", data={"record_id": record_id}, allow_redirects=False)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["Location"].rpartition("#run-")[2])


def press_switch(user: User, workflow_id: str, *, on: bool) -> None:
    """Press "Turn on", or "Turn off"."""
    assert user.post(f"/workflows/{workflow_id}/switch", data={"on": str(on).lower()}).ok


def run(user: User, run_id: str) -> dict[str, Any]:
    """Return a run as the page shows it."""
    runs = user.get("/workflows.json").json()["runs"]
    return next(run for run in runs if run["id"] == run_id)


def sees(user: User, run_id: str, state: str) -> list[tuple[str, str]]:
    """Wait until a run is in this state. Return the title and the outcome of each step."""
    eventually(lambda: run(user, run_id)["state"] == state, what=lambda: run(user, run_id))
    return [(step["title"], step["outcome"]) for step in run(user, run_id)["steps"]]


def tasks(attio: Attio, record_id: str) -> list[str]:
    """Return the tasks about a person."""
    found = attio.call("GET", f"/v2/tasks?linked_object=people&linked_record_id={record_id}")
    return [task["content_plaintext"] for task in found]


@pytest.mark.parametrize(
    ("interest", "outcome", "ends", "following"),
    [
        ("interested", "Interested", "done", ["Create task"]),
        ("not_interested", "Not interested", "done", []),
        ("no_answer", "No answer", "waiting", ["Delay"]),
    ],
)
def test_a_run_takes_the_branch_of_the_verdict(
    user: User, alc: Alc, attio: Attio, interest: str, outcome: str, ends: str, following: list[str]
) -> None:
    """Execute, defer, finish; the record shows the same as after a click."""
    record_id = attio.add_person("Rosa Lindqvist", PHONE)
    run_id = press_run(user, record_id)
    assert sees(user, run_id, "waiting") == [("Send to ALC and wait", "")]
    user.wait_for_status(record_id, "Pending")

    alc.decide(alc.leads(record_id)[0]["id"], interest)

    eventually(lambda: run(user, run_id)["steps"][0]["outcome"] == outcome, what=lambda: run(user, run_id))
    assert [title for title, _ in sees(user, run_id, ends)[1:]] == following
    created = tasks(attio, record_id)
    assert len(created) == (1 if interest == "interested" else 0)
    listed = user.get(f"/people/{record_id}/tasks.json").json()["tasks"]
    assert [task["content"] for task in listed] == created


def test_a_person_without_a_number_takes_the_branch_of_failure(user: User, alc: Alc, attio: Attio) -> None:
    """The page says why."""
    record_id = attio.add_person("Rosa Lindqvist")
    run_id = press_run(user, record_id)

    assert sees(user, run_id, "failed") == [("Send to ALC and wait", "Failed")]
    assert "no phone number" in run(user, run_id)["steps"][0]["why"]


def test_a_step_and_a_delay_end_when_their_time_is_over(stack: Stack, user: User, alc: Alc, attio: Attio) -> None:
    """After fourteen days and two days: rows are due, and no process sleeps."""
    record_id = attio.add_person("Rosa Lindqvist", PHONE)
    run_id = press_run(user, record_id)
    sees(user, run_id, "waiting")
    stack.make_rows_due()
    assert sees(user, run_id, "failed") == [("Send to ALC and wait", "Failed")]
    assert run(user, run_id)["steps"][0]["why"] == "No callback came in time."

    other = attio.add_person("Rosa Lindqvist", PHONE)
    run_id = press_run(user, other)
    sees(user, run_id, "waiting")
    alc.decide(alc.leads(other)[0]["id"], "no_answer")
    eventually(lambda: len(run(user, run_id)["steps"]) == 2, what=lambda: run(user, run_id))
    stack.make_rows_due()

    eventually(lambda: len(alc.leads(other)) == 2, what=lambda: run(user, run_id))


def test_a_run_that_waits_survives_kill_9_of_everything(stack: Stack, user: User, alc: Alc, attio: Attio) -> None:
    """The verdict that arrives while the worker is down is processed when it is back."""
    record_id = attio.add_person("Rosa Lindqvist", PHONE)
    run_id = press_run(user, record_id)
    sees(user, run_id, "waiting")
    stack.worker.kill()
    alc.decide(alc.leads(record_id)[0]["id"])
    eventually(lambda: alc.statuses_of_attempts(record_id) == [200], what=lambda: alc.statuses_of_attempts(record_id))
    stack.web.kill()
    stack.web.start()
    stack.worker.start()

    assert sees(user, run_id, "done") == [("Send to ALC and wait", "Interested"), ("Create task", "Created")]
    assert len(alc.leads(record_id)) == 1
    assert len(tasks(attio, record_id)) == 1


@pytest.mark.usefixtures("switched_on")
def test_a_verdict_on_a_click_starts_the_workflow_of_the_trigger(user: User, alc: Alc, attio: Attio) -> None:
    """Activate registers a URL of the workflow at ALC; each verdict starts one run, also when it is resent."""
    record_id = attio.add_person("Rosa Lindqvist", PHONE)
    user.click_send(record_id)
    alc.decide(alc.leads(record_id)[0]["id"])

    eventually(lambda: len(tasks(attio, record_id)) == 1, what=lambda: user.get("/workflows.json").text)
    for delivery in alc.deliveries():
        if record_id in str(delivery):
            alc.resend(delivery["id"])
    user.wait_for_status(record_id, "Complete")
    mine = [run for run in user.get("/workflows.json").json()["runs"] if run["record_id"] == record_id]
    assert [run["title"] for run in mine] == ["Follow up on every result"]


def test_the_page_names_people_and_blocks(user: User, alc: Alc, attio: Attio) -> None:
    """The page works without scripts."""
    record_id = attio.add_person("Rosa Lindqvist", PHONE)
    run_id = press_run(user, record_id)
    sees(user, run_id, "waiting")

    shown = re.sub(r"\s+", " ", user.get("/workflows").text)

    assert f'id="run-{run_id}"' in shown
    assert "Rosa Lindqvist" in shown
    assert "Send to ALC and wait" in shown
