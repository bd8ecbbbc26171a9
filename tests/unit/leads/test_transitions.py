"""The memory of leads: every change of state, every order of events, and who may write when several want to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, text
from sqlalchemy.exc import IntegrityError
from sqlmodel import select

from alc_app import leads
from alc_app.attio.host.context import running
from alc_app.clients.alc_events import LeadProcessed
from alc_app.clients.attio_api import AttioApiError
from alc_app.leads import record_sync, sends, transitions, verdicts
from alc_app.leads.models import EarlyEvent, Lead, RecordSync
from tests.support.fakes.claims import let_go
from tests.support.fakes.runtime import START, FakeRuntime, memory

RECORD, OTHER = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"
NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)

DIFFERENT_VERDICTS = st.lists(
    st.tuples(st.integers(0, 9), st.sampled_from(["Complete", "Failed"])),
    min_size=1,
    max_size=6,
    unique_by=lambda event: event[0],
)
DELIVERED_ANYHOW = DIFFERENT_VERDICTS.flatmap(
    lambda once: st.tuples(
        st.just(once),
        st.lists(st.sampled_from(once), max_size=4).flatmap(lambda again: st.permutations(once + again)),
    )
)
"""The verdicts (minute, status), and their deliveries in any order, some more than once."""


def open_send(record_id: str = RECORD) -> str:
    """A click; returns the lead's id."""
    return sends.open_send(record_id).id


def pending(record_id: str = RECORD, alc_lead_id: str = "lead_1") -> str:
    """A lead that ALC is at, and that its record shows."""
    lead = open_send(record_id)
    sends.mark_sent(lead, alc_lead_id)
    show(record_id)
    return lead


def show(record_id: str = RECORD) -> dict[str, str | None]:
    """Write the record; returns the values."""
    claim = record_sync.claim_record(record_id)
    assert claim is not None
    record_sync.mark_synced(claim)
    return claim.values


def what_is_shown(runtime: FakeRuntime, record_id: str = RECORD) -> RecordSync:
    """What is kept of a record."""
    with runtime.transaction() as session:
        found: RecordSync = session.get_one(RecordSync, (runtime.settings.workspace_id, record_id))
        return found


def verdict(lead_id: str | None = "lead_1", status: str = "Complete", minute: int = 0, **more: object) -> LeadProcessed:
    """ALC's word, at some minutes past noon."""
    body = {"record_id": RECORD, "status": status, "lead_id": lead_id, "occurred_at": NOON + timedelta(minutes=minute)}
    return LeadProcessed.parse({**body, **more})


def row(runtime: FakeRuntime, lead: str) -> Lead:
    """What is kept of a lead."""
    with runtime.transaction() as session:
        found: Lead = session.get_one(Lead, lead)
        return found


@pytest.fixture
def together(tmp_path: Path) -> Iterator[list[FakeRuntime]]:
    """Eight runs in eight threads, on one SQLite file."""
    database = memory(f"sqlite:///{tmp_path / 'app.db'}")
    yield [FakeRuntime(database=database, run_id=f"run-{n}") for n in range(8)]
    database.close()


