"""Delay and Create task, which Attio has itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from alc_app.attio.workflows import Defer, Error, Outcome, StepMetadata
from alc_app.blocks.create_task.block import Config as TaskConfig
from alc_app.blocks.create_task.execute import execute as create_task
from alc_app.blocks.delay.block import Config as DelayConfig
from alc_app.blocks.delay.execute import execute as delay
from tests.support.fakes.runtime import FakeRuntime, Fault, Outside, answer_lost, never_answers, says
from tests.unit.leads.test_transitions import RECORD

NOW = datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
"""When the fake says that tasks are made."""
METADATA = StepMetadata("w", "v", "b", "run", "run.1", "Flow", "", "", "", NOW)
LATER = replace(METADATA, unique_execution_id="run.2", started_at=NOW + timedelta(days=1))
TASK = TaskConfig(record_id=RECORD, content="Call back.")


def test_a_delay_waits_for_its_time_alone() -> None:
    """Given as ISO 8601 writes it."""
    config = DelayConfig.model_validate({"duration": "P2D"})
    assert delay(config=config, metadata=METADATA) == Defer(timedelta(days=2), then=Outcome("done"))


def test_a_task_whose_answer_was_lost_is_not_made_twice(outside: Outside) -> None:
    """Attio takes no key: an open task that says the same is looked for first."""
    outside.fault("POST /v2/tasks", answer_lost)
    assert create_task(config=TASK, metadata=METADATA) == Error("Attio did not answer.", retryable=True)

    assert create_task(config=TASK, metadata=METADATA) == Outcome("created", {"task_id": "task_1"})
    assert len(outside.tasks) == 1


def test_a_task_that_is_done_does_not_stand_in_for_a_new_one(outside: Outside) -> None:
    """The next run asks for its own."""
    create_task(config=TASK, metadata=METADATA)
    outside.tasks[0]["is_completed"] = True
    create_task(config=TASK, metadata=LATER)

    assert len(outside.tasks) == 2


def test_a_step_that_is_executed_again_finds_its_task_also_when_that_is_done(outside: Outside) -> None:
    """The worker died, or the outcome could not be stored; somebody has completed the task meanwhile."""
    create_task(config=TASK, metadata=METADATA)
    outside.tasks[0]["is_completed"] = True

    assert create_task(config=TASK, metadata=METADATA) == Outcome("created", {"task_id": "task_1"})
    assert len(outside.tasks) == 1


@pytest.mark.parametrize("moment", ["GET", "POST"])
def test_two_workflows_at_once_make_one_task(outside: Outside, moment: str) -> None:
    """The second one comes again when the first is done; looking for a task first would not be enough."""
    others: list[object] = []

    def meanwhile(method: str, _: str) -> None:
        if method == moment and not others:
            others.append(None)
            others[0] = create_task(config=TASK, metadata=LATER)

    outside.before = meanwhile
    assert create_task(config=TASK, metadata=METADATA) == Outcome("created", {"task_id": "task_1"})

    assert others == [Error("Another workflow is creating this task right now.", retryable=True)]
    assert create_task(config=TASK, metadata=LATER) == Outcome("created", {"task_id": "task_1"})
    assert len(outside.tasks) == 1


def test_a_task_that_attio_may_still_be_creating_is_waited_for(runtime: FakeRuntime, outside: Outside) -> None:
    """The answer was lost, so another workflow might not see it yet. The same one may try again at once."""
    outside.fault("POST /v2/tasks", never_answers)
    create_task(config=TASK, metadata=METADATA)

    assert isinstance(create_task(config=TASK, metadata=LATER), Error)
    runtime.time += 121
    assert isinstance(create_task(config=TASK, metadata=LATER), Outcome)
    assert len(outside.tasks) == 1


@pytest.mark.parametrize("fault, again", [(says(404, {"message": "Gone."}), False), (says(503), True)])
def test_what_attio_refuses_is_not_tried_again(outside: Outside, fault: Fault, again: bool) -> None:
    """What may pass is."""
    outside.fault("POST /v2/tasks", fault)
    result = create_task(config=TASK, metadata=METADATA)

    assert isinstance(result, Error)
    assert result.retryable is again
