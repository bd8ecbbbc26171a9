"""Dead letters: every kind of work that has ended in failure, in one list, replayed and dismissed by one id."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from alc_app.attio.host.context import running
from alc_app.blocks import sample_workflows
from alc_app.runtime.context import AppContext
from alc_app.runtime.doctor.work_checks import check_dead_letters
from alc_app.runtime.engine import Run
from alc_app.runtime.jobs import dead_letters
from alc_app.runtime.jobs.dead_letters import NotReplayed
from alc_app.runtime.jobs.relay import Relay
from alc_app.runtime.services import WORKSPACE, Services
from tests.support.fakes.engine import FakeEngine
from tests.unit.runtime.doctor.test_work_checks import change

LETTER = "delivery:h:msg_1"
Connect = Callable[..., str]


def fail_delivery(services: Services, why: str = "answered 400", to: str = "h") -> None:
    """A delivery that was worked through, in vain."""
    services.inbox.put(to, "msg_1", b"{}", "new")
    services.inbox.claim(services.inbox.due(1, "worker-0"), "worker-0")
    services.inbox.mark_ended(to, "msg_1", "failed", why)


def fail_workflow(services: Services) -> str:
    """A run whose last step sends a person to ALC, and has failed; returns its id."""
    runs = services.workflow_runs
    runs.start("run-1", sample_workflows.qualify, "ask", {"record_id": "r"})
    turn = runs.take_turn("run-1")
    assert turn
    runs.save_result("run-1", turn, {"type": "error", "error_message": "No.", "retryable": False})
    return "run-1"


def ids(services: Services) -> list[str]:
    return [letter.id for letter in dead_letters.find(services)]


def test_a_delivery_that_failed_gets_a_run_that_was_not_used_before(services: Services, engine: FakeEngine) -> None:
    """R14: the engine would take the same id for the same run, which has ended."""
    services.inbox.put("h", "msg_1", b"{}", "new")
    relay = Relay(services, engine, lambda _: None, lambda *_: None)  # it stands where the executor stands
    relay.start_deliveries()
    services.inbox.mark_ended("h", "msg_1", "failed", "answered 400")
    assert ids(services) == [LETTER]

    assert dead_letters.replay(services, LETTER) == "The delivery msg_1 gets a new run."
    relay.start_deliveries()

    assert list(engine.runs) == ["webhook:h:msg_1:1", "webhook:h:msg_1:2"]
    assert not ids(services)


def test_a_letter_tells_what_failed_and_why(services: Services, engine: FakeEngine) -> None:
    """For people and for machines."""
    fail_delivery(services)

    told = dead_letters.as_json(dead_letters.get(services, LETTER))

    assert told["text"] == "The delivery msg_1 could not be handled."
    assert told["why"] == "The last attempt ended with: answered 400."
    assert (told["replayable"], told["advice"]) == (True, None)


def test_a_clean_up_that_was_given_up_is_tried_with_the_new_connection(
    services: Services, engine: FakeEngine, connect: Connect
) -> None:
    """C10, I5: its own tokens are gone after 30 days; the webhook at ALC may still be there."""
    old = connect()
    services.connections.erase(old, "given_up")
    with pytest.raises(NotReplayed, match="Connect again"):
        dead_letters.replay(services, f"clean-up:{old}")

    connect()
    dead_letters.replay(services, f"clean-up:{old}")
    Relay(
        services, engine, lambda _: None, lambda *_: None
    ).enqueue_connections()  # it stands where the executor stands

    assert f"remove:{old}" in engine.runs
    assert not ids(services)


def test_a_run_that_kept_dying_is_resumed_and_one_that_rows_mind_is_no_letter(
    services: Services, engine: FakeEngine
) -> None:
    """A delivery's or a row's run is asked for again by its row."""
    engine.kept = [
        Run("a", "server_function", "ERROR", 1.0, "worker-0"),
        Run("b", "job", "MAX_RECOVERY_ATTEMPTS_EXCEEDED", 2.0, "worker-0"),
        Run("c", "webhook", "ERROR", 3.0, "worker-0"),
    ]

    assert ids(services) == ["run:b", "run:a"]
    dead_letters.replay(services, "run:b")
    dead_letters.dismiss(services, "run:a")

    assert engine.put_back == ["b"]
    assert [run.id for run in engine.kept] == ["c"]


@pytest.mark.parametrize("letter_id", ["delivery:h:unknown", "nonsense", "nonsense:1", ""])
def test_a_letter_that_is_not_there_says_so(services: Services, engine: FakeEngine, letter_id: str) -> None:
    """It may have been replayed in another tab."""
    for verb in (dead_letters.get, dead_letters.replay, dead_letters.dismiss):
        with pytest.raises(NotReplayed, match="There is no dead letter"):
            verb(services, letter_id)


@pytest.mark.parametrize("kind", ["delivery", "clean-up"])
def test_a_dismissed_letter_is_off_the_list(
    services: Services, engine: FakeEngine, connect: Connect, kind: str
) -> None:
    """A list that only grows is read by nobody."""
    fail_delivery(services)
    services.connections.erase(connect(), "given_up")
    [letter] = [letter for letter in ids(services) if letter.startswith(f"{kind}:")]

    dead_letters.dismiss(services, letter)

    assert letter not in ids(services)
    assert len(ids(services)) == 1


def test_the_doctor_replays_what_can_be_replayed(services: Services, engine: FakeEngine, connect: Connect) -> None:
    """`--fix` mends dead letters too."""
    handler_id = services.webhook_handlers.create(connect(), "lead_processed")
    fail_delivery(services, to=handler_id)
    change(services, services.connections.usable_id(WORKSPACE), status="given_up")

    findings = {finding.subject.partition(":")[0]: finding for finding in check_dead_letters(services)}

    assert findings["clean-up"].repair is None
    repair = findings["delivery"].repair
    assert repair
    repair()
    assert services.inbox.get(handler_id, "msg_1").state == "new"


@pytest.mark.parametrize("kind", ["delivery", "trigger", "workflow", "run"])
def test_what_may_start_a_chat_is_replayed_by_a_person_alone(
    services: Services, engine: FakeEngine, connect: Connect, kind: str
) -> None:
    """C1: nobody but a person starts a chat. The letter says so; the doctor and "replay all" leave it alone."""
    if kind in ("delivery", "trigger"):
        file_name = "record_events" if kind == "delivery" else "workflow:1"
        fail_delivery(services, to=services.webhook_handlers.create(connect(), file_name))
    elif kind == "workflow":
        fail_workflow(services)
    else:
        engine.kept = [Run("send_to_alc:1", "server_function", "ERROR", 1.0, "worker-0")]

    [letter] = dead_letters.find(services)
    [finding] = check_dead_letters(services)

    assert letter.caution == "A replay may start a chat. Replay it alone, if you still want the chat."
    assert dead_letters.as_json(letter)["caution"] == letter.caution
    assert dead_letters.needs_person(letter)
    assert finding.repair is None
    assert letter.caution in finding.text
    assert dead_letters.replay(services, letter.id)
    assert not ids(services)


def test_open_pages_are_told_when_a_letter_is_taken_off(services: Services, engine: FakeEngine) -> None:
    """The list on the page follows."""
    fail_delivery(services)
    with running(AppContext(services)):
        dead_letters.dismiss(services, LETTER)

    with services.database.reading() as session:
        assert session.connection().exec_driver_sql("select kind from live_event").scalars().all() == ["dead_letter"]
