"""Changes of the status in the CRM: however many are told, Attio is asked once who is "Requested" now."""

from __future__ import annotations

import pytest

from alc_app.attio.host.record_events import WebhookEvent
from alc_app.record_events.changed_record_rows import COLLECT_FOR, LOOK_AGAIN, due_to_look
from alc_app.record_events.changed_records import look_at_changes, look_for_requests
from alc_app.record_events.record_updated import record_updated
from tests.support.fakes.runtime import Crash, FakeRuntime, Outside, says
from tests.unit.attio.host.test_record_events import event

QUERY, POST = "POST /v2/objects/people/records/query", "POST /api/v1/leads"
PEOPLE = [f"0000000{number}-1111-4111-8111-111111111111" for number in range(5)]
STEPS = 6


def tell(runtime: FakeRuntime, *record_ids: str) -> None:
    """Attio tells that the status of these people has changed, and the changes are collected."""
    for record_id in record_ids:
        record_updated(WebhookEvent.model_validate(event("record.updated", record_id=record_id)))
    assert not due_to_look()
    runtime.time += COLLECT_FOR


def look() -> None:
    """As the worker does: a run of the engine only follows if somebody is requested."""
    if look_for_requests(*due_to_look()):
        look_at_changes("workspace")


def requested(outside: Outside, *record_ids: str) -> None:
    """Somebody has set the status of these people to "Requested", and of all others to "Complete"."""
    for record_id in PEOPLE:
        outside.written.append((record_id, {"alc_status": "Requested" if record_id in record_ids else "Complete"}))
        outside.people[record_id] = {
            "name": [{"full_name": "Ada Lovelace"}],
            "phone_numbers": [{"phone_number": "+442079460018"}],
        }


def test_what_we_have_written_ourselves_costs_one_question_for_all(runtime: FakeRuntime, outside: Outside) -> None:
    """No event starts a run of its own, and no record is read."""
    requested(outside)
    tell(runtime, *PEOPLE)
    assert not runtime.steps

    look()

    assert [path for _, path, _, _ in outside.calls] == ["/v2/objects/people/records/query"]
    assert not due_to_look()


def test_the_changes_of_a_second_share_one_look(runtime: FakeRuntime, outside: Outside) -> None:
    """Verdicts come all the time, and each of them changes a record."""
    requested(outside)
    for record_id in PEOPLE[:4]:
        record_updated(WebhookEvent.model_validate(event("record.updated", record_id=record_id)))
        runtime.time += 0.25
    runtime.time += COLLECT_FOR

    look()

    [asked] = outside.sent(QUERY)
    assert asked["filter"]["record_id"] == {"$in": PEOPLE[:4]}
    assert not due_to_look()


def test_those_who_are_requested_among_them_are_sent(runtime: FakeRuntime, outside: Outside) -> None:
    """C1: each once."""
    requested(outside, PEOPLE[1], PEOPLE[3])
    tell(runtime, *PEOPLE, PEOPLE[1])

    look()

    assert [body["recordId"] for body in outside.sent(POST)] == [PEOPLE[1], PEOPLE[3]]
    assert not due_to_look()


def test_a_change_during_the_look_is_looked_at_next(runtime: FakeRuntime, outside: Outside) -> None:
    """It may have come after Attio's answer."""
    requested(outside)
    tell(runtime, PEOPLE[0])

    def tell_again(_method: str, _path: str) -> None:
        outside.before = lambda *_: None
        record_updated(WebhookEvent.model_validate(event("record.updated", record_id=PEOPLE[0])))

    outside.before = tell_again
    look()
    assert not due_to_look()

    runtime.time += COLLECT_FOR
    runtime.restart("the next look")
    look()
    assert len(outside.sent(QUERY)) == 2


def test_a_change_that_another_clock_notes_for_the_same_second_is_not_forgotten(
    runtime: FakeRuntime, outside: Outside
) -> None:
    """The web process and the worker may be on two machines, one of them a second late."""
    requested(outside)
    tell(runtime, PEOPLE[0])

    def tell_late(_method: str, _path: str) -> None:
        outside.before = lambda *_: None
        runtime.time -= 1.5 * COLLECT_FOR
        record_updated(WebhookEvent.model_validate(event("record.updated", record_id=PEOPLE[0])))
        runtime.time += 1.5 * COLLECT_FOR

    outside.before = tell_late
    look()

    assert due_to_look()


def test_while_attio_is_away_the_changes_wait(runtime: FakeRuntime, outside: Outside) -> None:
    """Nothing is lost."""
    requested(outside, PEOPLE[0])
    tell(runtime, PEOPLE[0])
    outside.fault(QUERY, says(500), says(500), says(500), says(500))
    look()
    assert not outside.sent(POST)
    outside.heal()

    runtime.time += LOOK_AGAIN
    runtime.restart("another look")
    look()

    assert len(outside.sent(POST)) == 1


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("nth", range(STEPS))
def test_a_crash_at_any_step_sends_once(runtime: FakeRuntime, outside: Outside, when: str, nth: int) -> None:
    """C1, fault matrix CRM 1."""
    requested(outside, PEOPLE[0])
    tell(runtime, PEOPLE[0])
    runtime.crash(when, nth)
    with pytest.raises(Crash):
        look()

    runtime.restart()
    look()

    assert len(outside.sent(POST)) == 1
    assert outside.values(PEOPLE[0])["alc_status"] == "Pending"