class TestSending:
    """sending → pending, or not_sent."""

    def test_an_intent_is_due_to_be_looked_into_if_nothing_comes_of_it(self, runtime: FakeRuntime) -> None:
        """I6: a process may die right after the click."""
        lead = open_send()
        assert not sends.due_to_resolve()

        runtime.time += transitions.SEND_TIMEOUT
        assert list(sends.due_to_resolve()) == [lead]

    def test_a_run_that_begins_puts_the_look_off(self, runtime: FakeRuntime) -> None:
        """C1: nobody looks into a send while its run is at it."""
        lead = open_send()
        runtime.time += transitions.SEND_TIMEOUT

        claimed = sends.claim_for_send(RECORD, "Ada", "+442079460018")
        assert claimed == sends.Send(lead, RECORD, RECORD, None, name="Ada", phone_number="+442079460018")
        assert not sends.due_to_resolve()

    def test_sent_is_pending_and_due_to_be_shown(self, runtime: FakeRuntime) -> None:
        """C4: lead id and Pending become one write."""
        lead = open_send()
        let_go(sends.mark_sent(lead, "lead_1"))

        assert list(record_sync.due_to_sync()) == [RECORD]
        assert show() == {"alc_lead_id": "lead_1", "alc_status": "Pending", "alc_interest": None}
        assert not record_sync.due_to_sync()
        assert record_sync.read_shown(RECORD).shown

    def test_sent_twice_is_sent_once(self, runtime: FakeRuntime) -> None:
        """C2: the send's own run and the recurring job may both learn of it."""
        lead = pending()
        sends.mark_sent(lead, "lead_1")

        assert record_sync.claim_record(RECORD) is None

    def test_sending_once_more_after_not_sent_is_a_new_lead(self, runtime: FakeRuntime) -> None:
        """C2: a definite no closes the intent; its key is never used for another try."""
        first = open_send()
        sends.mark_not_sent(first, "No.")

        assert sends.claim_for_send(RECORD, "Ada", "+442079460018") is None
        assert open_send() != first

    def test_a_lead_that_turns_out_to_be_sent_after_all_is_pending(self, runtime: FakeRuntime) -> None:
        """C7: given up, and then ALC's answer comes: the row follows the truth."""
        lead = open_send()
        sends.mark_not_sent(lead, "No.")
        sends.mark_sent(lead, "lead_1")

        assert row(runtime, lead).status == "pending"

    def test_such_a_lead_leaves_the_open_one_alone(self, runtime: FakeRuntime) -> None:
        """C1, I1: the record has another open lead by now."""
        late = open_send()
        sends.mark_not_sent(late, "No.")
        runtime.time += 1
        lead = open_send()
        sends.mark_sent(late, "lead_1")

        assert (row(runtime, late).status, row(runtime, lead).status) == ("not_sent", "sending")
        assert record_sync.claim_record(late) is None

    def test_a_pending_lead_cannot_become_not_sent(self, runtime: FakeRuntime) -> None:
        """R16: a late "nothing happened" does not undo what ALC has said."""
        lead = pending()
        sends.mark_not_sent(lead, "No.")
        sends.retry_later(lead, "Lost.")

        assert row(runtime, lead).status == "pending"

    def test_each_attempt_of_an_open_intent_is_a_run_of_its_own_and_waits_longer(self, runtime: FakeRuntime) -> None:
        """C2: same key for ALC, another name for the engine; the waits grow up to a quarter of an hour."""
        keys, waits = [], []
        for _ in range(20):
            intent = sends.open_send(RECORD)
            keys.append(intent.run_key)
            lead = intent.id
            sends.retry_later(lead, "Lost.")
            waits.append((row(runtime, lead).due_at or 0) - runtime.time)

        assert len({key.partition(".")[0] for key in keys}) == 1
        assert len(set(keys)) == len(keys)
        assert waits == sorted(waits)
        assert (waits[0], waits[-1]) == (sends.FIRST_RETRY, 900.0)

    def test_a_click_on_a_lead_that_alc_has_is_a_run_of_its_own(self, runtime: FakeRuntime) -> None:
        """C1: the first run has ended; what it answered then may not be true any more."""
        lead = pending()
        first, second = sends.open_send(RECORD), sends.open_send(RECORD)

        assert first.id == second.id == lead
        assert first.run_key != second.run_key


