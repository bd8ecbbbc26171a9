"""Records that are deleted or merged in the CRM, and the leads that they had."""

from __future__ import annotations

from typing import Any

import pytest
from sqlmodel import select

from alc_app.attio.host.record_events import WebhookEvent
from alc_app.clients.alc_events import LeadProcessed
from alc_app.clients.attio_api import NotFound
from alc_app.leads import merges, record_sync, sends, transitions, verdicts
from alc_app.leads.models import Lead
from alc_app.leads.record_sync import sync_record, write_claimed
from alc_app.operations import dead_letters, lead_checks
from alc_app.record_events.record_deleted import record_deleted
from alc_app.record_events.record_merged import record_merged
from alc_app.send_to_alc_server import send_to_alc
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


def test_a_deleted_record_is_not_written_and_its_chat_goes_on(runtime: FakeRuntime, outside: Outside) -> None:
    """C5, C1: only ALC ends a chat. Its verdict is kept, and listed as a dead letter."""
    lead = pending()
    outside.fault(GET, *[says(404, {"message": "Gone."})] * 2)

    record_deleted(deleted())
    record_deleted(deleted())
    assert row(runtime, lead).status == "pending"
    written = len(outside.written)
    verdicts.apply_verdict(LeadProcessed(record_id=RECORD, lead_id="lead_1", status="Complete"))
    runtime.restart("verdict")
    sync_record(RECORD)

    assert row(runtime, lead).status == "complete"
    assert len(outside.written) == written
    assert [letter.id for letter in dead_letters.list_blocked()] == [RECORD]


def test_a_record_that_is_there_after_all_keeps_its_lead(runtime: FakeRuntime) -> None:
    """Each event is a reason to look, and no more."""
    lead = pending()

    record_deleted(deleted())

    assert row(runtime, lead).status == "pending"
    assert verdicts.apply_verdict(LeadProcessed(record_id=RECORD, lead_id="lead_1", status="Complete"))


def test_records_that_were_never_sent_cost_no_call(runtime: FakeRuntime, outside: Outside) -> None:
    """A CRM deletes and merges by the thousand."""
    record_deleted(deleted())
    record_merged(merged())

    assert not outside.calls


def test_a_lead_that_was_given_up_while_it_is_sent_is_not_posted(runtime: FakeRuntime) -> None:
    """I1: the run was away for so long that ALC was asked, and had never heard of it."""
    lead = open_send()
    sends.claim_for_send(RECORD, "Ada", "+442079460018")
    sends.mark_never_received(lead)

    assert not sends.record_post_attempt(lead)


def test_a_lead_moves_with_its_record_and_is_shown_there(runtime: FakeRuntime, outside: Outside) -> None:
    """ALC's verdict names the record that it knows, and is shown on the new one."""
    pending()

    record_merged(merged())
    assert outside.values(MADE)["alc_status"] == "Pending"

    verdict = LeadProcessed(record_id=RECORD, lead_id="lead_1", status="Complete")
    runtime.restart("verdict")
    write_claimed(verdicts.apply_verdict(verdict))
    assert outside.values(MADE)["alc_status"] == "Complete"
    assert not outside.values(RECORD)


def test_a_lead_that_alc_took_after_its_record_had_gone_is_pending_when_the_record_was_merged(
    runtime: FakeRuntime, outside: Outside
) -> None:
    """I6: somebody asks ALC for its verdict, and the CRM never says "Sending"."""
    lead = sends.open_send(RECORD).id
    record_sync.mark_gone(RECORD, "Gone.")
    sends.mark_sent(lead, "lead_1")

    runtime.restart("merge")
    record_merged(merged())

    assert outside.values(MADE)["alc_status"] == "Pending"
    assert not sends.due_to_resolve()


def test_the_last_lead_of_a_record_is_what_the_new_one_says(runtime: FakeRuntime, outside: Outside) -> None:
    """Those before it move along, and say nothing."""
    pending()
    verdicts.apply_verdict(LeadProcessed(record_id=RECORD, lead_id="lead_1", status="Complete"))
    sync_record(RECORD)
    runtime.time += 10
    runtime.restart("second")
    pending(alc_lead_id="lead_2")

    record_merged(merged())

    assert outside.values(MADE)["alc_lead_id"] == "lead_2"
    assert not record_sync.due_to_sync()


