"""The relay: rows that are due become runs, and asking twice makes one run."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest
import responses
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlmodel import select

from alc_app.attio.host import trace
from alc_app.attio.host.context import running
from alc_app.leads import sends
from alc_app.record_events.changed_record_rows import note_change
from alc_app.runtime.context import AppContext
from alc_app.runtime.engine import ReachedDurableStep
from alc_app.runtime.jobs.relay import Relay
from alc_app.runtime.jobs.worker import Worker
from alc_app.runtime.oauth_client import Tokens
from alc_app.runtime.services import WORKSPACE, Services
from alc_app.runtime.storage.tables import CallPlace, WorkerRow
from alc_app.runtime.stores.call_limit import LEASE, CallLimit
from alc_app.runtime.stores.delivery_statements import START_WITHIN
from alc_app.runtime.workflows.activations import WorkflowActivations
from alc_app.runtime.workflows.runner import recurring_jobs
from tests.support.fakes.claims import let_go
from tests.support.fakes.engine import FakeEngine

ME, OTHER = "worker-0", "worker-1"


@pytest.fixture
def relay(services: Services, engine: FakeEngine) -> Iterator[Relay]:
    """A relay of the worker `ME`, whose tasks the test calls itself."""
    services.worker_ids.acquire(ME)
    yield Relay(services, engine, lambda _: None, lambda *_: None)  # it stands where the executor stands
    services.worker_ids.release()


def test_a_delivery_becomes_a_run_of_its_own_id(services: Services, relay: Relay, engine: FakeEngine) -> None:
    """R14: deduplicated by a key, twice."""
    services.inbox.put("h", "msg_1", b"{}", "new")

    relay.start_new_deliveries()
    relay.start_new_deliveries()
    relay.start_deliveries()

    assert engine.runs == {"webhook:h:msg_1:1": ("webhook", ("h", "msg_1"), "webhooks")}
    assert engine.asked == 1
    assert services.inbox.get("h", "msg_1").state == "queued"


def test_a_worker_starts_no_more_runs_than_it_has_room_for(
    services: Services, relay: Relay, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R14: oldest first, whether a delivery is new or its run was lost."""
    monkeypatch.setattr(engine, "free", lambda _workflow: 2)
    for number in range(2):
        services.inbox.put("h", f"lost_{number}", b"{}", "new")
    services.inbox.claim(services.inbox.due(2, OTHER), OTHER)
    services.inbox.release([OTHER])
    for number in range(2):
        services.inbox.put("h", f"new_{number}", b"{}", "new")

    relay.start_deliveries()

    assert list(engine.runs) == ["webhook:h:lost_0:2", "webhook:h:lost_1:2"]


