"""The writer of records: it writes until the record says what the row says, and gives way when it cannot."""

import pytest

from alc_app.attio.host.context import running
from alc_app.clients.alc_events import LeadProcessed
from alc_app.clients.attio_api import AnswerLost
from alc_app.leads import record_sync, sends, verdicts
from alc_app.leads.record_sync import sync_record
from alc_app.operations import dead_letters
from tests.support.fakes.claims import let_go
from tests.support.fakes.runtime import Crash, FakeRuntime, Fault, Outside, never_answers, says

RECORD = "11111111-1111-4111-8111-111111111111"
PATCH = "PATCH /v2/objects/people/records/"


@pytest.fixture
def lead(runtime: FakeRuntime) -> str:
    """A lead that ALC has taken, not shown yet."""
    lead_id = sends.open_send(RECORD).id
    let_go(sends.mark_sent(lead_id, "lead_1"))
    return lead_id


def complete(runtime: FakeRuntime) -> None:
    """ALC's verdict, taken by another run."""
    other = FakeRuntime(database=runtime.database, run_id="webhook")
    other.time = runtime.time
    with running(other):
        event = {"record_id": RECORD, "lead_id": "lead_1", "status": "Complete"}
        let_go(verdicts.apply_verdict(LeadProcessed.parse(event)))


def test_the_record_is_written_once(lead: str, outside: Outside) -> None:
    """C4: level-triggered; who calls again finds nothing to do."""
    sync_record(RECORD)
    sync_record(RECORD)

    assert outside.written == [(RECORD, {"alc_lead_id": "lead_1", "alc_status": "Pending", "alc_interest": None})]


@pytest.mark.parametrize("place", [("after", 0), ("before", 1), ("after", 1)], ids=str)
def test_a_run_that_was_lost_for_longer_than_its_lease_does_not_undo_what_others_wrote(
    lead: str, runtime: FakeRuntime, outside: Outside, place: tuple[str, int]
) -> None:
    """C4: never a Pending after a verdict."""
    lost = FakeRuntime(database=runtime.database, outside=outside, run_id="lost")
    lost.crash(*place)
    with running(lost), pytest.raises(Crash):
        sync_record(RECORD)
    complete(runtime)
    runtime.time += record_sync.WRITER_LEASE + 1
    sync_record(RECORD)

    lost.restart()
    lost.time = runtime.time
    with running(lost):
        sync_record(RECORD)

    assert [values["alc_status"] for _, values in outside.written if values["alc_status"] != "Pending"] == ["Complete"]
    assert outside.values(RECORD)["alc_status"] == "Complete"


def take_over(runtime: FakeRuntime, outside: Outside) -> None:
    """Pause a run that is about to write for longer than its lease. Another one writes a verdict meanwhile."""
    runtime.time += record_sync.WRITER_LEASE + 1
    other = FakeRuntime(database=runtime.database, outside=outside, run_id="other")
    other.time = runtime.time
    complete(runtime)
    with running(other):
        sync_record(RECORD)


def test_a_write_that_was_paused_for_longer_than_its_lease_is_made_good(
    lead: str, runtime: FakeRuntime, outside: Outside
) -> None:
    """C4: its machine stood still between the claim and the call, so its Pending lands on a Complete."""
    outside.before = lambda *_: take_over(runtime, outside) if len(outside.calls) == 1 else None
    sync_record(RECORD)
    assert [values["alc_status"] for _, values in outside.written] == ["Complete", "Pending"]

    sync_record(*record_sync.due_to_sync())

    assert outside.values(RECORD)["alc_status"] == "Complete"
    assert record_sync.read_shown(RECORD).shown
    assert not record_sync.due_to_sync()


@pytest.mark.parametrize(("fault", "comes_late"), [(never_answers, ["Pending"]), (says(503), [])])
def test_a_paused_write_that_fails_is_made_good_if_it_may_have_been_carried_out(
    lead: str, runtime: FakeRuntime, outside: Outside, fault: Fault, comes_late: list[str]
) -> None:
    """C4: another run has written everything since, so there is nothing of its own to try again."""

    def before(*_: object) -> None:
        if len(outside.calls) == 1:
            take_over(runtime, outside)
            outside.fault(PATCH, fault)

    outside.before = before
    sync_record(RECORD)
    outside.written += [(RECORD, {"alc_status": status}) for status in comes_late]
    runtime.time += record_sync.LATE_WRITE + 1
    for record_id in record_sync.due_to_sync():
        sync_record(record_id)

    assert outside.values(RECORD)["alc_status"] == "Complete"
    assert not record_sync.due_to_sync()


def test_a_verdict_during_the_write_is_written_next(lead: str, runtime: FakeRuntime, outside: Outside) -> None:
    """C4, R15: the same call goes on until the record says the latest."""
    outside.before = lambda *_: complete(runtime) if len(outside.calls) == 1 else None

    sync_record(RECORD)

    assert [values["alc_status"] for _, values in outside.written] == ["Pending", "Complete"]
    assert record_sync.read_shown(RECORD).shown


def test_a_verdict_before_the_write_leaves_pending_out(lead: str, runtime: FakeRuntime, outside: Outside) -> None:
    """C4: the record is made equal to the row, whatever has happened on the way."""
    complete(runtime)

    sync_record(RECORD)

    assert outside.written == [(RECORD, {"alc_lead_id": "lead_1", "alc_status": "Complete", "alc_interest": None})]


