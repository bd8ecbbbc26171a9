"""The server function with a fake ALC and Attio: what is sent, what is kept, and what survives a crash at any step."""

from __future__ import annotations

from typing import Any

import pytest
from sqlmodel import col, select

from alc_app.attio import AttioConnectionExpiredError, AttioNoWorkspaceConnectionError, Connection
from alc_app.attio.host.context import running
from alc_app.attio.http import FetchResponse
from alc_app.clients.alc_api import AlcAnswerLost, AlcBusy, AlcError, AlcRefused, AlcUnreachable
from alc_app.clients.alc_events import LeadProcessed
from alc_app.leads import record_sync, sends, transitions, verdicts
from alc_app.leads.models import Lead
from alc_app.leads.record_sync import sync_record
from alc_app.send_to_alc_server import resolve_send, send_to_alc
from tests.support.fakes.runtime import (
    START,
    Answer,
    Crash,
    FakeRuntime,
    Fault,
    Outside,
    answer_lost,
    does_and_says,
    never_answers,
    says,
    unreachable,
)

RECORD = "11111111-1111-4111-8111-111111111111"
PERSON = (RECORD, "Ada Lovelace", "+442079460018")
POST, FIND, PATCH = "POST /api/v1/leads", "GET /api/v1/leads", "PATCH /v2"


def click() -> dict[str, Any]:
    """One click: the intent is written by the web process, then the function runs on the worker."""
    open_send()
    return dict(send_to_alc.run(*PERSON))


def open_send() -> str:
    """Store that the person is to be sent, as a click does; returns the idempotency key of the run."""
    assert send_to_alc.idempotency_key is not None
    return send_to_alc.idempotency_key(*PERSON)


def rows(runtime: FakeRuntime) -> list[Lead]:
    """Every lead, the oldest first."""
    with runtime.transaction() as session:
        return list(session.exec(select(Lead).order_by(col(Lead.created_at))))


def test_a_lead_is_sent_and_the_record_says_pending(runtime: FakeRuntime, outside: Outside) -> None:
    """Usage 8-10, C4: the body as the tutorial spells it; lead id and Pending in one PATCH."""
    assert click() == {"id": "lead_1", "shown": True}

    assert outside.sent(POST) == [{"recordId": RECORD, "name": "Ada Lovelace", "phoneNumber": "+442079460018"}]
    assert outside.written == [(RECORD, {"alc_lead_id": "lead_1", "alc_status": "Pending", "alc_interest": None})]


def test_each_door_gets_its_own_key(outside: Outside) -> None:
    """Usage 8-9: ALC the connection's token, Attio the installation's."""
    click()

    tokens = {path.split("/")[1]: headers["Authorization"] for _, path, _, headers in outside.calls}
    assert tokens == {"api": "Bearer alc-token", "v2": "Bearer attio-token"}


def test_a_connection_that_alc_no_longer_accepts_keeps_the_intent_and_its_key(
    runtime: FakeRuntime, outside: Outside
) -> None:
    """O13, matrix "Send 4'": the user is asked to reconnect, and the next click goes on where this one stopped."""

    def expired(_: Answer) -> FetchResponse:
        raise AttioConnectionExpiredError("Please reconnect.")

    outside.fault(POST, expired)
    with pytest.raises(AttioConnectionExpiredError):
        click()
    assert [row.status for row in rows(runtime)] == ["sending"]

    runtime.restart("the next click")
    assert click() == {"id": "lead_1", "shown": True}
    assert len(set(outside.keys())) == 1
    assert len(rows(runtime)) == 1


def test_the_intent_is_written_before_the_post_and_its_id_is_the_key(runtime: FakeRuntime, outside: Outside) -> None:
    """C2: whatever happens to the POST, its key is known."""
    seen: list[str] = []
    outside.before = lambda method, _: seen.extend(row.id for row in rows(runtime)) if method == "POST" else None

    click()

    assert seen == outside.keys() == [rows(runtime)[0].id]


def test_a_double_click_asks_for_one_run(runtime: FakeRuntime) -> None:
    """C1: both clicks name the same run, so the engine runs it once."""
    assert open_send() == open_send()
    assert len(rows(runtime)) == 1


def test_a_click_while_alc_is_at_it_posts_nothing(outside: Outside) -> None:
    """C1: the open lead is the answer."""
    click()

    assert click() == {"id": "lead_1", "shown": True}
    assert len(outside.sent(POST)) == 1


