"""Records that are deleted or merged in the CRM, and the leads that they had."""

from __future__ import annotations

from typing import Any

import pytest
from sqlmodel import select

from alc_app.attio.host.record_events import WebhookEvent
from alc_app.clients.alc_events import LeadProcessed
from alc_app.leads import merges, record_sync, sends, verdicts
from alc_app.leads.models import Lead
from alc_app.leads.record_sync import sync_record
from alc_app.record_events.record_deleted import record_deleted
from alc_app.record_events.record_merged import record_merged
from tests.support.fakes.runtime import Crash, FakeRuntime, Outside, says
from tests.unit.attio.host.test_record_events import event
from tests.unit.leads.test_transitions import OTHER, RECORD, open_send, pending, row

MADE = "33333333-3333-4333-8333-333333333333"
GET = "GET /v2/objects/people/records/"
Told = WebhookEvent


def merged(record_id: str = RECORD) -> WebhookEvent:
    """A record went into the new one."""
    more = {"duplicate_object_id": MADE, "duplicate_record_id": record_id}
    return WebhookEvent.model_validate(event("record.merged", record_id=MADE) | more)


def deleted(record_id: str = RECORD) -> WebhookEvent:
    """A record was deleted."""
    return WebhookEvent.model_validate(event("record.deleted", record_id=record_id))


def rows(runtime: FakeRuntime) -> dict[str, Any]:
    """Status by record."""
    with runtime.transaction() as session:
        return {lead.record_id: lead.status for lead in session.exec(select(Lead))}


def test_the_open_lead_of_a_deleted_record_ends(runtime: FakeRuntime, outside: Outside) -> None:
    """C5: told twice is told once."""
    lead = pending()
    outside.fault(GET, *[says(404, {"message": "Gone."})] * 2)

    record_deleted(deleted())
    record_deleted(deleted())

    assert row(runtime, lead).status == "undeliverable"


def test_a_record_that_is_there_after_all_keeps_its_lead(runtime: FakeRuntime) -> None:
    """Each event is a reason to look, and no more."""
    lead = pending()

    record_deleted(deleted())

    assert row(runtime, lead).status == "pending"


def test_records_that_were_never_sent_cost_nothing(runtime: FakeRuntime, outside: Outside) -> None:
    """A CRM deletes and merges by the thousand; they are acknowledged without a run."""
    record_deleted(deleted())
    record_merged(merged())

    assert not runtime.steps
    assert not outside.calls


def test_a_lead_that_is_given_up_while_it_is_sent_is_not_posted(runtime: FakeRuntime) -> None:
    """Nobody chats with somebody who was deleted a moment ago."""
    lead = open_send()
    record_sync.mark_undeliverable(lead, RECORD, "Gone.")

    assert not sends.record_post_attempt(lead)


def test_a_lead_moves_with_its_record_and_is_shown_there(runtime: FakeRuntime, outside: Outside) -> None:
    """ALC's verdict names the record that it knows, and is shown on the new one."""
    lead = pending()

    record_merged(merged())
    assert outside.values(MADE)["alc_status"] == "Pending"

    verdict = LeadProcessed(record_id=RECORD, lead_id="lead_1", status="Complete")
    runtime.restart("verdict")
    assert verdicts.apply_verdict(verdict) == lead
    sync_record(lead)
    assert outside.values(MADE)["alc_status"] == "Complete"
    assert not outside.values(RECORD)


def test_a_lead_that_alc_took_after_its_record_had_gone_is_pending_when_the_record_was_merged(
    runtime: FakeRuntime, outside: Outside
) -> None:
    """I6: it asked ALC every second for ever, as one that is still being sent."""
    lead = sends.open_send(RECORD).id
    record_sync.mark_undeliverable(lead, RECORD, "Gone.")
    sends.mark_sent(lead, "lead_1")

    runtime.restart("merge")
    record_merged(merged())

    assert outside.values(MADE)["alc_status"] == "Pending"
    assert not sends.due_to_resolve()


def test_the_last_lead_of_a_record_is_what_the_new_one_says(runtime: FakeRuntime, outside: Outside) -> None:
    """Those before it move along, and say nothing."""
    first = pending()
    verdicts.apply_verdict(LeadProcessed(record_id=RECORD, lead_id="lead_1", status="Complete"))
    sync_record(first)
    runtime.time += 10
    runtime.restart("second")
    pending(alc_lead_id="lead_2")

    record_merged(merged())

    assert outside.values(MADE)["alc_lead_id"] == "lead_2"
    assert not record_sync.due_to_sync()