class TestVerdicts:
    """pending → complete | failed, and what does not count."""

    @pytest.mark.parametrize("status", ["Complete", "Failed"])
    def test_a_verdict_is_shown_with_what_was_found_out(self, runtime: FakeRuntime, status: str) -> None:
        """Later 11: status and interest, in plain strings; the summary is kept."""
        lead = pending()
        assert let_go(verdicts.apply_verdict(verdict(status=status, interest="interested", summary="Yes."))) == RECORD

        assert list(record_sync.due_to_sync()) == [RECORD]
        assert show() == {"alc_lead_id": "lead_1", "alc_status": status, "alc_interest": "interested"}
        assert row(runtime, lead).summary == "Yes."

    def test_the_same_verdict_again_is_no_news(self, runtime: FakeRuntime) -> None:
        """R14: resent by hand, or under another delivery id."""
        pending()
        verdicts.apply_verdict(verdict())
        show()

        assert verdicts.apply_verdict(verdict()) is None

    def test_between_two_verdicts_the_later_one_counts(self, runtime: FakeRuntime) -> None:
        """R16: by when it happened, not by when it came."""
        lead = pending()
        verdicts.apply_verdict(verdict(status="Failed", minute=5))
        show()

        assert verdicts.apply_verdict(verdict(status="Complete", minute=4)) is None
        assert let_go(verdicts.apply_verdict(verdict(status="Complete", minute=6))) == RECORD
        assert row(runtime, lead).status == "complete"

    def test_the_tutorials_minimal_verdict_finds_the_open_lead_of_the_record(self, runtime: FakeRuntime) -> None:
        """4.1: `record_id` and `status` are enough."""
        pending()

        assert (
            let_go(verdicts.apply_verdict(LeadProcessed.parse({"record_id": RECORD, "status": "Complete"}))) == RECORD
        )
        show()
        assert verdicts.apply_verdict(LeadProcessed.parse({"record_id": RECORD, "status": "Failed"})) is None

    def test_a_minimal_verdict_that_overtakes_the_sends_answer_stays(self, runtime: FakeRuntime) -> None:
        """R15, R16: Complete is not followed by Pending, and the record still gets the lead's id."""
        lead = open_send()
        verdicts.apply_verdict(LeadProcessed.parse({"record_id": RECORD, "status": "Complete"}))
        sends.mark_sent(lead, "lead_1")

        assert show() == {"alc_lead_id": "lead_1", "alc_status": "Complete", "alc_interest": None}

    @pytest.mark.parametrize(
        "event",
        [
            verdict("lead_of_somebody_else"),
            verdict("lead_1", record_id=OTHER),
            verdict("lead_2", record_id=OTHER),
            verdict(None, record_id=OTHER),
        ],
    )
    def test_a_lead_that_is_not_ours_changes_nothing(self, runtime: FakeRuntime, event: LeadProcessed) -> None:
        """R12: neither another lead, nor ours with another record."""
        lead = pending()

        assert verdicts.apply_verdict(event) is None
        assert row(runtime, lead).status == "pending"
        with runtime.transaction() as session:
            assert not session.exec(select(EarlyEvent)).all()

    def test_a_lead_of_another_workspace_changes_nothing(self, runtime: FakeRuntime) -> None:
        """R12, C16: two workspaces in one database."""
        lead = pending()
        with runtime.transaction() as session:
            session.get_one(Lead, lead).workspace_id = "another"

        assert verdicts.apply_verdict(verdict()) is None
        assert row(runtime, lead).status == "pending"

    def test_an_early_verdict_waits_for_the_sends_answer(self, runtime: FakeRuntime) -> None:
        """R15: parked by the lead's id, taken up in the transaction that learns it."""
        lead = open_send()
        assert verdicts.apply_verdict(verdict()) is None

        sends.mark_sent(lead, "lead_1")

        assert show() == {"alc_lead_id": "lead_1", "alc_status": "Complete", "alc_interest": None}
        with runtime.transaction() as session:
            assert not session.exec(select(EarlyEvent)).all()

    def test_an_early_verdict_on_another_lead_is_not_taken_up(self, runtime: FakeRuntime) -> None:
        """R12: what was parked belongs to the lead that it names."""
        lead = open_send()
        verdicts.apply_verdict(verdict("lead_of_somebody_else"))
        sends.mark_sent(lead, "lead_1")

        assert row(runtime, lead).status == "pending"

    def test_a_verdict_on_somebody_whose_record_is_gone_is_kept_and_not_written(self, runtime: FakeRuntime) -> None:
        """C5: ALC has chatted with the person all the same; there is nothing left to write it to."""
        lead = pending()
        record_sync.mark_gone(RECORD, "Record not found.")

        assert verdicts.apply_verdict(verdict()) is None
        assert row(runtime, lead).status == "complete"
        assert record_sync.claim_record(RECORD) is None
        assert not record_sync.due_to_sync()

    @settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        events=DELIVERED_ANYHOW,
        learned_at=st.integers(0, 10),
        writes=st.sets(st.integers(0, 10)),
    )
    def test_any_order_and_duplication_ends_in_the_latest_verdict(
        self,
        runtime: FakeRuntime,
        events: tuple[list[tuple[int, str]], list[tuple[int, str]]],
        learned_at: int,
        writes: set[int],
    ) -> None:
        """R15, R16, C4: whenever the send's answer is stored, whenever the record is written, it never goes back."""
        once, deliveries = events
        history: list[str] = []
        with runtime.transaction() as session:
            session.exec(delete(Lead))
            session.exec(delete(EarlyEvent))
            session.exec(delete(RecordSync))
        lead = open_send()
        for number in range(max(learned_at, len(deliveries)) + 1):
            if number == learned_at:
                let_go(sends.mark_sent(lead, "lead_1"))
            if number < len(deliveries):
                minute, status = deliveries[number]
                let_go(verdicts.apply_verdict(verdict(status=status, minute=minute)))
            if number in writes and record_sync.due_to_sync():
                history.append(show()["alc_status"])
        if record_sync.due_to_sync():
            history.append(show()["alc_status"])

        assert history[-1] == max(once)[1]
        assert "Pending" not in history[1:]