def test_a_click_after_the_verdict_begins_a_new_lead(runtime: FakeRuntime, outside: Outside) -> None:
    """C1: one *open* lead for each record; a closed one is history."""
    click()
    runtime.time += 60
    verdicts.apply_verdict(verdict("lead_1"))

    assert click()["id"] == "lead_2"
    assert len(set(outside.keys())) == 2


def test_a_lost_answer_is_looked_up_by_its_key(outside: Outside) -> None:
    """C2: ALC has it, so the send has succeeded."""
    outside.fault(POST, answer_lost)

    assert click() == {"id": "lead_1", "shown": True}
    assert len(outside.keys()) == 1


@pytest.mark.parametrize(
    "fault", [answer_lost, does_and_says(201, "<html>"), does_and_says(500), does_and_says(409), does_and_says(302)]
)
def test_every_way_to_lose_an_answer_ends_in_one_lead(outside: Outside, fault: Fault) -> None:
    """C2: no answer, an unreadable 201, a 5xx after the effect."""
    outside.fault(POST, fault)

    assert click()["id"] == "lead_1"
    assert len(outside.leads) == 1


def test_an_intent_whose_answer_is_lost_stays_open_for_another_attempt_with_its_key(
    runtime: FakeRuntime, outside: Outside
) -> None:
    """C2: ALC cannot even be asked; the next click is a run of its own and sends the same key."""
    first_run = open_send()
    outside.fault(POST, answer_lost)
    outside.fault(FIND, unreachable)
    with pytest.raises(AlcAnswerLost):
        click()
    assert [row.status for row in rows(runtime)] == ["sending"]

    assert open_send() != first_run
    assert click()["id"] == "lead_1"
    assert len(set(outside.keys())) == 1
    assert len(outside.leads) == 1


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (unreachable, AlcUnreachable),
        (says(422, {"error": {"message": "No."}}), AlcRefused),
        (says(403), AlcRefused),
    ],
)
def test_a_send_that_certainly_did_nothing_closes_its_intent(
    runtime: FakeRuntime, outside: Outside, fault: Fault, error: type[AlcError]
) -> None:
    """C2: the next click begins anew, with a key of its own."""
    outside.fault(POST, fault)
    with pytest.raises(error):
        click()
    assert [row.status for row in rows(runtime)] == ["not_sent"]

    assert click()["id"] == "lead_1"
    assert len(set(outside.keys())) == 2


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_when_alc_asks_to_wait_it_is_sent_again_by_itself_with_the_same_key(
    runtime: FakeRuntime, outside: Outside, status: int
) -> None:
    """C2, R21: not before `Retry-After`, and without the user, who was told to wait."""
    outside.fault(POST, says(status, Retry_After="100"), says(status))
    outside.fault(FIND, never_answers)
    with pytest.raises(AlcBusy):
        click()
    runtime.time += 99
    assert not sends.due_to_resolve()

    for wait in (1, 60):
        runtime.time += wait
        runtime.restart(f"job {wait}")
        jobs()

    assert outside.values(RECORD)["alc_status"] == "Pending"
    assert (len(outside.keys()), len(set(outside.keys())), len(outside.leads)) == (3, 1, 1)


@pytest.mark.parametrize("fault", [never_answers, answer_lost])
def test_after_a_lost_answer_it_is_sent_again_by_itself_with_the_same_key(
    runtime: FakeRuntime, outside: Outside, fault: Fault
) -> None:
    """C2: whether ALC has received it or not, there is one chat, and the user who was told to wait sees it."""
    outside.fault(POST, fault)
    outside.fault(FIND, never_answers)
    with pytest.raises(AlcAnswerLost):
        click()

    runtime.time += 60
    runtime.restart("job")
    jobs()

    assert outside.values(RECORD)["alc_status"] == "Pending"
    assert (len(outside.keys()), len(set(outside.keys())), len(outside.leads)) == (2, 1, 1)


def test_a_click_that_does_not_reach_alc_is_no_failure_while_the_send_goes_on(
    runtime: FakeRuntime, outside: Outside
) -> None:
    """C2: the answer to an earlier click was lost, so the send is open, and the user is told that it goes on."""
    outside.fault(POST, never_answers, unreachable)
    outside.fault(FIND, never_answers)
    with pytest.raises(AlcAnswerLost):
        click()

    with pytest.raises(AlcBusy, match="cannot be reached"):
        click()
    assert [row.status for row in rows(runtime)] == ["sending"]