def test_a_new_delivery_waits_for_room(
    services: Services, relay: Relay, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R14: a full worker leaves it to others."""
    monkeypatch.setattr(engine, "free", lambda _workflow: 0)
    services.inbox.put("h", "msg_1", b"{}", "new")

    relay.start_new_deliveries()

    assert not engine.runs
    assert [row.webhook_id for row in services.inbox.claim_new(1, OTHER)] == ["msg_1"]


def test_a_worker_that_dies_before_it_starts_a_run_has_it_started_by_another(
    services: Services, relay: Relay, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R17: no delivery is lost."""
    services.inbox.put("h", "msg_1", b"{}", "new")

    with monkeypatch.context() as dying, pytest.raises(SystemExit):
        dying.setattr(engine, "start_without_engine", _die)
        relay.start_deliveries()
    relay.start_deliveries()
    assert not engine.runs

    services.inbox.release([ME])
    relay.start_deliveries()

    assert list(engine.runs) == ["webhook:h:msg_1:2"]


def test_a_delivery_whose_run_is_under_way_gets_no_second_one(
    services: Services, relay: Relay, engine: FakeEngine
) -> None:
    """R17: another worker has died, or the run takes long."""
    services.inbox.put("h", "msg_1", b"{}", "new")
    relay.start_deliveries()
    engine.under_way.add("webhook:h:msg_1:1")

    services.inbox.release([ME])
    relay.start_deliveries()

    assert list(engine.runs) == ["webhook:h:msg_1:1"]


def test_a_delivery_that_this_worker_is_at_gets_no_second_run(
    services: Services, relay: Relay, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R17: it takes longer than the pause until it is looked at again, and the engine does not know of it."""
    services.inbox.put("h", "msg_1", b"{}", "new")
    relay.start_deliveries()
    engine.in_this_process.add("webhook:h:msg_1:1")

    monkeypatch.setattr(services.inbox, "_now", lambda: time.time() + 2 * START_WITHIN)
    relay.start_deliveries()
    assert list(engine.runs) == ["webhook:h:msg_1:1"]

    engine.in_this_process.clear()
    monkeypatch.setattr(services.inbox, "_now", lambda: time.time() + 4 * START_WITHIN)
    relay.start_deliveries()
    assert list(engine.runs) == ["webhook:h:msg_1:1", "webhook:h:msg_1:2"]


def test_a_delivery_of_a_living_worker_is_left_to_it(
    services: Services, relay: Relay, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R17: however long it takes, until that worker is dead."""
    with services.database.transaction() as session:
        session.add(WorkerRow(id=OTHER, started_at=1))
    services.inbox.put("h", "msg_1", b"{}", "new")
    services.inbox.claim(services.inbox.due(1, OTHER), OTHER)
    monkeypatch.setattr(services.inbox, "_now", lambda: time.time() + 2 * START_WITHIN)

    relay.start_deliveries()
    assert not engine.runs

    relay.take_over_dead_workers()
    relay.start_deliveries()
    assert list(engine.runs) == ["webhook:h:msg_1:2"]


def test_of_two_workers_one_takes_a_delivery(services: Services) -> None:
    """R17: both have found it due."""
    services.inbox.put("h", "msg_1", b"{}", "new")
    first, second = services.inbox.due(1, ME), services.inbox.due(1, OTHER)

    assert [row.webhook_id for row in services.inbox.claim(first, ME)] == ["msg_1"]
    assert not services.inbox.claim(second, OTHER)


def test_what_the_app_left_unfinished_is_asked_for_when_it_is_due(
    services: Services, relay: Relay, engine: FakeEngine
) -> None:
    """I6: one run for each row and kind of work, however often it is looked at."""
    with running(AppContext(services)):
        lead = sends.open_send("r").id
        relay.enqueue_jobs()
        assert not engine.runs
        let_go(sends.mark_sent(lead, "lead_1"))
    relay.enqueue_jobs()
    relay.enqueue_jobs()

    assert engine.runs == {"sync_record:r": ("job", ("sync_record", "r"), "job")}


def test_our_own_changes_in_the_crm_need_no_run(services: Services, alc: responses.RequestsMock) -> None:
    """One question answers for all of them, and only a person who is requested needs more."""
    queries = "https://attio.test/v2/objects/people/records/query"
    [look] = [job for job in recurring_jobs(services) if job.prepare]
    with running(AppContext(services)):
        note_change("r")
        services.database.change(text("update changed_record set due_at = 1"), {})
    worker = Worker(services)

    alc.post(queries, json={"data": [{"id": {"record_id": "r"}, "values": {}}]})
    with pytest.raises(ReachedDurableStep):
        worker.prepare_job(look, WORKSPACE)
    alc.replace("POST", queries, json={"data": []})
    worker.prepare_job(look, WORKSPACE)

    with running(AppContext(services)):
        assert not look.due()


def test_a_job_that_is_being_prepared_is_not_prepared_twice(
    services: Services, relay: Relay, engine: FakeEngine
) -> None:
    """It is due until its run has ended."""
    with running(AppContext(services)):
        note_change("r")
        services.database.change(text("update changed_record set due_at = 1"), {})
    engine.in_this_process.add(f"look_at_changes:{WORKSPACE}")
    relay.enqueue_jobs()
    assert not engine.runs

    engine.in_this_process.clear()
    relay.enqueue_jobs()
    assert list(engine.runs) == [f"look_at_changes:{WORKSPACE}"]

    engine.under_way.add(f"look_at_changes:{WORKSPACE}")
    relay.enqueue_jobs()
    assert engine.asked == 1

    engine.under_way.clear()
    relay.enqueue_jobs()
    assert engine.asked == 2


def test_connections_to_be_undone_are_asked_for_when_they_are_due(
    services: Services, relay: Relay, engine: FakeEngine, connect: Callable[..., str]
) -> None:
    """C8, C10: a clean-up that failed, and one that was never saved; an active one is left alone."""
    connect()
    abandoned = services.connections.add(WORKSPACE, Tokens("a", "r", time.time() + 60, ""))
    relay.enqueue_connections()
    assert not engine.runs

    with services.database.transaction() as session:
        session.connection().execute(text("update connection set due_at = 1 where due_at is not null"))
    relay.enqueue_connections()

    assert engine.runs == {f"remove:{abandoned}": ("remove", (abandoned,), "lifecycle")}


def test_a_connection_whose_removal_was_refused_is_completed(
    services: Services, relay: Relay, engine: FakeEngine, connect: Callable[..., str]
) -> None:
    """C12, I6: an active connection that is due lacks something."""
    connection_id = connect()
    with services.database.transaction() as session:
        session.connection().execute(text("update connection set due_at = 1"))

    relay.enqueue_connections()

    assert engine.runs == {f"restore:{connection_id}": ("restore", (connection_id,), "lifecycle")}


def test_switching_a_workflow_waits_for_connects_and_disconnects(
    services: Services, relay: Relay, engine: FakeEngine, connect: Callable[..., str]
) -> None:
    """I2: a webhook that is registered while its connection goes would be left at ALC."""
    connect()
    WorkflowActivations(services).set_enabled("follow-up", enabled=True)

    relay.enqueue_jobs()

    assert engine.runs["switch_workflow:follow-up"] == ("job", ("switch_workflow", "follow-up"), "lifecycle")


def test_the_work_of_dead_workers_is_taken_over(services: Services, relay: Relay, engine: FakeEngine) -> None:
    """After a kill -9 no person has to act: runs and deliveries go on, and what its calls count for ends (R17, R21)."""
    with services.database.transaction() as session:
        session.add(WorkerRow(id=OTHER, started_at=1))
    services.inbox.put("h", "msg_1", b"{}", "new")
    services.inbox.claim(services.inbox.due(1, OTHER), OTHER)
    calls = CallLimit(services.database, lambda: OTHER)
    with calls.call("attio", 1):
        relay.take_over_dead_workers()

        with services.database.reading() as session:
            place = session.exec(select(CallPlace)).one()

    assert engine.taken_over == [OTHER]
    assert [row.webhook_id for row in services.inbox.due(1, ME)] == ["msg_1"]
    assert place.free_at < time.time() + LEASE / 2


def test_a_look_that_stumbles_does_not_end_the_relay(
    services: Services,
    relay: Relay,
    engine: FakeEngine,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """C14: after an error of the database the next try succeeds. It is one line in the log, without a traceback."""
    services.inbox.put("h", "msg_1", b"{}", "new")
    real, failures = services.inbox.due, [OperationalError("select", {}, OSError("locked"))]

    def new(*args: object) -> object:
        if failures:
            raise failures.pop()
        return real(*args)

    monkeypatch.setattr(services.inbox, "due", new)
    for task in (relay.start_deliveries, relay.start_deliveries):
        relay._run_safely(task)

    told = "A task of the relay failed, and is tried again. The database is not available: locked"
    assert [record.exc_info for record in caplog.records if record.getMessage() == told] == [None]
    assert len(engine.runs) == 1


def test_a_run_goes_on_with_the_trace_of_its_delivery(
    services: Services, relay: Relay, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One trace from the sender's call to the record; it is not the relay's own afterwards."""
    with trace.resumed(f"00-{'a' * 32}-{'b' * 16}-01"):
        services.inbox.put("h", "msg_1", b"{}", "new")
    seen: list[str] = []
    monkeypatch.setattr(engine, "start_without_engine", lambda *_, **__: seen.append(trace.trace_id()))

    with trace.resumed(None):
        relay.start_deliveries()
        assert trace.trace_id() != "a" * 32

    assert seen == ["a" * 32]


def test_what_is_finished_later_goes_on_with_the_trace_of_the_click(
    services: Services, engine: FakeEngine, alc: responses.RequestsMock
) -> None:
    """Minutes after the click, the write to the record still says which click it was."""
    alc.patch("https://attio.test/v2/objects/people/records/r", json={"data": {}})
    with running(AppContext(services)), trace.resumed(f"00-{'a' * 32}-{'b' * 16}-01"):
        lead = sends.open_send("r").id
        let_go(sends.mark_sent(lead, "lead_1"))

    with trace.resumed(None):
        Worker(services).job("sync_record", "r")

    assert [trace.read(call.request.headers["traceparent"]) for call in alc.calls] == [("a" * 32, True)]


def _die(*_: object, **__: object) -> None:
    raise SystemExit
