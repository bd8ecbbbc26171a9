"""`alc-app doctor` on leads: records against our rows, our rows against ALC, and records that nobody here knows."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest

from alc_app.attio.host.doctor import Finding
from alc_app.clients.alc_api import AlcError, AlcUnreachable
from alc_app.clients.alc_events import LeadProcessed
from alc_app.clients.attio_api import AttioApiError
from alc_app.leads import record_sync, sends, transitions, verdicts
from alc_app.leads.record_sync import sync_record, write_claimed
from alc_app.operations import dead_letters, lead_checks
from alc_app.operations.lead_checks import check_records, check_unknown_pending_records, check_verdicts
from alc_app.send_to_alc_server import send_to_alc
from tests.support.fakes.runtime import FakeRuntime, Outside, unreachable

RECORD, OTHER = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"
SHOWN = {"alc_lead_id": "lead_1", "alc_status": "Pending", "alc_interest": None}
Check = Callable[[], Iterable[Finding]]


@pytest.fixture
def lead(runtime: FakeRuntime) -> str:
    """A lead that ALC is at, and that its record shows."""
    return send(runtime, RECORD)


def send(runtime: FakeRuntime, record_id: str) -> str:
    lead_id = sends.open_send(record_id).id
    runtime.restart(f"run-{lead_id}")
    send_to_alc.run(record_id, "Ada", "+442079460018")
    return lead_id


def decide(runtime: FakeRuntime, status: str = "Complete", at: str = "2026-11-20T12:00:00Z") -> None:
    """ALC's verdict, delivered."""
    runtime.restart(f"delivery-{at}")
    event = {"record_id": RECORD, "lead_id": "lead_1", "status": status, "occurred_at": at}
    write_claimed(verdicts.apply_verdict(LeadProcessed.parse(event)))


def repair(runtime: FakeRuntime, check: Check) -> list[str]:
    runtime.restart("doctor")
    return [finding.repair() for finding in check() if finding.repair]


def work(runtime: FakeRuntime) -> None:
    """What the worker does with rows that are due."""
    for lead_id in record_sync.due_to_sync():
        runtime.restart(f"show-{lead_id}-{runtime.time}-{len(runtime.outside.calls)}")
        sync_record(RECORD)


def overwrite(outside: Outside, **values: str | None) -> None:
    """Somebody types something else into the record."""
    outside.written.append((RECORD, {**outside.values(RECORD), **values}))  # None clears


def test_records_that_say_what_our_rows_say_are_in_order(runtime: FakeRuntime, lead: str) -> None:
    """I4: Pending, and later Complete."""
    assert not list(check_records())
    decide(runtime)
    assert not list(check_records())


@pytest.mark.parametrize("change", [{"alc_status": "Complete"}, {"alc_lead_id": "lead_7"}, {"alc_interest": "maybe"}])
def test_a_record_that_was_overwritten_is_written_again(
    runtime: FakeRuntime, outside: Outside, lead: str, change: dict[str, str]
) -> None:
    """I4, C4: the row is bumped, and the writer makes the record equal to it."""
    overwrite(outside, **change)

    [finding] = check_records()
    assert finding.subject == RECORD
    assert next(iter(change)) in finding.text
    repair(runtime, check_records)
    assert not list(check_records()), "what is due to be written is no finding"
    work(runtime)

    assert outside.values(RECORD) == SHOWN
    assert not list(check_records())


def test_a_verdict_between_the_two_looks_is_no_drift(runtime: FakeRuntime, outside: Outside, lead: str) -> None:
    """The row moves on while Attio is being asked."""

    def meanwhile(_method: str, path: str) -> None:
        outside.before = lambda *_: None
        if path.endswith("/query"):
            decide(runtime)

    outside.before = meanwhile

    assert not list(check_records())


def test_a_bump_comes_too_late_for_a_row_that_has_moved_on(runtime: FakeRuntime, outside: Outside, lead: str) -> None:
    """Level-triggered: the mending is for the version that was compared."""
    overwrite(outside, alc_status="Failed")
    [finding] = check_records()
    decide(runtime)
    calls = len(outside.calls)
    assert finding.repair
    finding.repair()

    work(runtime)

    assert len(outside.calls) == calls
    assert outside.values(RECORD)["alc_status"] == "Complete"


def test_a_record_belongs_to_its_last_lead(runtime: FakeRuntime, outside: Outside, lead: str) -> None:
    """An earlier one says something else, rightly."""
    decide(runtime)
    runtime.time += 1
    send(runtime, RECORD)

    assert not list(check_records())


def test_a_record_that_is_gone_while_alc_chats_is_said_and_its_verdict_is_a_dead_letter(
    runtime: FakeRuntime, outside: Outside, lead: str
) -> None:
    """C5: there is no record to write; what ALC found out is kept and listed."""
    outside.written.clear()

    assert len(list(check_records())) == 1
    repair(runtime, check_records)
    assert not list(check_records())
    decide(runtime)

    [letter] = dead_letters.list_blocked()
    assert (letter.id, letter.why) == (RECORD, "The record was not found in the CRM.")