def test_after_an_hour_of_waiting_the_record_says_that_nothing_was_sent(runtime: FakeRuntime, outside: Outside) -> None:
    """C2: the user would not expect it any more, and looks at the record. The next click begins anew."""
    outside.fault(POST, *[says(503)] * 50)
    with pytest.raises(AlcBusy):
        click()
    for number in range(50):
        runtime.time += 120
        runtime.restart(f"job {number}")
        jobs()

    [row] = rows(runtime)
    assert (row.status, outside.values(RECORD)["alc_status"]) == ("not_sent", "Failed")
    assert runtime.time - START > sends.RESEND_FOR
    outside.heal()
    runtime.restart("click")
    click()
    assert len(set(outside.keys())) == 2


def test_the_name_and_number_are_forgotten_when_alc_has_the_lead(runtime: FakeRuntime, outside: Outside) -> None:
    """O17: they are kept for as long as they may have to be sent again."""
    outside.fault(POST, says(429))
    with pytest.raises(AlcBusy):
        click()
    assert rows(runtime)[0].phone_number

    click()

    assert (rows(runtime)[0].name, rows(runtime)[0].phone_number) == (None, None)


@pytest.mark.parametrize("second", [unreachable, says(429), says(422), says(403)])
def test_a_refusal_after_a_lost_answer_does_not_close_the_intent(
    runtime: FakeRuntime, outside: Outside, second: Fault
) -> None:
    """C2: it says nothing about the first attempt, which ALC has; another key would start a second chat."""
    outside.fault(POST, answer_lost, second)
    outside.fault(FIND, unreachable)
    for _ in range(2):
        with pytest.raises(AlcError):
            click()

    assert click()["id"] == "lead_1"
    assert len(set(outside.keys())) == 1
    assert len(outside.leads) == 1


def test_a_person_edited_between_two_clicks_on_an_open_send_is_told_so(runtime: FakeRuntime, outside: Outside) -> None:
    """C2: the key stays that of the first click, whose chat ALC may have begun; no word of keys reaches the user."""
    reused = {
        "error": {"code": "idempotency_key_reused", "message": "This Idempotency-Key was used with another body."}
    }
    outside.fault(POST, answer_lost, says(422, reused))
    outside.fault(FIND, unreachable)
    with pytest.raises(AlcAnswerLost):
        click()

    with pytest.raises(AlcRefused, match="with another name or phone number") as raised:
        send_to_alc.run(RECORD, "Ada King", "+442079460018")

    assert "Idempotency" not in raised.value.message
    assert {body["name"] for body in outside.sent(POST)} == {"Ada Lovelace"}, "ALC takes one body for one key"
    assert [row.status for row in rows(runtime)] == ["sending"]
    runtime.time += 60
    resolve_send(rows(runtime)[0].id)
    assert [(row.status, row.alc_lead_id) for row in rows(runtime)] == [("pending", "lead_1")]


def test_an_alc_that_names_an_earlier_lead_has_begun_nothing(runtime: FakeRuntime, outside: Outside) -> None:
    """I1, I6: it says that it has the lead, so the click is no failure; the intent ends, and nothing asks for ever."""
    click()
    verdicts.apply_verdict(LeadProcessed(record_id=RECORD, status="Complete", lead_id="lead_1"))
    outside.fault(POST, says(201, {"id": "lead_1", "record_id": RECORD}), never_answers)

    runtime.restart("again")
    assert click()["id"] == "lead_1"
    runtime.restart("lost")
    with pytest.raises(AlcAnswerLost):
        click()
    outside.fault(POST, says(201, {"id": "lead_1", "record_id": RECORD}))
    runtime.restart("settled")
    runtime.time += 60
    resolve_send(rows(runtime)[-1].id)

    assert [(row.status, row.due_at) for row in rows(runtime)[1:]] == [("not_sent", None)] * 2
    assert rows(runtime)[0].status == "complete"


def test_without_a_connection_nothing_is_sent_and_the_intent_is_closed(runtime: FakeRuntime, outside: Outside) -> None:
    """Usage 7: Attio's own error reaches the caller, who asks to connect."""
    runtime.connected = False

    with pytest.raises(AttioNoWorkspaceConnectionError):
        click()

    assert [row.status for row in rows(runtime)] == ["not_sent"]
    assert not outside.calls


