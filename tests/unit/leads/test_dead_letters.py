"""Dead letters of leads: what could not be shown is shown again, what was never sent waits for a person."""

from __future__ import annotations

import pytest

from alc_app.clients.alc_events import LeadProcessed
from alc_app.leads import dead_letters, record_sync, sends, transitions, verdicts
from alc_app.leads.record_sync import sync_record
from alc_app.send_to_alc_server import resolve_send
from tests.support.fakes.runtime import FakeRuntime, Outside, says

RECORD = "11111111-1111-4111-8111-111111111111"
PATCH = "PATCH /v2/objects/people/records/"


def undeliverable(runtime: FakeRuntime, *, decided: bool) -> str:
    """A lead whose record could not be written: while ALC was at it, or after its verdict."""
    lead_id = sends.open_send(RECORD).id
    sends.mark_sent(lead_id, "lead_1")
    if decided:
        event = {"record_id": RECORD, "lead_id": "lead_1", "status": "Failed", "interest": "no_answer"}
        verdicts.apply_verdict(LeadProcessed.parse(event))
    runtime.outside.fault(PATCH, says(403, {"message": "No longer yours."}))
    sync_record(lead_id)
    return lead_id


@pytest.mark.parametrize(("decided", "status"), [(False, "Pending"), (True, "Failed")])
def test_an_undeliverable_lead_is_shown_again_as_what_it_was(
    runtime: FakeRuntime, outside: Outside, decided: bool, status: str
) -> None:
    """C5: listed with its reason, and right once the record can be written."""
    lead_id = undeliverable(runtime, decided=decided)
    [letter] = dead_letters.list_undeliverable()
    assert (letter.id, letter.why, letter.advice) == (lead_id, "No longer yours.", "")

    dead_letters.sync_again(lead_id)
    runtime.restart("again")
    assert list(record_sync.due_to_sync()) == [lead_id]
    sync_record(lead_id)

    assert outside.values(RECORD)["alc_status"] == status
    assert not dead_letters.list_undeliverable()
    assert list(verdicts.due_for_verdict_check()) == ([] if decided else [lead_id]), (
        "a verdict may have come meanwhile"
    )


def test_one_whose_record_is_still_gone_ends_as_it_was(runtime: FakeRuntime, outside: Outside) -> None:
    """C5: no endless retry, however often it is replayed."""
    lead_id = undeliverable(runtime, decided=True)
    for attempt in range(2):
        dead_letters.sync_again(lead_id)
        runtime.restart(f"again-{attempt}")
        outside.fault(PATCH, says(404, {"message": "Gone."}))
        sync_record(lead_id)

    [letter] = dead_letters.list_undeliverable()
    assert letter.why == "Gone."
    dead_letters.sync_again(lead_id)
    runtime.restart("last")
    sync_record(lead_id)
    assert outside.values(RECORD)["alc_status"] == "Failed"


def test_the_end_is_told_to_open_pages_and_told_once_more_after_a_crash(runtime: FakeRuntime) -> None:
    """The step may be done twice; what the lead was before is kept."""
    lead_id = undeliverable(runtime, decided=True)
    runtime.restart("the same step again")
    record_sync.mark_undeliverable(lead_id, RECORD, "No longer yours.")

    assert runtime.published[-1] == ("dead_letter", {"id": f"lead:{lead_id}"})
    dead_letters.sync_again(lead_id)
    runtime.restart("again")
    sync_record(lead_id)
    assert runtime.outside.values(RECORD)["alc_status"] == "Failed"


def test_a_lead_that_alc_took_after_its_record_had_gone_is_pending_when_restored(
    runtime: FakeRuntime, outside: Outside
) -> None:
    """I6: the CRM knows no status "Sending", and somebody asks ALC for the verdict."""
    lead_id = sends.open_send(RECORD).id
    record_sync.mark_undeliverable(lead_id, RECORD, "Gone.")
    sends.mark_sent(lead_id, "lead_1")

    dead_letters.sync_again(lead_id)
    runtime.restart("again")
    sync_record(lead_id)

    assert outside.values(RECORD)["alc_status"] == "Pending"
    assert list(verdicts.due_for_verdict_check()) == [lead_id]
    assert not sends.due_to_resolve()


def test_a_later_lead_takes_the_place_of_a_dead_one(runtime: FakeRuntime) -> None:
    """C1: two open leads of one record cannot be."""
    lead_id = undeliverable(runtime, decided=False)
    runtime.time += 1
    sends.open_send(RECORD)

    assert not dead_letters.list_undeliverable()
    assert "later lead" in dead_letters.sync_again(lead_id)
    assert not record_sync.due_to_sync()


def test_replaying_twice_is_replaying_once(runtime: FakeRuntime, outside: Outside) -> None:
    """Two people may press it."""
    lead_id = undeliverable(runtime, decided=True)
    dead_letters.sync_again(lead_id)

    assert "not undeliverable" in dead_letters.sync_again(lead_id)


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
    sends.mark_not_sent(lead_id)

    assert not dead_letters.list_not_sent()


def test_a_dismissed_one_is_off_the_list_and_stays_what_it_is(runtime: FakeRuntime) -> None:
    """Nothing else changes."""
    lead_id = undeliverable(runtime, decided=True)
    dead_letters.dismiss(lead_id)

    assert not dead_letters.list_undeliverable()
    assert not record_sync.due_to_sync()