@pytest.mark.parametrize("merges_in_order", [True, False])
@pytest.mark.parametrize("elder_ends_first", [True, False])
def test_of_two_chats_of_one_record_both_go_on_and_the_latest_verdict_is_shown(
    runtime: FakeRuntime, outside: Outside, merges_in_order: bool, elder_ends_first: bool
) -> None:
    """I1, I4: ALC chats with both. Pending while one is under way, in whichever order Attio tells of the merges."""
    leads = {"lead_1": (RECORD, pending())}
    runtime.time += 10
    leads["lead_2"] = (OTHER, pending(OTHER, "lead_2"))
    for number, record in enumerate((RECORD, OTHER) if merges_in_order else (OTHER, RECORD)):
        runtime.restart(f"merge {number}")
        record_merged(merged(record))
    assert {row(runtime, lead).status for _, lead in leads.values()} == {"pending"}
    assert sends.open_send(MADE).id in {lead for _, lead in leads.values()}, "a click starts no third chat"

    first, last = ("lead_1", "lead_2") if elder_ends_first else ("lead_2", "lead_1")
    for minute, (alc_lead_id, status) in enumerate([(first, "Failed"), (last, "Complete")]):
        assert (outside.values(MADE)["alc_status"]) == "Pending"
        runtime.restart(f"verdict {minute}")
        said = {"record_id": leads[alc_lead_id][0], "lead_id": alc_lead_id, "status": status}
        event = LeadProcessed.parse(said | {"occurred_at": f"2026-11-20T12:0{minute}:00Z"})
        write_claimed(verdicts.apply_verdict(event))

    assert (outside.values(MADE)["alc_lead_id"], outside.values(MADE)["alc_status"]) == (last, "Complete")


def test_two_merges_may_be_told_in_the_wrong_order(runtime: FakeRuntime, outside: Outside) -> None:
    """I4: the record went into a second one, which went into a third; Attio tells of the later merge first."""
    pending()
    last = WebhookEvent.model_validate(
        event("record.merged", record_id=OTHER) | {"duplicate_object_id": OTHER, "duplicate_record_id": MADE}
    )

    record_merged(last)
    runtime.restart("the first merge")
    record_merged(merged())

    assert outside.values(OTHER)["alc_status"] == "Pending"
    assert not record_sync.due_to_sync()


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


def test_a_lead_whose_record_was_said_to_be_gone_is_shown_on_the_new_one(
    runtime: FakeRuntime, outside: Outside
) -> None:
    """The deletion of what went into a merge, or a write to it, may come first."""
    pending()
    record_sync.mark_gone(RECORD, "Gone.")

    record_merged(merged())

    assert not dead_letters.list_blocked()
    assert outside.values(MADE)["alc_status"] == "Pending"


def test_a_write_to_the_old_record_does_not_end_a_lead_that_has_moved(runtime: FakeRuntime) -> None:
    """It was under way while the record was merged."""
    lead = pending()
    merges.move_leads(RECORD, MADE)

    record_sync.retry_sync_later(RECORD, NotFound("Gone."))
    record_sync.mark_gone(RECORD, "Gone.")

    assert row(runtime, lead).status == "pending"
    assert list(record_sync.due_to_sync()) == [MADE]
    assert not dead_letters.list_blocked()


def test_a_click_on_a_record_that_was_merged_is_one_on_the_record_that_exists(
    runtime: FakeRuntime, outside: Outside
) -> None:
    """CRM 3, I4: its page was open before the merge. Else the new record would never show the chat."""
    record_merged(merged())
    runtime.restart("click")

    sends.open_send(RECORD)
    send_to_alc.run(RECORD, "Ada Lovelace", "+442079460018")

    assert rows(runtime) == {MADE: "pending"}
    assert outside.values(MADE)["alc_status"] == "Pending"


@pytest.mark.parametrize("clicked", [RECORD, OTHER, MADE])
def test_a_click_on_any_of_merged_records_joins_the_chat_that_is_under_way(runtime: FakeRuntime, clicked: str) -> None:
    """C1, I1: they are one person."""
    lead = pending(OTHER)
    runtime.restart("first merge")
    record_merged(merged(OTHER))
    runtime.restart("second merge")
    record_merged(merged())
    runtime.restart("click")

    assert sends.open_send(clicked).id == lead
    claimed = sends.claim_for_send(clicked, "Ada Lovelace", "+442079460018")
    assert claimed
    assert claimed.id == lead


def test_a_send_that_is_under_way_moves_and_is_settled(runtime: FakeRuntime) -> None:
    """I6: it keeps its time to be looked into, and ALC is asked about the record that it knows."""
    lead = open_send()
    merges.move_leads(RECORD, MADE)
    runtime.time += transitions.SEND_TIMEOUT

    assert list(sends.due_to_resolve()) == [lead]
    claimed = sends.claim_to_resolve(lead)
    assert claimed
    assert (claimed.record_id, claimed.alc_record_id) == (MADE, RECORD)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("nth", range(3))
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
    for record_id in record_sync.due_to_sync():
        sync_record(record_id)

    assert rows(runtime) == {MADE: "pending"}
    assert outside.values(MADE)["alc_status"] == "Pending"


def test_a_chat_that_the_doctor_adopts_is_shown_on_the_record_that_exists(
    runtime: FakeRuntime, outside: Outside
) -> None:
    """I4: ALC knows it by the record that it was sent for, which was merged since."""
    merges.move_leads(RECORD, MADE)
    lead_checks.adopt(RECORD, "lead_9")
    sync_record(MADE)

    assert outside.values(MADE)["alc_lead_id"] == "lead_9"
