"""reconcile.py: what a webhook should have told and did not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from alc_app.leads import reconcile, sends, transitions, verdicts
from alc_app.leads.reconcile import check_verdict, reconcile_leads
from alc_app.send_to_alc_server import send_to_alc
from tests.support.fakes.runtime import FakeRuntime, Fault, Outside, answer, says, unreachable

RECORD = "11111111-1111-4111-8111-111111111111"
LEAD = "GET /api/v1/leads/lead_1"
DECIDED = {"id": "lead_1", "record_id": RECORD, "status": "Complete", "interest": "interested", "summary": "Yes."}


@pytest.fixture
def lead(runtime: FakeRuntime) -> str:
    """A lead that ALC is at."""
    lead_id = sends.open_send(RECORD).id
    send_to_alc.run(RECORD, "Ada", "+442079460018")
    return lead_id


def test_a_lead_is_asked_about_when_its_verdict_has_not_come_for_long(lead: str, runtime: FakeRuntime) -> None:
    """I6: a pending lead has a due time too."""
    assert not verdicts.due_for_verdict_check()

    runtime.time += transitions.FIRST_VERDICT_CHECK + 1

    assert list(verdicts.due_for_verdict_check()) == [lead]


def test_a_verdict_that_alc_has_is_shown_on_the_record(lead: str, runtime: FakeRuntime, outside: Outside) -> None:
    """R15 in spirit: the delivery was lost, the verdict is not."""
    outside.fault(LEAD, says(200, {**DECIDED, "decided_at": "2026-11-20T12:00:00Z"}))

    check_verdict(lead)

    assert outside.values(RECORD)["alc_status"] == "Complete"
    assert outside.values(RECORD)["alc_interest"] == "interested"
    runtime.time += 1e6
    assert not verdicts.due_for_verdict_check()


@pytest.mark.parametrize("fault", [unreachable, says(503), says(200, {**DECIDED, "status": "processing"})])
def test_what_cannot_be_known_yet_is_asked_again_later(
    lead: str, runtime: FakeRuntime, outside: Outside, fault: object
) -> None:
    """ALC is down, or still at it: the wait grows."""
    runtime.time += transitions.FIRST_VERDICT_CHECK + 1
    outside.fault(LEAD, fault)

    check_verdict(lead)

    assert not verdicts.due_for_verdict_check()
    assert outside.values(RECORD)["alc_status"] == "Pending"
    runtime.time += 2 * transitions.FIRST_VERDICT_CHECK
    assert list(verdicts.due_for_verdict_check()) == [lead]


def test_a_new_connection_asks_about_every_open_lead_soon(lead: str, runtime: FakeRuntime, outside: Outside) -> None:
    """Verdicts that ALC had while nobody was connected."""
    reconcile.reconcile_soon(after=5.0)
    runtime.time += 6

    assert list(reconcile.due_to_reconcile()) == ["workspace"]
    outside.fault(PAGE, page(DECIDED))
    reconcile_leads("workspace")
    assert outside.values(RECORD)["alc_status"] == "Complete"


def test_a_lead_that_has_ended_is_not_asked_about(lead: str, outside: Outside) -> None:
    """The webhook was quicker."""
    outside.fault(LEAD, lambda _: answer(200, DECIDED))
    check_verdict(lead)
    calls = len(outside.calls)

    check_verdict(lead)

    assert len(outside.calls) == calls


PAGE = "GET /api/v1/leads?"
OLD = {"created_at": "2020-01-01T00:00:00Z"}
STRANGER = {"id": "lead_9", "record_id": "42", "status": "Complete", **OLD}


def page(*found: dict[str, str], cursor: str | None = None) -> Fault:
    """What ALC shows of its leads."""
    return says(200, {"leads": list(found), "next_cursor": cursor})


def test_a_sweep_goes_through_alcs_leads_page_by_page(lead: str, runtime: FakeRuntime, outside: Outside) -> None:
    """Catch-up: by cursor, back to the oldest lead that we wait for; leads of others are none of our business."""
    processing = {"id": "lead_2", "record_id": RECORD, "status": "processing", "created_at": "2026-11-20T12:00:00Z"}
    decided = {**DECIDED, "decided_at": "2026-11-20T12:00:00Z", **OLD}
    outside.fault(PAGE, page(processing, cursor="c2"), page(STRANGER, decided, cursor="c1"))

    reconcile_leads("workspace")

    asked = [path for method, path, _, _ in outside.calls if (method, path[:14]) == ("GET", "/api/v1/leads?")]
    assert asked == ["/api/v1/leads?limit=100", "/api/v1/leads?limit=100&cursor=c2"]
    assert outside.values(RECORD)["alc_status"] == "Complete"
    last = reconcile.last_reconciliation()
    assert last is not None
    assert (last.news, last.done_at, last.why) == (1, runtime.now(), None)


ODD: list[dict[str, object]] = [
    {"status": "escalated"},
    {"summary": "x" * 4001},
    {"interest": "perhaps"},
    {"transcript": [{"text": "from nobody"}]},
    {"decided_at": "soon"},
    {"id": None},
]


@pytest.mark.parametrize("odd", ODD, ids=lambda odd: next(iter(odd)))
def test_a_lead_that_cannot_be_read_hides_no_other(
    lead: str, runtime: FakeRuntime, outside: Outside, odd: dict[str, object], caplog: pytest.LogCaptureFixture
) -> None:
    """R11, C16: a later version of ALC, or another app on the account, may have leads that this version cannot read."""
    unreadable: Any = {**DECIDED, "id": "lead_7", "record_id": RECORD.replace("1", "7"), **OLD, **odd}
    outside.fault(PAGE, page(unreadable, {**DECIDED, "decided_at": "2026-11-20T12:00:00Z"}))

    reconcile_leads("workspace")

    assert outside.values(RECORD)["alc_status"] == "Complete"
    assert "The app cannot read 1 leads of ALC" in caplog.text
    last = reconcile.last_reconciliation()
    assert last is not None
    assert last.why is None


def test_a_sweep_ends_though_alc_ignores_the_cursor(lead: str, runtime: FakeRuntime, outside: Outside) -> None:
    """I6: it would ask for the same page for ever, with a step of the engine for each."""
    new = {**DECIDED, "status": "processing", "created_at": "2100-01-01T00:00:00Z"}
    outside.fault(PAGE, *[page(new, cursor="c1")] * 9)

    reconcile_leads("workspace")

    last = reconcile.last_reconciliation()
    assert last is not None
    assert last.why == "ALC returned the same page of leads again."
    assert len([path for _, path, _, _ in outside.calls if path.startswith("/api/v1/leads?")]) == 2


def test_a_sweep_that_cannot_end_is_tried_again_and_says_why(lead: str, runtime: FakeRuntime, outside: Outside) -> None:
    """I6: ALC is down in the middle; the next one starts no later than this one would have."""
    outside.fault(PAGE, page(cursor="c2"), unreachable)

    reconcile_leads("workspace")

    last = reconcile.last_reconciliation()
    assert last is not None
    assert last.why == "ALC cannot be reached."
    assert last.since == 0
    assert not reconcile.due_to_reconcile()
    runtime.time += reconcile.RETRY_AFTER
    assert reconcile.due_to_reconcile() == ["workspace"]


def test_a_sweep_is_made_every_hour_and_when_it_is_asked_for(lead: str, runtime: FakeRuntime) -> None:
    """A schedule and a button; where there never was a lead, nobody is asked."""
    assert not reconcile.due_to_reconcile()
    runtime.time += reconcile.INTERVAL + 1
    assert reconcile.due_to_reconcile() == ["workspace"]
    reconcile.start_reconciliation()
    assert not reconcile.due_to_reconcile()

    reconcile.reconcile_soon()

    assert reconcile.due_to_reconcile() == ["workspace"]


def test_a_verdict_that_has_changed_while_nobody_listened_is_found(
    lead: str, runtime: FakeRuntime, outside: Outside
) -> None:
    """I4: after a lost subscription all leads are asked about, not only those that wait for a verdict."""
    first = {**DECIDED, "decided_at": "2026-11-20T12:00:00Z"}
    created = datetime.fromtimestamp(runtime.time, UTC)
    outside.fault(PAGE, page(first), page())
    reconcile_leads("workspace")
    runtime.time += 90 * 86_400
    reconcile_leads("workspace")
    newer = {**STRANGER, "created_at": (created + timedelta(days=80)).isoformat()}
    changed = {**first, "interest": "not_interested", "decided_at": "2027-02-01T12:00:00Z"}

    reconcile.reconcile_soon()
    outside.fault(PAGE, page(newer, cursor="c2"), page({**changed, "created_at": created.isoformat()}))
    reconcile_leads("workspace")

    assert outside.values(RECORD)["alc_interest"] == "not_interested"


def test_once_a_day_all_leads_are_asked_about(lead: str, runtime: FakeRuntime, outside: Outside) -> None:
    """I4: the delivery of a changed verdict may be lost, and nothing tells of it. Within the day few pages are read."""
    created = {"created_at": datetime.fromtimestamp(runtime.time, UTC).isoformat()}
    outside.fault(PAGE, page({**DECIDED, "decided_at": "2026-11-20T12:00:00Z", **created}))
    reconcile_leads("workspace")
    runtime.time += 2 * reconcile.DAY
    outside.fault(PAGE, page())
    reconcile_leads("workspace")
    assert reconcile.start_reconciliation().back_to > runtime.time - reconcile.DAY

    runtime.time += reconcile.DAY

    assert reconcile.start_reconciliation().back_to < runtime.time - 2 * reconcile.DAY


def test_what_is_lost_during_a_sweep_is_looked_for_by_the_next(
    lead: str, runtime: FakeRuntime, outside: Outside
) -> None:
    """I4: the next one is of all leads again. When nothing more was lost, they are few again."""

    def lose_more(_: object) -> object:
        reconcile.reconcile_soon()
        return answer(200, {"leads": [], "next_cursor": None})

    outside.fault(PAGE, lose_more)
    reconcile_leads("workspace")
    assert reconcile.due_to_reconcile() == ["workspace"]
    assert _since() == 0

    outside.fault(PAGE, page())
    reconcile_leads("workspace")

    assert not reconcile.due_to_reconcile()
    assert _since() == runtime.time


def _since() -> float:
    last = reconcile.last_reconciliation()
    assert last is not None
    return last.since


def test_without_a_connection_a_sweep_waits(runtime: FakeRuntime, outside: Outside) -> None:
    """Nobody could be asked; it is no trouble."""
    runtime.connected = False

    reconcile_leads("workspace")

    assert not outside.calls
    last = reconcile.last_reconciliation()
    assert last is not None
    assert last.why is None