def test_without_a_connection_a_click_on_a_lead_under_way_asks_to_connect_too(
    runtime: FakeRuntime, outside: Outside
) -> None:
    """Usage 7: "successfully sent" would promise a result that cannot come. The chat goes on, and its lead stays."""
    click()
    runtime.connected = False
    runtime.restart("the second click")

    with pytest.raises(AttioNoWorkspaceConnectionError):
        click()

    assert [row.status for row in rows(runtime)] == ["pending"]
    assert len(outside.leads) == 1


def test_a_number_that_is_not_international_never_reaches_alc(outside: Outside) -> None:
    """C6: E.164 only."""
    open_send()

    with pytest.raises(AlcRefused, match="international form"):
        send_to_alc.run(RECORD, "Ada", "020 7946 0018")
    assert not outside.calls


@pytest.mark.parametrize("fault", [unreachable, answer_lost, says(500), says(429), says(409), says(401)])
def test_a_record_that_cannot_be_written_now_is_due_again(runtime: FakeRuntime, outside: Outside, fault: Fault) -> None:
    """C3: the send succeeds, says that the status is not shown, and it is written later."""
    outside.fault(PATCH, fault)

    assert click() == {"id": "lead_1", "shown": False}
    runtime.time += record_sync.LATE_WRITE + 1 if fault is answer_lost else 2
    [due] = record_sync.due_to_sync()
    sync_record(due)

    assert outside.values(RECORD)["alc_status"] == "Pending"
    assert not record_sync.due_to_sync()


@pytest.mark.parametrize("status", [403, 404])
def test_a_record_that_cannot_be_written_is_said_and_the_next_click_starts_no_second_chat(
    runtime: FakeRuntime, outside: Outside, status: int
) -> None:
    """C5, C1, I1: ALC is chatting with the person, whatever the CRM says. The click tries the record at once."""
    outside.fault(PATCH, says(status, {"message": "Not yours."}), says(status, {"message": "Not yours."}))

    assert click() == {"id": "lead_1", "shown": False, "why": "Not yours."}
    runtime.restart("again")
    assert click() == {"id": "lead_1", "shown": False, "why": "Not yours."}
    jobs()

    assert (len(outside.leads), len(outside.sent(POST))) == (1, 1)
    assert [row.status for row in rows(runtime)] == ["pending"]
    runtime.restart("once more")
    assert click() == {"id": "lead_1", "shown": True}


def test_a_run_that_comes_too_late_sends_nothing(runtime: FakeRuntime, outside: Outside) -> None:
    """C2: its intent was cancelled while it waited; sending now would surprise everybody."""
    open_send()
    sends.mark_not_sent(rows(runtime)[0].id, "No.")

    with pytest.raises(AlcRefused, match="cancelled"):
        send_to_alc.run(*PERSON)
    assert not outside.calls


STEPS = (
    "claim_for_send",
    "_post",
    "mark_sent",
    "write_record",
    "mark_synced",
    "read_shown",
)


def test_the_steps_of_a_send(runtime: FakeRuntime) -> None:
    """The names that the crash tests below count on."""
    click()

    assert tuple(runtime.steps) == STEPS


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("nth", range(len(STEPS)), ids=lambda nth: f"{nth}_{STEPS[nth]}")
def test_a_crash_at_any_step_ends_in_one_lead_and_pending(
    runtime: FakeRuntime, outside: Outside, when: str, nth: int
) -> None:
    """C1, C2, C7, fault matrix Send 3-6: the continued run does what is left, once."""
    open_send()
    runtime.crash(when, nth)
    with pytest.raises(Crash):
        send_to_alc.run(*PERSON)
    runtime.restart()

    assert send_to_alc.run(*PERSON) == {"id": "lead_1", "shown": True}
    assert len(outside.leads) == 1
    assert outside.values(RECORD) == {"alc_lead_id": "lead_1", "alc_status": "Pending", "alc_interest": None}
    assert len(outside.written) == 1  # a write whose answer the crash has cut off is seen in the record


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("nth", range(len(STEPS)), ids=lambda nth: f"{nth}_{STEPS[nth]}")
def test_a_run_that_never_comes_back_is_settled_by_the_upkeep(
    runtime: FakeRuntime, outside: Outside, when: str, nth: int
) -> None:
    """I4, I6: the row is due, ALC is asked, and what ALC has reaches the record; what it has not is closed."""
    open_send()
    runtime.crash(when, nth)
    with pytest.raises(Crash):
        send_to_alc.run(*PERSON)
    runtime.time += transitions.SEND_TIMEOUT + record_sync.WRITER_LEASE
    runtime.restart("job")

    jobs()

    [row] = rows(runtime)
    assert row.status == ("pending" if outside.leads else "not_sent")
    assert outside.values(RECORD).get("alc_status") == ("Pending" if outside.leads else None)