def test_of_two_open_leads_one_stays_under_way(runtime: FakeRuntime) -> None:
    """One chat at a time for each record; the other one ends, and can be replayed."""
    first, second = pending(), pending(OTHER, "lead_2")

    record_merged(merged())
    record_merged(merged(OTHER))

    assert (row(runtime, first).status, row(runtime, second).status) == ("pending", "undeliverable")
    assert row(runtime, second).why == merges.HAS_OPEN_LEAD


@pytest.mark.parametrize("elder_first", [True, False])
def test_of_two_open_leads_the_one_that_stays_is_shown_with_its_verdict(
    runtime: FakeRuntime, outside: Outside, elder_first: bool
) -> None:
    """I4: in whichever order Attio tells of the merges, and though the one that ended may be the younger."""
    pending()
    runtime.time += 10
    pending(OTHER, "lead_2")
    for number, record in enumerate((RECORD, OTHER) if elder_first else (OTHER, RECORD)):
        runtime.restart(f"merge {number}")
        record_merged(merged(record))
    stays, came_from = ("lead_1", RECORD) if elder_first else ("lead_2", OTHER)
    assert (outside.values(MADE)["alc_lead_id"], outside.values(MADE)["alc_status"]) == (stays, "Pending")

    runtime.restart("verdict")
    lead = verdicts.apply_verdict(LeadProcessed(record_id=came_from, lead_id=stays, status="Complete"))
    assert lead
    sync_record(lead)

    assert outside.values(MADE)["alc_status"] == "Complete"


def test_an_open_lead_is_shown_before_a_younger_one_that_has_ended(runtime: FakeRuntime, outside: Outside) -> None:
    """I4: a chat is under way, and its verdict is written later."""
    pending()
    runtime.time += 10
    pending(OTHER, "lead_2")
    verdicts.apply_verdict(LeadProcessed(record_id=OTHER, lead_id="lead_2", status="Failed"))
    for number, record in enumerate((RECORD, OTHER)):
        runtime.restart(f"merge {number}")
        record_merged(merged(record))

    assert outside.values(MADE)["alc_status"] == "Pending"


def test_a_lead_that_was_ended_because_its_record_had_gone_is_alive_again(
    runtime: FakeRuntime, outside: Outside
) -> None:
    """The deletion of what went into a merge, or a write to it, may come first."""
    lead = pending()
    record_sync.mark_undeliverable(lead, RECORD, "Gone.")

    record_merged(merged())

    assert row(runtime, lead).status == "pending"
    assert outside.values(MADE)["alc_status"] == "Pending"


def test_a_write_to_the_old_record_does_not_end_a_lead_that_has_moved(runtime: FakeRuntime) -> None:
    """It was under way while the record was merged."""
    lead = pending()
    merges.move_leads(RECORD, MADE)

    record_sync.mark_undeliverable(lead, RECORD, "Gone.")

    assert row(runtime, lead).status == "pending"
    assert list(record_sync.due_to_sync()) == [lead]


def test_a_send_that_is_under_way_moves_and_is_settled(runtime: FakeRuntime) -> None:
    """I6: it keeps its time to be looked into, and gets one if it had none."""
    lead = open_send()
    record_sync.mark_undeliverable(lead, RECORD, "Gone.")

    merges.move_leads(RECORD, MADE)

    assert row(runtime, lead).status == "sending"
    assert list(sends.due_to_resolve()) == [lead]


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("nth", range(4))
def test_a_crash_at_any_step_of_a_move_is_harmless(runtime: FakeRuntime, outside: Outside, when: str, nth: int) -> None:
    """CRM 3: continued where it was."""
    pending()
    runtime.restart("merge")
    runtime.crash(when, nth)
    with pytest.raises(Crash):
        record_merged(merged())

    runtime.restart()
    record_merged(merged())
    runtime.restart("job")
    for lead in record_sync.due_to_sync():
        sync_record(lead)

    assert rows(runtime) == {MADE: "pending"}
    assert outside.values(MADE)["alc_status"] == "Pending"
