"""Workflows on real services in virtual time: each outcome, each wait, each crash; and new versions."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
from sqlalchemy.exc import OperationalError
from sqlmodel import select

from alc_app.app import app as manifest
from alc_app.attio.host.workflow_definitions import Step, Workflow
from alc_app.blocks import workflow_waits
from alc_app.blocks.sample_workflows import follow_up, qualify, second_chance
from alc_app.leads.models import Lead
from alc_app.runtime.sign_in.people import Person, acting
from alc_app.runtime.workflows.activations import WorkflowActivations
from alc_app.runtime.workflows.runner import WorkflowRunner
from tests.support.chaos.world import World, world
from tests.support.fakes.messages import Message
from tests.support.fakes.peers import ATTIO
from tests.support.fakes.peers_alc import AlcLead
from tests.support.fakes.runtime import answer_lost, says, unreachable

RECORD, OTHER = (f"0000000{number}-1111-4111-8111-111111111111" for number in (1, 2))
DAY = 86_400.0


@pytest.fixture(scope="module")
def one_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A connected installation, with two people who can be sent."""
    with world(Path(tmp_path_factory.mktemp("world"))) as it:
        it.connect()
        it.settle()
        assert [it.peers.attio.add().id for _ in range(2)] == [RECORD, OTHER]
        it.keep()
        yield it


@pytest.fixture
def at(one_world: World) -> World:
    """The installation as it was when it was connected."""
    one_world.restore()
    return one_world


def heard(at: World) -> list[str]:
    """Return the URLs that ALC sends verdicts to."""
    return [webhook["url"] for webhook in at.peers.alc.webhooks.values() if webhook["event"] == "lead.processed"]


def start(at: World, workflow_id: str = "qualify") -> str:
    """A person starts a workflow, and what can be done at once is done."""
    run_id = WorkflowRunner(at.services).start(workflow_id, RECORD)
    at.settle()
    return run_id


def wait(at: World, seconds: float) -> None:
    """Time passes."""
    at.clock.now += seconds
    at.settle()


def decide(at: World, status: str = "Complete", interest: str | None = "interested") -> list[Message]:
    """ALC comes to a verdict on its last lead, and tells every webhook of it; returns what it has sent."""
    lead = list(at.peers.alc.leads.values())[-1]
    told = at.peers.alc.decide(lead, status, interest)
    for message in told:
        at.deliver(message)
    at.settle()
    return told


def story(at: World, run_id: str) -> list[tuple[str, str, str | None]]:
    """Each step of a run, its state and its outcome."""
    query = "select step_id, state, outcome from workflow_step where run_id = '{}' order by number"
    return [(row[0], row[1], row[2]) for row in at.rows(query.format(run_id))]


def state(at: World, run_id: str) -> str:
    """How a run stands."""
    return str(at.rows(f"select state from workflow_run where id = '{run_id}'")[0][0])  # noqa: S608 - ours


def runs(at: World) -> list[str]:
    """The ids of all runs."""
    return [row[0] for row in at.rows("select id from workflow_run order by started_at")]


def test_a_lead_that_a_workflow_sends_is_the_persons_who_pressed_run(at: World) -> None:
    """Who sent is kept with the lead; the steps run on a worker, long after the click."""
    robin = Person("robin", "robin@example.com", "Robin Marsh", "admin")
    at.services.people.save(robin)
    with acting(robin):
        WorkflowRunner(at.services).start("qualify", RECORD)
    at.settle()

    with at.services.database.reading() as session:
        assert [lead.sent_by for lead in session.exec(select(Lead))] == ["robin"]


def test_a_run_waits_for_days_and_goes_on_with_the_verdict(at: World) -> None:
    """Execute, defer, finish: no worker holds it while it waits, and the outcome decides the branch."""
    run_id = start(at)
    assert story(at, run_id) == [("ask", "waiting", None)]
    asked = len(at.engine.runs)
    wait(at, 3 * DAY)
    busy = [run.workflow for run in list(at.engine.runs.values())[asked:] if "run_workflow" in run.args]
    assert not busy, "a run that waits holds nobody"

    decide(at)

    assert story(at, run_id) == [("ask", "done", "interested"), ("call", "done", "created")]
    assert state(at, run_id) == "done"
    assert [task["linked_records"][0]["target_record_id"] for task in at.peers.attio.tasks] == [RECORD]
    assert at.peers.attio.people[RECORD].values["alc_status"] == "Complete"