class TestWriting:
    """Who may write to the record, and when."""

    def test_a_claim_is_exclusive_until_it_ends(self, runtime: FakeRuntime) -> None:
        """C4: one writer for each lead; one that died is followed by another."""
        lead = open_send()
        sends.mark_sent(lead, "lead_1")
        assert record_sync.claim_record(RECORD)
        runtime.run_id = "another"

        assert record_sync.claim_record(RECORD) is None
        runtime.time += record_sync.WRITER_LEASE + 1
        assert record_sync.claim_record(RECORD)

    def test_the_run_that_claimed_may_claim_again(self, runtime: FakeRuntime) -> None:
        """C7: it died after the claim and has come back."""
        lead = open_send()
        assert sends.mark_sent(lead, "lead_1")

        claimed = record_sync.claim_record(RECORD)
        assert claimed
        assert claimed.begun, "it may have written it before it died"

    def test_a_verdict_during_a_write_is_written_next(self, runtime: FakeRuntime) -> None:
        """C4: what was written is older than what is known."""
        claimed = sends.mark_sent(open_send(), "lead_1")
        assert claimed
        runtime.run_id = "webhook"
        assert verdicts.apply_verdict(verdict()) is None
        runtime.run_id = "run"
        newer = record_sync.mark_synced(claimed)

        assert newer
        assert newer.values["alc_status"] == "Complete"
        assert not record_sync.read_shown(RECORD).shown
        record_sync.mark_synced(newer)
        assert record_sync.read_shown(RECORD).shown

    def test_two_leads_of_one_record_are_not_written_at_once(self, runtime: FakeRuntime) -> None:
        """C4: a slow write of the old lead must not land on the new one."""
        pending()
        verdicts.apply_verdict(verdict())
        assert record_sync.claim_record(RECORD)
        runtime.run_id, runtime.time = "another", runtime.time + 1
        sends.mark_sent(open_send(), "lead_2")

        assert record_sync.claim_record(RECORD) is None

    def test_the_record_belongs_to_the_newest_lead(self, runtime: FakeRuntime) -> None:
        """C4: a later verdict on the old lead is kept, and not shown."""
        old = pending()
        verdicts.apply_verdict(verdict(minute=1))
        runtime.time += 1
        sends.mark_sent(open_send(), "lead_2")

        assert show()["alc_status"] == "Pending"
        verdicts.apply_verdict(verdict(status="Failed", minute=2))
        assert row(runtime, old).status == "failed"
        assert record_sync.claim_record(RECORD) is None

    def test_a_newer_lead_that_came_to_nothing_does_not_own_the_record(self, runtime: FakeRuntime) -> None:
        """I4: the verdict could not be written yet, the user clicks again, and ALC refuses: Complete still arrives."""
        pending()
        verdicts.apply_verdict(verdict())
        runtime.time += 1
        new = open_send()

        assert record_sync.claim_record(RECORD)
        record_sync.retry_sync_later(RECORD, AttioApiError("Attio cannot be reached."))
        sends.mark_not_sent(new, "No.")
        runtime.time += 10
        assert list(record_sync.due_to_sync()) == [RECORD]
        assert show()["alc_status"] == "Complete"

    @pytest.mark.parametrize(("retry_after", "wait"), [(None, 1.0), (0.2, 1.0), (30.0, 30.0)])
    def test_what_could_not_be_written_waits_as_long_as_attio_asks(
        self, runtime: FakeRuntime, retry_after: float | None, wait: float
    ) -> None:
        """R21: Retry-After only lengthens the wait; meanwhile nothing is due."""
        lead = open_send()
        sends.mark_sent(lead, "lead_1")
        record_sync.claim_record(RECORD)
        record_sync.retry_sync_later(RECORD, AttioApiError("Slow down.", retry_after=retry_after))

        runtime.time += wait - 0.1
        assert not record_sync.due_to_sync()
        runtime.time += 0.1
        assert list(record_sync.due_to_sync()) == [RECORD]

    def test_each_wait_is_longer_until_it_works(self, runtime: FakeRuntime) -> None:
        """R21: from a second to a quarter of an hour; a verdict is news and starts anew."""
        pending()
        verdicts.apply_verdict(verdict(minute=1))
        waits = []
        for _ in range(12):
            record_sync.retry_sync_later(RECORD, AttioApiError("Down."))
            waits.append((what_is_shown(runtime).due_at or 0) - runtime.time)
        verdicts.apply_verdict(verdict(status="Failed", minute=2))

        assert waits == sorted(waits)
        assert (waits[0], waits[-1]) == (1.0, 900.0)
        assert (what_is_shown(runtime).due_at or 0) <= runtime.time

    def test_what_is_written_is_told_to_the_open_pages(self, runtime: FakeRuntime) -> None:
        """Usage 9: the event carries the values that the record now has."""
        pending()

        values = {"alc_lead_id": "lead_1", "alc_status": "Pending", "alc_interest": None}
        assert runtime.published == [("record", {"record_id": RECORD, "values": values})]


