"""Sending whom somebody wants sent from inside the CRM: once for each request, whatever is told twice or cut off."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from sqlmodel import select

from alc_app.attio.host.record_events import WebhookEvent
from alc_app.attio.settings import set_settings
from alc_app.clients.alc_events import LeadProcessed
from alc_app.leads import sends, verdicts
from alc_app.leads.models import Lead
from alc_app.leads.record_sync import sync_record, write_claimed
from alc_app.operations import dead_letters
from alc_app.record_events.changed_record_rows import COLLECT_FOR
from alc_app.record_events.record_created import record_created
from alc_app.record_events.record_updated import record_updated
from alc_app.record_events.send_requested import SETTLED_AFTER, send_all_requested, send_requested
from alc_app.send_to_alc_server import resolve_send
from alc_app.settings.schema import schema
from tests.support.fakes.runtime import Crash, FakeRuntime, Fault, Outside, never_answers, says
from tests.unit.attio.host.test_record_events import RECORD, event
from tests.unit.record_events.test_changed_records import look

GET, POST = "GET /v2/objects/people/records/", "POST /api/v1/leads"
Says = Callable[..., None]


@pytest.fixture
def record_says(outside: Outside) -> Says:
    """Let the record say this the next times that it is read."""

    def say(
        status: str | None = "Requested", since: str = "1", phone: str | None = "+442079460018", times: int = 1
    ) -> None:
        values = {
            "alc_status": [{"value": status, "active_from": since}] if status else [],
            "name": [{"full_name": "Ada Lovelace"}],
            "phone_numbers": [{"phone_number": phone}] if phone else [],
        }
        outside.fault(GET, *[says(200, {"data": {"id": {"record_id": RECORD}, "values": values}})] * times)

    return say


def test_a_requested_person_is_sent_and_the_record_says_pending(
    runtime: FakeRuntime, outside: Outside, record_says: Says
) -> None:
    """As if our button had been pressed: one POST, one write."""
    outside.written.append((RECORD, {"alc_status": "Requested"}))
    record_says()
    record_updated(WebhookEvent.model_validate(event("record.updated", record_id=RECORD)))
    runtime.time += COLLECT_FOR

    look()

    assert outside.sent(POST) == [{"recordId": RECORD, "name": "Ada Lovelace", "phoneNumber": "+442079460018"}]
    assert outside.values(RECORD)["alc_status"] == "Pending"


@pytest.mark.parametrize("status", [None, "Pending", "Complete", "Failed", "requested"])
def test_anything_else_on_the_record_sends_nobody(outside: Outside, record_says: Says, status: str | None) -> None:
    """The loop guard: what we write ourselves is never the word that sends."""
    record_says(status)

    send_requested(RECORD)

    assert not outside.sent(POST)


def test_a_record_that_is_gone_sends_nobody(outside: Outside) -> None:
    """It may be deleted before we look."""
    outside.fault(GET, says(404, {"message": "Gone."}))

    send_requested(RECORD)

    assert not outside.sent(POST)


def test_one_request_told_twice_is_sent_once_though_it_has_ended_meanwhile(
    runtime: FakeRuntime, outside: Outside, record_says: Says
) -> None:
    """C1: Attio may tell of it days later; a new request is a new lead."""
    record_says(times=2)
    send_requested(RECORD)
    runtime.restart("a verdict")
    verdicts.apply_verdict(LeadProcessed(record_id=RECORD, lead_id="lead_1", status="Complete"))

    runtime.restart("told again")
    send_requested(RECORD)
    assert len(outside.sent(POST)) == 1

    record_says(since="2")
    runtime.restart("requested again")
    send_requested(RECORD)
    assert len(set(outside.keys())) == 2


def test_a_request_that_comes_to_nothing_after_a_verdict_leaves_the_verdict_and_is_a_dead_letter(
    runtime: FakeRuntime, outside: Outside, record_says: Says
) -> None:
    """I4, I6: ALC has begun nothing, so the record must not say Requested for ever, and somebody has to be told."""
    record_says()
    send_requested(RECORD)
    write_claimed(verdicts.apply_verdict(LeadProcessed(record_id=RECORD, lead_id="lead_1", status="Complete")))
    outside.fault(POST, says(201, {"id": "lead_1", "record_id": RECORD}))

    runtime.time += 10
    record_says(since="2")
    outside.written.clear()
    runtime.restart("requested again")
    send_requested(RECORD)

    assert outside.values(RECORD)["alc_status"] == "Complete"
    assert "sent before" in dead_letters.list_not_sent()[0].why


def test_a_request_for_a_lead_under_way_is_answered_by_it(
    runtime: FakeRuntime, outside: Outside, record_says: Says
) -> None:
    """C1: no second chat; the record says Pending again, over what the person has written."""
    record_says()
    send_requested(RECORD)
    record_says(since="2")
    outside.written.clear()

    runtime.restart("another request")
    send_requested(RECORD)

    runtime.restart("job")
    assert len(outside.sent(POST)) == 1
    assert outside.values(RECORD)["alc_status"] == "Pending"


@pytest.mark.parametrize("fault", [says(422, {"error": {"message": "No."}}), says(403)])
def test_what_alc_refuses_fails_on_the_record(outside: Outside, record_says: Says, fault: Fault) -> None:
    """There is no page to show an alert on."""
    record_says()
    outside.fault(POST, fault)

    send_requested(RECORD)

    assert outside.values(RECORD)["alc_status"] == "Failed"


@pytest.mark.parametrize("connected", [True, False])
def test_nobody_to_send_or_nobody_to_send_to_fails_on_the_record(
    runtime: FakeRuntime, outside: Outside, record_says: Says, connected: bool
) -> None:
    """No phone number; no connection."""
    record_says(phone=None if connected else "+442079460018")
    runtime.connected = connected

    send_requested(RECORD)

    assert not outside.sent(POST)
    assert outside.values(RECORD)["alc_status"] == "Failed"


def test_a_lost_answer_is_settled_later_and_then_fails_on_the_record(
    runtime: FakeRuntime, outside: Outside, record_says: Says
) -> None:
    """C2: while nobody knows, the record waits; when ALC never had it, the record says so."""
    record_says()
    outside.fault(POST, never_answers)
    outside.fault("GET /api/v1/leads", never_answers)
    send_requested(RECORD)
    assert the_lead(runtime).status == "sending"

    runtime.time += sends.RESEND_FOR + 1
    runtime.restart("settle")
    resolve_send(the_lead(runtime).id)
    runtime.restart("job")
    sync_record(RECORD)

    assert outside.values(RECORD)["alc_status"] == "Failed"


def test_a_failed_request_that_alc_has_after_all_is_pending(
    runtime: FakeRuntime, outside: Outside, record_says: Says
) -> None:
    """R15: the answer came after we had given up."""
    record_says(phone=None)
    send_requested(RECORD)

    sends.mark_sent(the_lead(runtime).id, "lead_9")

    assert the_lead(runtime).status == "pending"


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("nth", range(8))
def test_a_crash_at_any_step_ends_in_one_lead(
    runtime: FakeRuntime, outside: Outside, record_says: Says, when: str, nth: int
) -> None:
    """C1, C7: continued where it was; the record may be read once more."""
    record_says(times=2)
    runtime.crash(when, nth)
    with pytest.raises(Crash):
        send_requested(RECORD)

    runtime.restart()
    send_requested(RECORD)

    assert len(outside.leads) == 1
    assert outside.values(RECORD)["alc_status"] == "Pending"


@pytest.mark.parametrize(
    ("wanted", "phone", "sent"), [(True, "+442079460018", 1), (True, None, 0), (False, "+442079460018", 0)]
)
def test_new_people_are_sent_only_if_that_is_wanted(
    runtime: FakeRuntime, outside: Outside, record_says: Says, wanted: bool, phone: str | None, sent: int
) -> None:
    """Off unless asked for; somebody without a phone number is left alone."""
    set_settings(schema, "send_new_people", wanted)
    record_says(None, phone=phone, times=2)
    created = WebhookEvent.model_validate(event("record.created", record_id=RECORD))

    record_created(created)
    runtime.restart("told again")
    record_created(created)

    assert len(outside.sent(POST)) == sent
    assert bool(outside.values(RECORD)) == bool(sent)


def test_who_was_requested_while_attio_told_nobody_is_found(outside: Outside, record_says: Says) -> None:
    """Each look at our webhook asks for them: an event that was lost is no request that is lost."""
    outside.written.append((RECORD, {"alc_status": "Requested"}))
    record_says()

    send_all_requested()

    assert len(outside.sent(POST)) == 1


@pytest.mark.parametrize(("age", "sent"), [(SETTLED_AFTER - 1, 0), (SETTLED_AFTER + 1, 1)])
def test_a_request_that_is_new_is_left_to_its_event(
    runtime: FakeRuntime, outside: Outside, record_says: Says, age: float, sent: int
) -> None:
    """C1: it may be the copy of one that was sent, on a record that Attio has merged and will tell of."""
    since = datetime.fromtimestamp(runtime.now() - age, UTC).isoformat()
    status = [{"status": {"title": "Requested"}, "active_from": since}]
    found = {"id": {"record_id": RECORD}, "values": {"alc_status": status}}
    outside.fault("POST /v2/objects/people/records/query", says(200, {"data": [found]}))
    record_says()

    send_all_requested()

    assert len(outside.sent(POST)) == sent


def the_lead(runtime: FakeRuntime) -> Lead:
    """The one lead that there is."""
    with runtime.transaction() as session:
        return session.exec(select(Lead)).one()
