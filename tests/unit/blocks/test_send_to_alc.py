"""The step block by itself: what `execute` returns for each answer, and which callbacks `finish` takes."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from alc_app.attio import Request
from alc_app.attio.workflows import Defer, Error, NoOp, Outcome, StepMetadata
from alc_app.blocks import workflow_waits
from alc_app.blocks.send_to_alc.block import Config
from alc_app.blocks.send_to_alc.execute import execute
from alc_app.blocks.send_to_alc.finish import finish
from alc_app.clients.alc_events import LeadProcessed
from alc_app.leads import verdicts
from tests.support.fakes.runtime import (
    Crash,
    FakeRuntime,
    Fault,
    Outside,
    answer_lost,
    never_answers,
    says,
    unreachable,
)
from tests.unit.leads.test_transitions import RECORD

POST = "POST /api/v1/leads"
URL = "https://app.test/workflows/callbacks/run.1"
CONFIG = Config(record_id=RECORD)
METADATA = StepMetadata("w", "v", "send-to-alc", "run", "run.1", "Flow", "", "", URL, datetime.now(UTC))
PERSON = {"name": [{"full_name": "Ada Lovelace"}], "phone_numbers": [{"phone_number": "+442079460018"}]}


@pytest.fixture(autouse=True)
def person(outside: Outside) -> None:
    """A person to send."""
    outside.people[RECORD] = PERSON


def run() -> Any:
    """Execute the step."""
    return execute(config=CONFIG, metadata=METADATA)


def notify(runtime: FakeRuntime) -> Any:
    """Call the waiting step back, and return what `finish` makes of it."""
    assert list(workflow_waits.due_to_notify()) == [URL]
    workflow_waits.notify_workflow(URL)
    assert not workflow_waits.due_to_notify()
    url, _, body = runtime.called_back[-1]
    assert url == URL
    return finish(Request(json.dumps(body).encode()), config=CONFIG, metadata=METADATA)


def verdict(lead_id: str = "lead_1", **more: Any) -> None:
    """ALC has come to one."""
    event = {"record_id": RECORD, "lead_id": lead_id, "status": "Complete", "interest": "interested", **more}
    verdicts.apply_verdict(LeadProcessed.parse(event))


def test_it_sends_the_person_and_defers(runtime: FakeRuntime, outside: Outside) -> None:
    """The same path as a click: one POST with the intent's key, and Pending on the record."""
    result = run()

    assert isinstance(result, Defer)
    assert (result.give_up_after, result.then.id) == (timedelta(days=14), "failed")
    assert len(outside.sent(POST)) == 1
    assert outside.values(RECORD)["alc_status"] == "Pending"
    assert not workflow_waits.due_to_notify()
    verdict(summary="Call me.")
    found = {"record_id": RECORD, "lead_id": "lead_1", "summary": "Call me."}
    assert notify(runtime) == Outcome("interested", found)


def test_executed_again_it_is_the_same_lead(runtime: FakeRuntime, outside: Outside) -> None:
    """A retry, or a click in between: one chat (C1)."""
    run()
    assert isinstance(run(), Defer)

    assert len(outside.leads) == 1


def test_executed_again_after_the_verdict_it_sends_nobody_a_second_time(runtime: FakeRuntime, outside: Outside) -> None:
    """C1, I1: the first try failed after the POST, and the verdict came before the second."""
    run()
    verdict()
    runtime.restart("the next turn")

    assert isinstance(run(), Defer)
    assert len(outside.leads) == 1
    assert notify(runtime) == Outcome("interested", {"record_id": RECORD, "lead_id": "lead_1", "summary": None})


@pytest.mark.parametrize(
    ("fault", "result"),
    [
        (unreachable, Error("ALC cannot be reached.", retryable=True)),
        (says(429), Defer),
        (says(422, {"error": {"code": "x", "message": "No."}}), "failed"),
        (never_answers, Defer),
        (answer_lost, Defer),
    ],
)
def test_each_answer_of_alc_has_its_result(runtime: FakeRuntime, outside: Outside, fault: Fault, result: Any) -> None:
    """What may pass is tried again, what will not is the branch of failure, what is not known is waited for."""
    outside.fault(POST, fault)
    got = run()

    if result is Defer:
        assert isinstance(got, Defer)
    else:
        assert got == result or (isinstance(got, Outcome) and got.id == result)


def test_without_a_connection_it_is_tried_again(runtime: FakeRuntime) -> None:
    """Somebody may connect meanwhile."""
    runtime.connected = False
    result = run()

    assert isinstance(result, Error)
    assert result.retryable


def test_a_record_that_is_gone_is_a_failure(runtime: FakeRuntime, outside: Outside) -> None:
    """Nobody is asked."""
    outside.fault("GET /v2/objects/people/records/", says(404, {"message": "Gone."}))
    result = run()

    assert isinstance(result, Outcome)
    assert (result.id, outside.sent(POST)) == ("failed", [])


def test_what_became_of_a_lead_before_the_last_one_is_no_op(runtime: FakeRuntime, outside: Outside) -> None:
    """The first try came to nothing and was told late; the step waits for the second lead."""
    outside.fault(POST, unreachable)
    run()
    workflow_waits.notify_workflow(URL)
    _, _, late = runtime.called_back[-1]
    run()

    assert isinstance(finish(Request(json.dumps(late).encode()), config=CONFIG, metadata=METADATA), NoOp)
    other = Request(json.dumps({"event": "prospect_updated"}).encode())
    assert isinstance(finish(other, config=CONFIG, metadata=METADATA), NoOp)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("nth", range(8))
def test_a_crash_at_any_step_leaves_one_lead(runtime: FakeRuntime, outside: Outside, when: str, nth: int) -> None:
    """C2: the run is continued, and what has an outcome is not done again."""
    runtime.crash(when, nth)
    with pytest.raises(Crash):
        run()
    runtime.restart()

    assert isinstance(run(), Defer)
    assert len(outside.leads) == 1