class TestTogether:
    """Eight at once, on one file."""

    def test_eight_clicks_are_one_open_lead_for_each_record(self, together: list[FakeRuntime]) -> None:
        """C1, I1: by a unique index, not by a check."""
        start = Barrier(8)

        def click(runtime: FakeRuntime) -> tuple[str, str]:
            with running(runtime):
                start.wait()
                return open_send(RECORD), open_send(OTHER)

        with ThreadPoolExecutor(8) as pool:
            ids = list(pool.map(click, together))

        assert len(set(ids)) == 1
        with together[0].transaction() as session:
            assert len(session.exec(select(Lead)).all()) == 2

    def test_of_eight_writers_one_gets_the_claim(self, together: list[FakeRuntime]) -> None:
        """C4, C13: compare and set."""
        with running(together[0]):
            lead = open_send()
            sends.mark_sent(lead, "lead_1")
        start = Barrier(8)

        def claim(runtime: FakeRuntime) -> bool:
            with running(runtime):
                start.wait()
                return record_sync.claim_record(RECORD) is not None

        with ThreadPoolExecutor(8) as pool:
            assert sum(pool.map(claim, together)) == 1

    def test_eight_deliveries_of_one_verdict_have_one_effect(self, together: list[FakeRuntime]) -> None:
        """R14: one of them changes the row."""
        with running(together[0]):
            pending()
        start = Barrier(8)

        def deliver(runtime: FakeRuntime) -> bool:
            with running(runtime):
                start.wait()
                return verdicts.apply_verdict(verdict()) is not None

        with ThreadPoolExecutor(8) as pool:
            assert sum(pool.map(deliver, together)) == 1


def test_time_is_the_runtimes(runtime: FakeRuntime) -> None:
    """The clock is injected: what is kept is its time."""
    assert row(runtime, open_send()).created_at == START


def test_the_picture_in_the_readme_is_the_table() -> None:
    """A reader who sees one has seen the other."""
    readme = (Path(leads.__file__).parent / "README.md").read_text()
    arrows = re.findall(r"^    (\S+) --> (\w+): (.+)$", readme, re.MULTILINE)
    drawn = {(before, event): after for before, after, events in arrows for event in events.split(", ")}

    assert drawn == {(before or "[*]", event): after for (before, event), after in transitions.TRANSITIONS.items()}


@pytest.mark.parametrize(
    "broken",
    [
        "update lead set due_at = null",
        "update lead set status = 'complete'",
        "update record_sync set version = version + 1",
    ],
)
def test_the_database_refuses_a_row_that_nobody_works_on(runtime: FakeRuntime, broken: str) -> None:
    """I6: an open lead is due, an ended one is not, and a record that shows the wrong thing is due."""
    pending()

    with pytest.raises(IntegrityError), runtime.transaction() as session:
        session.connection().execute(text(broken))