def test_a_machine_whose_clock_is_ahead_does_not_take_a_writer_for_dead(lead: str, runtime: FakeRuntime) -> None:
    """C4: leases go by the database's clock, which is the same for all."""
    ahead = FakeRuntime(database=runtime.database, run_id="ahead")
    ahead.time = runtime.time + 2 * record_sync.WRITER_LEASE
    ahead.shared_now = runtime.shared_now  # one database, one clock
    assert record_sync.claim_record(RECORD)

    with running(ahead):
        assert record_sync.claim_record(RECORD) is None
        assert not record_sync.due_to_sync()


def test_a_writer_that_died_before_the_clock_was_set_back_is_followed(lead: str, runtime: FakeRuntime) -> None:
    """C4: its lease would last for a day. What comes meanwhile is written."""
    assert record_sync.claim_record(RECORD)
    runtime.time -= 86_400
    runtime.run_id = "another"
    complete(runtime)

    assert list(record_sync.due_to_sync()) == [RECORD]
    assert record_sync.claim_record(RECORD)


def test_what_a_dead_writer_had_is_due_after_the_clock_was_set_back(lead: str, runtime: FakeRuntime) -> None:
    """C4: the record was due by the clock of before, a day ahead. Nothing else has to happen for it to be written."""
    assert record_sync.claim_record(RECORD)
    runtime.time -= 86_400
    runtime.run_id = "another"

    assert list(record_sync.due_to_sync()) == [RECORD]
    assert record_sync.claim_record(RECORD)


def test_another_run_at_it_is_left_alone(lead: str, runtime: FakeRuntime, outside: Outside) -> None:
    """C4: one writer at a time."""
    record_sync.claim_record(RECORD)
    runtime.run_id = "another"

    sync_record(RECORD)

    assert not outside.calls


def test_attios_retry_after_is_honoured(lead: str, runtime: FakeRuntime, outside: Outside) -> None:
    """R21: not due before Attio said, due then, and written."""
    outside.fault(PATCH, says(429, {"message": "Slow down."}, Retry_After="40"))
    sync_record(RECORD)

    runtime.time += 39
    assert not record_sync.due_to_sync()
    runtime.time += 1
    assert list(record_sync.due_to_sync()) == [RECORD]
    sync_record(RECORD)
    assert outside.values(RECORD)["alc_status"] == "Pending"


@pytest.mark.parametrize("status", [400, 403])
def test_what_attio_refuses_is_tried_again_ever_more_rarely_and_said(
    lead: str, runtime: FakeRuntime, outside: Outside, status: int
) -> None:
    """C5: somebody may give the permission back, or add the attribute. The lead goes on meanwhile."""
    outside.fault(PATCH, *[says(status, {"message": "No."})] * 3)
    for _ in range(3):
        runtime.time += 300
        sync_record(RECORD)

    [letter] = dead_letters.list_blocked()
    assert (letter.id, letter.why) == (RECORD, "No.")
    assert record_sync.read_shown(RECORD) == record_sync.Shown(False, "No.")
    assert not record_sync.due_to_sync()
    runtime.time += record_sync.LONGEST_RETRY
    sync_record(*record_sync.due_to_sync())
    assert outside.values(RECORD)["alc_status"] == "Pending"
    assert not dead_letters.list_blocked()


def test_a_record_that_stays_gone_is_given_up_after_some_days(
    lead: str, runtime: FakeRuntime, outside: Outside
) -> None:
    """C5: a 404 may pass, so it is tried for some days; then a person may replay it or dismiss it."""
    outside.fault(PATCH, *[says(404, {"message": "Gone."})] * record_sync.LAST_TRY)
    for _ in range(record_sync.LAST_TRY):
        sync_record(*record_sync.due_to_sync())
        runtime.time += record_sync.LONGEST_RETRY

    assert not record_sync.due_to_sync()
    assert [letter.why for letter in dead_letters.list_blocked()] == ["Gone."]


def test_a_write_whose_answer_was_lost_never_undoes_the_one_that_follows(
    lead: str, runtime: FakeRuntime, outside: Outside
) -> None:
    """C4: it may arrive late, so nobody writes the record until it has, or never will."""
    outside.fault(PATCH, never_answers)
    sync_record(RECORD)

    complete(runtime)
    runtime.time += record_sync.LATE_WRITE - 1
    sync_record(RECORD)
    assert not outside.written

    runtime.time += 2
    sync_record(*record_sync.due_to_sync())
    assert [values["alc_status"] for _, values in outside.written] == ["Complete"]


def test_nobody_goes_on_while_the_write_of_a_paused_run_may_still_come(lead: str, runtime: FakeRuntime) -> None:
    """C4: not even who had taken the record over and is writing it when that run finds its answer lost."""
    paused = FakeRuntime(database=runtime.database, run_id="paused")
    with running(paused):
        assert record_sync.claim_record(RECORD)
    complete(runtime)
    paused.time = runtime.time = runtime.time + record_sync.WRITER_LEASE + 1
    taken_over = record_sync.claim_record(RECORD)
    with running(paused):
        record_sync.retry_sync_later(RECORD, AnswerLost("The answer was lost."))

    assert taken_over
    assert record_sync.mark_synced(taken_over) is None
    assert record_sync.claim_record(RECORD) is None

    runtime.time += record_sync.LATE_WRITE + 1
    assert list(record_sync.due_to_sync()) == [RECORD]


@pytest.mark.parametrize("status", [401, 409, 429, 500, 502, 503])
def test_what_may_pass_is_tried_again(lead: str, runtime: FakeRuntime, outside: Outside, status: int) -> None:
    """R21, C5: conflicts, limits, outages, and a token that somebody can mend."""
    outside.fault(PATCH, says(status))

    sync_record(RECORD)
    runtime.time += 60

    assert list(record_sync.due_to_sync()) == [RECORD]
