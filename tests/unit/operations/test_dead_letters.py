"""Dead letters of leads: what could not be shown is shown again, what was never sent waits for a person."""

from __future__ import annotations

import pytest

from alc_app.clients.alc_events import LeadProcessed
from alc_app.leads import record_sync, sends, transitions, verdicts
from alc_app.leads.record_sync import sync_record
from alc_app.operations import dead_letters, maintenance
from alc_app.send_to_alc_server import resolve_send
from tests.support.fakes.runtime import FakeRuntime, Outside, says

RECORD, OTHER = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"
PATCH = "PATCH /v2/objects/people/records/"


def blocked(runtime: FakeRuntime, *, decided: bool) -> str:
    """A lead whose record could not be written: while ALC was at it, or after its verdict."""
    lead_id = sends.open_send(RECORD).id
    sends.mark_sent(lead_id, "lead_1")
    if decided:
        event = {"record_id": RECORD, "lead_id": "lead_1", "status": "Failed", "interest": "no_answer"}
        verdicts.apply_verdict(LeadProcessed.parse(event))
    runtime.outside.fault(PATCH, says(403, {"message": "No longer yours."}))
    sync_record(RECORD)
    return lead_id


@pytest.mark.parametrize(("decided", "status"), [(False, "Pending"), (True, "Failed")])
def test_a_record_that_cannot_be_written_is_listed_and_can_be_replayed(
    runtime: FakeRuntime, outside: Outside, decided: bool, status: str
) -> None:
    """C5: listed with its reason, and right once the record can be written."""
    blocked(runtime, decided=decided)
    [letter] = dead_letters.list_blocked()
    assert (letter.id, letter.why, letter.advice) == (RECORD, "No longer yours.", "")

    dead_letters.sync_again(RECORD)
    runtime.restart("again")
    assert list(record_sync.due_to_sync()) == [RECORD]
    sync_record(RECORD)

    assert outside.values(RECORD)["alc_status"] == status
    assert not dead_letters.list_blocked()


@pytest.mark.parametrize("status", [403, 404])
def test_trouble_with_the_record_does_not_change_the_lead(runtime: FakeRuntime, outside: Outside, status: int) -> None:
    """I1, C1: ALC is chatting with the person, so the next click starts no second chat."""
    lead_id = blocked(runtime, decided=False)
    runtime.time += 1e5
    outside.fault(PATCH, says(status))
    runtime.restart("again")
    sync_record(RECORD)

    assert sends.open_send(RECORD).id == lead_id


def test_a_record_that_is_blocked_still_is_listed_with_the_new_reason(runtime: FakeRuntime, outside: Outside) -> None:
    """C5: however often it is replayed."""
    blocked(runtime, decided=True)
    for attempt in range(2):
        dead_letters.sync_again(RECORD)
        runtime.restart(f"again-{attempt}")
        outside.fault(PATCH, says(404, {"message": "Gone."}))
        sync_record(RECORD)

    [letter] = dead_letters.list_blocked()
    assert letter.why == "Gone."


def test_open_pages_are_told_of_a_dead_letter(runtime: FakeRuntime) -> None:
    """The page of the doctor shows it without a reload."""
    blocked(runtime, decided=True)

    assert runtime.published[-1] == ("dead_letter", {"id": f"record:{RECORD}"})


def test_replaying_twice_is_replaying_once(runtime: FakeRuntime, outside: Outside) -> None:
    """Two people may press it."""
    blocked(runtime, decided=True)
    for _ in range(2):
        assert "written again" in dead_letters.sync_again(RECORD)

    assert list(record_sync.due_to_sync()) == [RECORD]


def test_dead_letters_stay_until_they_are_dismissed(runtime: FakeRuntime, outside: Outside) -> None:
    """C5: a year later they are there, and the lead is there too."""
    lead_id = sends.open_send(OTHER).id
    runtime.time += transitions.SEND_TIMEOUT + 1
    resolve_send(lead_id)
    blocked(runtime, decided=True)
    runtime.time += 500 * 86_400

    maintenance.forget_ended_leads(runtime.time - 400 * 86_400, 100)
    maintenance.forget_record_syncs(runtime.time - 400 * 86_400, 100)
    assert [letter.id for letter in dead_letters.list_blocked()] == [RECORD]
    assert [letter.id for letter in dead_letters.list_not_sent()] == [lead_id]

    record_sync.dismiss_blocked(RECORD)
    sends.dismiss_not_sent(lead_id)
    assert maintenance.forget_ended_leads(runtime.time - 400 * 86_400, 100) == 2


def test_a_send_that_never_reached_alc_waits_for_a_person(runtime: FakeRuntime, outside: Outside) -> None:
    """C2: nobody but a person starts a chat, so the machine only says what to do."""
    lead_id = sends.open_send(RECORD).id
    runtime.time += transitions.SEND_TIMEOUT + 1
    resolve_send(lead_id)

    [letter] = dead_letters.list_not_sent()
    assert (letter.id, letter.why) == (lead_id, "ALC has never received it.")
    assert "press Send to ALC again" in letter.advice
    assert runtime.published[-1] == ("dead_letter", {"id": f"send:{lead_id}"})


def test_a_send_that_its_user_saw_refused_is_no_dead_letter(runtime: FakeRuntime) -> None:
    """Somebody was told, there and then."""
    lead_id = sends.open_send(RECORD).id
    sends.mark_not_sent(lead_id, "No.")

    assert not dead_letters.list_not_sent()


def test_a_dismissed_one_is_off_the_list_and_stays_what_it_is(runtime: FakeRuntime, outside: Outside) -> None:
    """This changes nothing else."""
    blocked(runtime, decided=True)
    record_sync.dismiss_blocked(RECORD)

    assert not dead_letters.list_blocked()
    assert not record_sync.due_to_sync()


def test_what_is_no_dead_letter_any_more_is_deleted_in_its_time(runtime: FakeRuntime, outside: Outside) -> None:
    """The person was sent again after a failure; a record was deleted after it had shown its result."""
    failed = sends.open_send(OTHER).id
    runtime.time += transitions.SEND_TIMEOUT + 1
    resolve_send(failed)
    runtime.restart("again")
    sends.mark_not_sent(sends.open_send(OTHER).id, "No.")
    sends.mark_sent(sends.open_send(RECORD).id, "lead_1")
    verdicts.apply_verdict(LeadProcessed(record_id=RECORD, status="Complete", lead_id="lead_1"))
    sync_record(RECORD)
    record_sync.mark_gone(RECORD, "The record was deleted in the CRM.")
    runtime.time += 1
    assert not [*dead_letters.list_blocked(), *dead_letters.list_not_sent()]

    assert maintenance.forget_ended_leads(runtime.time, 100) == 3
    assert maintenance.forget_record_syncs(runtime.time, 100) == 2