@pytest.mark.parametrize(
    ("status", "interest", "outcome", "following"),
    [
        ("Complete", "interested", "interested", [("call", "done")]),
        ("Complete", "not_interested", "not_interested", []),
        ("Complete", "no_answer", "no_answer", [("pause", "waiting")]),
        ("Failed", "no_answer", "no_answer", [("pause", "waiting")]),
        ("Failed", "", "failed", []),
    ],
)
def test_each_verdict_takes_its_branch(
    at: World, status: str, interest: str, outcome: str, following: list[tuple[str, str]]
) -> None:
    """Interested, not interested, no answer, failed."""
    run_id = start(at)
    decide(at, status, interest or None)

    assert story(at, run_id)[0] == ("ask", "done", outcome)
    assert [row[:2] for row in story(at, run_id)[1:]] == following


def test_who_does_not_answer_is_asked_again_after_two_days(at: World) -> None:
    """A delay is a step that waits for its time alone."""
    run_id = start(at)
    decide(at, "Complete", "no_answer")
    wait(at, 2 * DAY - 60)
    assert len(at.peers.alc.leads) == 1
    wait(at, 120)
    assert len(at.peers.alc.leads) == 2

    decide(at)

    assert [row[0] for row in story(at, run_id)] == ["ask", "pause", "ask_again", "call"]
    assert state(at, run_id) == "done"


def test_a_step_that_nobody_calls_back_ends_when_its_time_is_over(at: World) -> None:
    """The timeout is a due row; the verdict that comes after it still reaches the record."""
    run_id = start(at)
    wait(at, 14 * DAY + 1)
    assert story(at, run_id) == [("ask", "done", "failed")]

    at.connect() if not at.is_connected() else None
    decide(at)

    assert story(at, run_id) == [("ask", "done", "failed")], "a callback to what has ended is ignored"
    assert at.peers.attio.people[RECORD].values["alc_status"] == "Complete"


def test_a_click_and_a_workflow_on_one_record_are_one_chat(at: World) -> None:
    """C1: the step joins the lead that is open, and its verdict is the step's."""
    at.click(RECORD)
    run_id = start(at)
    assert at.click(RECORD)[-1] == "Successfully sent to ALC!"

    decide(at)

    assert len(at.peers.alc.leads) == 1
    assert story(at, run_id)[0] == ("ask", "done", "interested")


def test_two_runs_on_one_record_share_the_lead_and_both_go_on(at: World) -> None:
    """Each waits at an address of its own; a second press of Run for the same workflow is the same run."""
    at.services.manifest = replace(manifest, workflows=[qualify, qualify.model_copy(update={"id": "other"})])
    first, second = start(at), start(at, "other")
    assert start(at) == first
    decide(at)

    assert len(at.peers.alc.leads) == 1
    assert state(at, first) == state(at, second) == "done"


def test_who_has_no_phone_number_takes_the_branch_of_failure(at: World) -> None:
    """And nobody is asked."""
    at.peers.attio.people[RECORD].phone_numbers.clear()
    assert story(at, start(at)) == [("ask", "done", "failed")]
    assert not at.peers.alc.leads


def test_an_alc_that_is_away_is_asked_again_later(at: World) -> None:
    """A retryable error: the step is executed again, with a new intent; what became of the first one is not its."""
    at.peers.fault("POST /api/v1/leads", unreachable)
    run_id = start(at)
    assert story(at, run_id) == [("ask", "running", None)]

    wait(at, 60)
    assert story(at, run_id) == [("ask", "waiting", None)]
    decide(at)

    assert story(at, run_id)[0] == ("ask", "done", "interested")
    assert len(at.peers.alc.leads) == 1