def test_a_run_takes_the_same_steps_again_though_the_token_is_another_one_by_then(
    runtime: FakeRuntime, outside: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    """C7, O14: the token could not be refreshed, the run died after it had noted that, and then it could."""

    def away(_: str) -> Connection:
        raise AttioConnectionExpiredError("The token could not be refreshed.")

    open_send()
    runtime.crash("after", 2)
    with monkeypatch.context() as patch, pytest.raises(Crash):
        patch.setattr(runtime.fake.connections, "usable", away)
        send_to_alc.run(*PERSON)
    assert runtime.steps[-1] == "retry_later"
    runtime.restart()

    with pytest.raises(AttioConnectionExpiredError):
        send_to_alc.run(*PERSON)
    assert not outside.calls


def test_a_run_that_comes_back_after_it_was_given_up_sends_nothing(runtime: FakeRuntime, outside: Outside) -> None:
    """I1: the record has been sent anew meanwhile, with another key."""
    open_send()
    runtime.crash("before", STEPS.index("_post"))
    with pytest.raises(Crash):
        send_to_alc.run(*PERSON)
    runtime.time += transitions.SEND_TIMEOUT
    anew = FakeRuntime(database=runtime.database, outside=outside, run_id="anew")
    anew.time = runtime.time
    with running(anew):
        jobs()
        click()
    runtime.restart()

    with pytest.raises(AlcRefused, match="cancelled"):
        send_to_alc.run(*PERSON)
    assert len(outside.leads) == 1


@pytest.mark.parametrize("fault", [never_answers, unreachable, says(401), says(500)])
def test_settling_asks_again_when_alc_cannot_say(runtime: FakeRuntime, outside: Outside, fault: Fault) -> None:
    """C2, I6: the intent stays open, is due again later, and each wait is longer."""
    open_send()
    intent = rows(runtime)[0].id
    outside.fault(FIND, fault, fault)
    waits = []
    runtime.time += transitions.SEND_TIMEOUT
    for _ in range(2):
        resolve_send(intent)
        waits.append((rows(runtime)[0].due_at or 0) - runtime.time)
        runtime.time += waits[-1]

    assert rows(runtime)[0].status == "sending"
    assert 0 < waits[0] < waits[1]


def test_a_click_without_a_connection_keeps_a_send_whose_answer_was_lost(
    runtime: FakeRuntime, outside: Outside
) -> None:
    """I1, C2: it was not sent this time, and ALC may have it from the time before."""
    outside.fault(POST, answer_lost)
    outside.fault(FIND, never_answers)
    with pytest.raises(AlcAnswerLost):
        click()
    runtime.connected = False
    with pytest.raises(AttioNoWorkspaceConnectionError):
        click()
    runtime.connected = True

    assert click()["id"] == "lead_1"
    assert len(outside.leads) == 1


def test_settling_spares_a_send_that_is_under_way(runtime: FakeRuntime, outside: Outside) -> None:
    """C1: a click has taken the intent up while ALC was being asked."""
    open_send()
    runtime.time += transitions.SEND_TIMEOUT
    [intent] = sends.due_to_resolve()

    outside.before = lambda method, _: touch(runtime) if method == "GET" else None
    resolve_send(intent)

    assert rows(runtime)[0].status == "sending"


def touch(runtime: FakeRuntime) -> None:
    """Another run begins, in another process."""
    other = FakeRuntime(database=runtime.database, run_id="other")
    other.time = runtime.time
    with running(other):
        sends.claim_for_send(*PERSON)


def jobs() -> None:
    """Run the jobs that are due, as the relay does."""
    for intent in sends.due_to_resolve():
        resolve_send(intent)
    for record_id in record_sync.due_to_sync():
        sync_record(record_id)


def verdict(lead_id: str) -> LeadProcessed:
    """ALC's word on a lead of this record."""
    return LeadProcessed(record_id=RECORD, status="Complete", lead_id=lead_id)
