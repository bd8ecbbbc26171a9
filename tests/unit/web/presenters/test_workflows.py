"""Runs of workflows as their page shows them."""

from __future__ import annotations

from typing import Any

import pytest

from alc_app.blocks.sample_workflows import qualify
from alc_app.pages.workflow_models import RunView
from alc_app.runtime.services import Services
from alc_app.web.presenters.workflows import runs_of

FAILED = {"type": "outcome", "id": "failed", "data": {"record_id": "r1", "summary": "The person has no phone number."}}
INTERESTED = {"type": "outcome", "id": "interested", "data": {"record_id": "r1", "summary": "Wants to know more."}}
CREATED = {"type": "outcome", "id": "created", "data": {"task_id": "t1"}}


def run(services: Services, *results: Any) -> RunView:
    """Start "Qualify a person" and give each step its result."""
    runs = services.workflow_runs
    runs.start("run-1", qualify, qualify.first, {"record_id": "r1"})
    for result in results:
        turn = runs.take_turn("run-1")
        assert turn
        runs.save_result("run-1", turn, result)
    [shown] = runs_of(services)
    return shown


def test_a_step_that_could_not_do_its_work_is_shown_as_failed_with_the_reason(services: Services) -> None:
    """A run for somebody without a phone number did not succeed, so it gets no green tick."""
    shown = run(services, FAILED)

    assert [(step.state, step.why) for step in shown.steps] == [("failed", "The person has no phone number.")]
    assert shown.state == "failed"


def test_a_run_whose_steps_have_worked_is_done(services: Services) -> None:
    """What came of a step is no reason for anything."""
    shown = run(services, INTERESTED, CREATED)

    assert [(step.state, step.why) for step in shown.steps] == [("done", None), ("done", None)]
    assert shown.state == "done"


@pytest.mark.parametrize("give_up", [False, True])
def test_a_run_that_fails_or_waits_is_shown_as_that(services: Services, give_up: bool) -> None:
    """The state of the row, or of the step that waits."""
    waits = {"type": "defer", "give_up_after": 60.0, "then": FAILED}
    error = {"type": "error", "error_message": "Attio says no.", "retryable": False}

    assert run(services, error if give_up else waits).state == ("failed" if give_up else "waiting")
