"""catch_up.py: what a webhook should have told and did not."""

from __future__ import annotations

import pytest

from alc_app import leads
from alc_app.catch_up import catch_up
from alc_app.send_to_alc_server import send_to_alc
from tests.support.fake_runtime import FakeRuntime, Outside, answer, says, unreachable

RECORD = "11111111-1111-4111-8111-111111111111"
LEAD = "GET /api/v1/leads/lead_1"
DECIDED = {"id": "lead_1", "record_id": RECORD, "status": "Complete", "interest": "interested", "summary": "Yes."}


@pytest.fixture
def lead(runtime: FakeRuntime) -> str:
    """A lead that ALC is at."""
    lead_id = leads.intend(RECORD, "Ada", "+442079460018").partition(".")[0]
    send_to_alc.run(RECORD, "Ada", "+442079460018")
    return lead_id


def test_a_lead_is_asked_about_when_its_verdict_has_not_come_for_long(lead: str, runtime: FakeRuntime) -> None:
    """I6: a pending lead has a due time too."""
    assert not leads.due_to_ask()

    runtime.time += leads.ASK_AFTER + 1

    assert list(leads.due_to_ask()) == [lead]


def test_a_verdict_that_alc_has_is_shown_on_the_record(lead: str, runtime: FakeRuntime, outside: Outside) -> None:
    """R15 in spirit: the delivery was lost, the verdict is not."""
    outside.fault(LEAD, says(200, {**DECIDED, "decided_at": "2026-11-20T12:00:00Z"}))

    catch_up(lead)

    assert outside.values(RECORD)["alc_status"] == "Complete"
    assert outside.values(RECORD)["alc_interest"] == "interested"
    runtime.time += 1e6
    assert not leads.due_to_ask()


@pytest.mark.parametrize("fault", [unreachable, says(503), says(200, {**DECIDED, "status": "processing"})])
def test_what_cannot_be_known_yet_is_asked_again_later(
    lead: str, runtime: FakeRuntime, outside: Outside, fault: object
) -> None:
    """ALC is down, or still at it: the wait grows."""
    runtime.time += leads.ASK_AFTER + 1
    outside.fault(LEAD, fault)  # type: ignore[arg-type]  # each is one

    catch_up(lead)

    assert not leads.due_to_ask()
    assert outside.values(RECORD)["alc_status"] == "Pending"
    runtime.time += 2 * leads.ASK_AFTER
    assert list(leads.due_to_ask()) == [lead]


def test_a_new_connection_asks_about_every_open_lead_soon(lead: str, runtime: FakeRuntime) -> None:
    """Verdicts that ALC had while nobody was connected."""
    leads.ask_soon()
    runtime.time += 6

    assert list(leads.due_to_ask()) == [lead]


def test_a_lead_that_has_ended_is_not_asked_about(lead: str, outside: Outside) -> None:
    """The webhook was quicker."""
    outside.fault(LEAD, lambda _: answer(200, DECIDED))
    catch_up(lead)
    calls = len(outside.calls)

    catch_up(lead)

    assert len(outside.calls) == calls