def test_a_record_that_is_gone_after_its_verdict_is_nobodys_concern(
    runtime: FakeRuntime, outside: Outside, lead: str
) -> None:
    """Nothing is left to be told."""
    decide(runtime)
    outside.written.clear()

    assert not list(check_records())


def test_leads_that_ended_long_ago_are_not_compared(runtime: FakeRuntime, outside: Outside, lead: str) -> None:
    """What people do with a record after a month is theirs."""
    runtime.time = 1_795_262_400.0  # the verdict's own day
    decide(runtime, at="2026-11-21T12:00:00Z")
    overwrite(outside, alc_status="Failed")
    assert len(list(check_records())) == 1

    runtime.time += lead_checks.RECENT + 86_400

    assert not list(check_records())


def test_a_verdict_whose_webhook_never_came_is_taken(runtime: FakeRuntime, outside: Outside, lead: str) -> None:
    """I6: a stuck Pending is settled by asking ALC."""
    runtime.time += transitions.FIRST_VERDICT_CHECK + 1
    outside.leads[lead] |= {"status": "Complete", "interest": "interested"}

    [finding] = check_verdicts()
    assert "did not deliver it" in finding.text
    repair(runtime, check_verdicts)

    assert outside.values(RECORD)["alc_status"] == "Complete"
    assert not list(check_verdicts())


def test_a_chat_that_goes_on_is_in_order(runtime: FakeRuntime, lead: str) -> None:
    """Some take days."""
    runtime.time += 86_400

    assert not list(check_verdicts())


def test_a_lead_that_alc_has_lost_is_ended_so_that_it_can_be_sent_again(
    runtime: FakeRuntime, outside: Outside, lead: str
) -> None:
    """Nobody would ever decide on it, and it would keep a new one out. The record says Failed."""
    runtime.time += transitions.FIRST_VERDICT_CHECK + 1
    outside.leads["somebody's"] = outside.leads.pop(lead) | {"id": "lead_0"}

    [finding] = check_verdicts()
    assert "does not know" in finding.text
    repair(runtime, check_verdicts)

    work(runtime)
    assert outside.values(RECORD)["alc_status"] == "Failed"
    assert send(runtime, RECORD) != lead
    assert outside.values(RECORD)["alc_status"] == "Pending"


@pytest.mark.parametrize("check", [check_verdicts, check_records, check_unknown_pending_records])
def test_a_check_that_cannot_be_made_says_so(runtime: FakeRuntime, outside: Outside, lead: str, check: Check) -> None:
    """ALC or Attio is away: that is not "in order"."""
    runtime.time += transitions.FIRST_VERDICT_CHECK + 1
    outside.fault("", unreachable)

    with pytest.raises((AlcUnreachable, AttioApiError), match="cannot be reached"):
        list(check())


def test_a_pending_record_of_which_we_know_nothing_is_followed_again(runtime: FakeRuntime, outside: Outside) -> None:
    """Our rows were restored from an older backup."""
    outside.leads["lost"] = {"id": "lead_1", "record_id": RECORD, "status": "processing"}
    outside.written.append((RECORD, SHOWN))  # None clears

    [finding] = check_unknown_pending_records()
    assert (finding.subject, finding.level) == (RECORD, "warning")
    repair(runtime, check_unknown_pending_records)

    assert not list(check_unknown_pending_records())
    assert not list(check_records())
    runtime.time += 1
    assert len(verdicts.due_for_verdict_check()) == 1


@pytest.mark.parametrize("there", [None, {"id": "lead_1", "record_id": OTHER, "status": "processing"}])
def test_a_stranger_that_alc_does_not_confirm_stays_a_stranger(
    runtime: FakeRuntime, outside: Outside, there: dict[str, str] | None
) -> None:
    """R12: no record is written because somebody typed an id into it."""
    if there:
        outside.leads["other"] = there
    outside.written.append((RECORD, SHOWN))  # None clears

    with pytest.raises(AlcError, match="lead_1"):
        repair(runtime, check_unknown_pending_records)

    assert not lead_checks.expected_records()


def test_what_people_typed_is_not_repeated(outside: Outside) -> None:
    """U8: a name in the wrong field is not shown by the doctor."""
    outside.written.append((RECORD, {**SHOWN, "alc_lead_id": "Ada Lovelace"}))  # None clears

    [finding] = check_unknown_pending_records()

    assert "Ada" not in finding.text
    assert finding.repair is None


def test_many_records_are_asked_for_in_few_calls(runtime: FakeRuntime, outside: Outside, lead: str) -> None:
    """One page of records, one call."""
    send(runtime, OTHER)

    assert not list(check_records())
    assert len(outside.sent("POST /v2/objects/people/records/query")) == 1