def test_a_step_that_meets_a_database_that_is_away_is_taken_again(at: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """C14: a restart of the database ends no run, as a crash of the worker ends none."""
    with monkeypatch.context() as patch:
        gone = OperationalError("select", {}, OSError("the server has closed the connection"))
        patch.setattr(workflow_waits, "add_wait", Mock(side_effect=gone))
        run_id = start(at)
    assert at.rows("select why from workflow_step") == [("The app's database is not available right now.",)]

    wait(at, 60)
    decide(at)

    assert story(at, run_id)[0] == ("ask", "done", "interested")
    assert len(at.peers.alc.leads) == 1


def test_an_answer_of_alc_that_is_lost_is_found_out(at: World) -> None:
    """C2: the step waits all the same; the lead is settled by itself."""
    at.peers.fault("POST /api/v1/leads", answer_lost)
    at.peers.fault("GET /api/v1/leads", says(500))
    run_id = start(at)
    wait(at, 120)
    decide(at)

    assert story(at, run_id)[0] == ("ask", "done", "interested")
    assert len(at.peers.alc.leads) == 1


def test_a_refusal_of_alc_takes_the_branch_of_failure(at: World) -> None:
    """With ALC's words."""
    at.peers.fault("POST /api/v1/leads", says(422, {"error": {"code": "invalid", "message": "Not this number."}}))
    run_id = start(at)

    assert story(at, run_id) == [("ask", "done", "failed")]
    [(data,)] = at.rows("select data from workflow_step")
    assert "Not this number." in data


def test_a_verdict_that_never_came_goes_on_when_alc_is_asked(at: World) -> None:
    """However we learn of it: the step is told from our row."""
    run_id = start(at)
    at.peers.alc.decide(next(iter(at.peers.alc.leads.values())), "Complete", "interested")
    wait(at, 1000)

    assert state(at, run_id) == "done"


def test_a_step_that_fails_for_good_is_a_dead_letter_that_can_be_replayed(at: World) -> None:
    """Attio refuses the task; somebody mends that, and presses Replay."""
    at.peers.fault("POST /v2/tasks", says(403, {"message": "The token may not."}))
    run_id = start(at)
    decide(at)
    assert state(at, run_id) == "failed"
    [letter] = at.services.workflow_runs.failed()
    assert letter.why == "The token may not."

    at.services.workflow_runs.retry(run_id)
    at.settle()

    assert state(at, run_id) == "done"
    assert len(at.peers.attio.tasks) == 1


@pytest.mark.parametrize("after", range(0, 46))
def test_it_may_die_anywhere_on_the_way(at: World, after: int) -> None:
    """Kill -9 at every failpoint of the whole way: one chat, one task, one end."""
    at.crash_plan.after = after
    run_id = start(at)
    decide(at)
    wait(at, 700)
    at.crash_plan.after = None
    for message in at.peers.messages:
        if message.waits:
            at.deliver(message)
    wait(at, 700)

    assert story(at, run_id) == [("ask", "done", "interested"), ("call", "done", "created")]
    assert (len(at.peers.alc.leads), len(at.peers.attio.tasks)) == (1, 1)
    assert not at.engine.unforeseen


def test_a_run_ends_by_the_definition_that_it_began_with(at: World) -> None:
    """A deploy in between makes a new version, and strands nobody."""
    run_id = start(at)
    changed = qualify.model_copy(update={"steps": {"other": qualify.steps["call"]}, "first": "other"})
    at.services.manifest = replace(manifest, workflows=[changed])

    decide(at)

    assert [row[0] for row in story(at, run_id)] == ["ask", "call"]


def test_a_workflow_that_is_switched_on_starts_runs_by_verdicts(at: World) -> None:
    """Activate: ALC knows the workflow's own address. Whoever has sent the lead."""
    switch(at, "follow-up", on=True)
    assert len(heard(at)) == 2
    at.click(RECORD)

    decide(at)

    [run_id] = runs(at)
    assert story(at, run_id) == [("call", "done", "created")]


def test_a_verdict_that_is_told_twice_starts_one_run(at: World) -> None:
    """R14, and by the unique key also when ALC tells it in another message."""
    switch(at, "follow-up", on=True)
    at.click(RECORD)
    events = decide(at)
    for event in events:
        at.deliver(event)
        again = replace(event, id=f"{event.id}-again", answers=[])
        at.peers.alc.messages.append(again)
        at.deliver(again)
    at.settle()

    assert len(runs(at)) == 1
    assert len(at.peers.attio.tasks) == 1


def test_verdicts_that_name_the_record_only_start_a_run_for_each_person(at: World) -> None:
    """A body needs no `lead_id` and no `occurred_at`; then its delivery identifies it (R14)."""
    switch(at, "follow-up", on=True)
    for record_id in (RECORD, OTHER):
        at.click(record_id)
    for lead in list(at.peers.alc.leads.values()):
        for event in at.peers.alc.decide(lead, "Complete", "interested"):
            said = json.loads(event.body)
            event.body = json.dumps({key: said[key] for key in said if key not in ("lead_id", "occurred_at")}).encode()
            at.deliver(event)
            at.deliver(event)
    at.settle()

    assert sorted(row[0] for row in at.rows("select record_id from workflow_run")) == [RECORD, OTHER]


def test_a_verdict_on_somebody_elses_lead_starts_nothing(at: World) -> None:
    """R12: ALC's account may be used by others."""
    switch(at, "follow-up", on=True)
    at.peers.alc.leads["theirs"] = AlcLead("lead_x", RECORD, {}, 0, 0, "2026-11-29T00:00:00Z")
    decide(at)

    assert not runs(at)


def test_switching_off_ends_the_callbacks(at: World) -> None:
    """Deactivate: ALC forgets the address, and it answers 410."""
    switch(at, "follow-up", on=True)
    at.click(RECORD)
    switch(at, "follow-up", on=False)

    assert len(heard(at)) == 1
    decide(at)
    assert not runs(at)
    assert at.rows("select distinct state from workflow_activation") == [("ended",)]


def test_a_disconnect_takes_the_webhook_along_and_a_reconnect_brings_it_back(at: World) -> None:
    """I2: one webhook at ALC for each address that answers."""
    switch(at, "follow-up", on=True)
    at.disconnect()
    at.settle()
    assert not at.peers.alc.webhooks

    at.connect()
    at.settle()

    assert len(heard(at)) == 2
    at.click(RECORD)
    decide(at)
    assert len(runs(at)) == 1


def test_a_workflow_that_alc_refuses_to_call_cannot_be_switched_on(at: World) -> None:
    """An error of `activate`: switched off again, with the reason, and `deactivate` is not called."""
    at.peers.fault("POST /api/v1/webhooks", says(422, {"error": {"code": "limit", "message": "Too many webhooks."}}))
    switch(at, "follow-up", on=True)

    assert at.rows("select wanted, why from workflow_switch") == [(0, "Too many webhooks.")]
    assert len(heard(at)) == 1


@pytest.mark.parametrize("after", range(0, 24))
def test_switching_on_and_off_may_die_anywhere(at: World, after: int) -> None:
    """Exactly one webhook while it is on, none when it is off."""
    at.crash_plan.after = after
    switch(at, "follow-up", on=True)
    wait(at, 1000)
    assert len(heard(at)) == 2
    switch(at, "follow-up", on=False)
    wait(at, 1000)

    assert len(heard(at)) == 1
    assert not at.engine.unforeseen


def test_a_new_version_is_activated_before_the_old_one_goes_and_no_verdict_is_lost(at: World) -> None:
    """Callbacks for the old one can still arrive: they are understood as it was meant, and start one run each."""
    switch(at, "follow-up", on=True)
    at.click(RECORD)
    steps = {**follow_up.steps, "extra": follow_up.steps["look"]}
    changed = follow_up.model_copy(update={"steps": steps})
    at.peers.alc.decide(
        next(iter(at.peers.alc.leads.values())), "Complete", "interested"
    )  # told to the old address, and taken
    for message in at.peers.messages:
        at.deliver(message)
    at.services.manifest = replace(manifest, workflows=[qualify, changed, second_chance])
    at.settle()

    [run_id] = runs(at)
    [(version,)] = at.rows("select version_id from workflow_run")
    assert version == follow_up.version_id
    active = at.rows("select version_id from workflow_activation where state = 'active'")
    assert active == [(changed.version_id,)]
    assert len(heard(at)) == 2
    assert story(at, run_id) == [("call", "done", "created")]


def test_a_second_chance_is_one(at: World) -> None:
    """Once for a record: the verdict on the second chat starts no third one."""
    switch(at, "second-chance", on=True)
    at.click(RECORD)
    decide(at, "Complete", "no_answer")
    wait(at, 3 * DAY + 1)
    assert len(at.peers.alc.leads) == 2

    decide(at, "Complete", "no_answer")
    wait(at, 30 * DAY)

    assert len(at.peers.alc.leads) == 2
    assert len(runs(at)) == 1


def test_a_block_that_breaks_fails_the_run_and_says_so(at: World) -> None:
    """A variable without a value, a block that is gone: a failed run, not one that hangs."""
    bad = Workflow(
        id="bad",
        title="Bad",
        description="",
        first="a",
        steps={"a": Step(block="create-task", config={"record_id": "{{nobody.knows}}"}), "b": Step(block="gone")},
    )
    at.services.manifest = replace(manifest, workflows=[bad, bad.model_copy(update={"id": "worse", "first": "b"})])

    assert state(at, start(at, "bad")) == "failed"
    assert state(at, start(at, "worse")) == "failed"
    whys: list[Any] = [row[0] for row in at.rows("select why from workflow_run order by started_at")]
    assert any("nobody.knows" in why for why in whys)
    assert any("gone" in why for why in whys)


def test_attio_that_is_away_is_waited_for(at: World) -> None:
    """The task is made when it is back, once."""
    run_id = start(at)
    at.peers.down_until[ATTIO] = at.clock.now + 60
    decide(at)
    assert state(at, run_id) == "running"
    wait(at, 120)

    assert state(at, run_id) == "done"
    assert len(at.peers.attio.tasks) == 1


def switch(at: World, workflow_id: str, *, on: bool) -> None:
    """A person switches a workflow on or off."""
    WorkflowActivations(at.services).set_enabled(workflow_id, enabled=on)
    at.settle()


def test_the_instants_of_a_run_are_told(at: World) -> None:
    """What the page shows: the youngest run first, with its steps."""
    start(at)
    decide(at)
    at.clock.now += 10
    start(at)

    found = at.services.workflow_runs.newest(10)

    assert [len(steps) for _, steps in found] == [1, 2]
    assert found[0][0].started_at > found[1][0].started_at
    assert datetime.fromtimestamp(found[0][0].started_at, UTC).year == 2023
