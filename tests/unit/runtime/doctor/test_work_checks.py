"""The runtime's checks: each fault is found, named, and mended where that is possible."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email.utils import format_datetime

import pytest
import responses

from alc_app.attio.host.doctor import Finding
from alc_app.attio.host.workflow_definitions import Step
from alc_app.attio.http import FetchResponse
from alc_app.blocks.sample_workflows import follow_up
from alc_app.clients.alc_api import AlcUnreachable
from alc_app.config.settings import Config
from alc_app.runtime.doctor import installation_checks
from alc_app.runtime.doctor.installation_checks import check_clocks, check_files, check_keys, check_sqlite
from alc_app.runtime.doctor.work_checks import (
    check_access,
    check_connection,
    check_deliveries,
    check_handlers,
    check_workers,
    runtime_checks,
)
from alc_app.runtime.engine import Run
from alc_app.runtime.jobs.connection_lifecycle import GIVE_UP_AFTER
from alc_app.runtime.oauth_client import Tokens
from alc_app.runtime.services import WORKSPACE, Services
from alc_app.runtime.storage.file_locks import FileLocks
from alc_app.runtime.storage.tables import ConnectionRow, SubscriptionRow
from alc_app.runtime.stores.circuit_breaker import PROBE_EVERY
from alc_app.runtime.stores.worker_ids import WorkerIds
from alc_app.runtime.stores.workflow_tables import WorkflowActivation, WorkflowSwitch
from alc_app.runtime.workflows.activations import WorkflowActivations
from tests.support.fakes.engine import FakeEngine
from tests.unit.runtime.conftest import METADATA

Connect = Callable[..., str]


def texts(findings: Iterator[Finding]) -> list[str]:
    return [finding.text for finding in findings]


def run(services: Services, status: str, *, age: float = 0, executor: str | None = None) -> Run:
    return Run(f"run-{status}-{age}-{executor}", "webhook", status, services.now() - age, executor)


@pytest.fixture
def worker(services: Services, config: Config) -> Iterator[WorkerIds]:
    """A running worker."""
    worker_ids = WorkerIds(services.database, FileLocks(config.home / "workers"))
    worker_ids.acquire("worker-0")
    yield worker_ids
    worker_ids.release()


def change(services: Services, connection_id: str, **values: object) -> None:
    """What time or a crash would do to a connection."""
    with services.database.transaction() as session:
        row = session.get_one(ConnectionRow, connection_id)
        for name, value in values.items():
            setattr(row, name, value)


def test_a_new_house_is_in_order_but_for_its_worker(
    services: Services, engine: FakeEngine, alc: responses.RequestsMock
) -> None:
    """Nothing is made up."""
    services.config.home.chmod(0o700)
    found = {check.name: texts(iter(check.find())) for check in runtime_checks(services)}

    assert {name: said for name, said in found.items() if said} == {
        "Workers": ["No worker is running, so no work gets done. Start one with: alc-app worker"]
    }
    assert list(found) == [
        "Workers", "Connection", "Deliveries", "Handlers", "Dead letters", "Access", "Keys", "Clocks", "Files",
        "SQLite",
    ]  # fmt: skip


FILES = ("lead_processed", "record_events", "prospect_updated")


def create_handlers(services: Services, connection_id: str, *file_names: str) -> dict[str, str]:
    """Create what `connection_added` does, or some of it: the ids by file name."""
    create = services.subscriptions.create_handler
    signed_by = {"record_events": "attio"}
    connectors = {"prospect_updated": "alc"}
    return {
        name: create(
            connection_id, name, signed_by.get(name, "standard_webhooks"), connectors.get(name, ""), {"event": "e"}
        )
        for name in file_names or FILES
    }


@pytest.mark.parametrize("missing", FILES)
def test_an_active_connection_has_one_handler_for_each_file(
    services: Services, engine: FakeEngine, connect: Connect, missing: str
) -> None:
    """C12, I2: a verdict, a wish in the CRM or a new address would never arrive. Making it is left to a worker."""
    connection_id = connect()
    handlers = create_handlers(services, connection_id)
    assert not texts(check_handlers(services))
    services.webhook_handlers.delete(handlers[missing])

    [finding] = check_handlers(services)

    assert finding.text == f"The connection {connection_id} has no active webhook handler for {missing}."
    assert finding.repair
    assert finding.repair() == "They have been made."
    assert engine.runs == {f"restore:{connection_id}": ("restore", (connection_id,), "lifecycle")}


def test_a_repair_that_the_worker_could_not_make_is_not_said_to_be_made(
    services: Services, engine: FakeEngine, connect: Connect
) -> None:
    """Such as one that ALC refuses. It is tried again by itself."""
    connect()
    engine.answer = {"error": AlcUnreachable("ALC cannot be reached.").to_json()}
    [finding] = check_handlers(services)
    assert finding.repair

    with pytest.raises(AlcUnreachable):
        finding.repair()


@pytest.mark.parametrize("status", ["needs_reconnect", "removing", "removed", "adding"])
def test_a_connection_that_is_not_in_use_needs_no_handlers(
    services: Services, engine: FakeEngine, connect: Connect, status: str
) -> None:
    """Its handlers come or go with it."""
    change(services, connect(), status=status)

    assert not texts(check_handlers(services))


def test_a_subscription_that_is_gone_or_fails_is_named(
    services: Services, engine: FakeEngine, connect: Connect
) -> None:
    """I2: the handler alone is called by nobody."""
    handler_id = create_handlers(services, connect())["prospect_updated"]
    with services.database.transaction() as session:
        row = session.get_one(SubscriptionRow, handler_id)
        row.tries, row.why = 3, "ALC cannot be reached."

    [finding] = check_handlers(services)
    assert (finding.subject, finding.level, finding.repair) == (handler_id, "warning", None)
    assert finding.text.endswith("The app retries: ALC cannot be reached.")

    with services.database.transaction() as session:
        session.delete(session.get_one(SubscriptionRow, handler_id))
    [finding] = check_handlers(services)
    assert "no active webhook handler for prospect_updated" in finding.text
    assert finding.repair


def test_a_workflow_that_could_not_be_switched_is_named(services: Services, engine: FakeEngine) -> None:
    """ALC has refused it; the switch on the page has jumped back since."""
    WorkflowActivations(services).set_enabled("follow-up", enabled=False)
    assert not texts(check_handlers(services))
    with services.database.transaction() as session:
        session.get_one(WorkflowSwitch, "follow-up").why = "Too many webhooks."

    [finding] = check_handlers(services)

    assert (finding.subject, finding.level, finding.repair) == ("follow-up", "warning", None)
    assert finding.text.endswith("could not be switched: Too many webhooks.")


@pytest.mark.parametrize("missing", ["file", "connector", "block"])
def test_a_handler_whose_code_is_gone_from_the_manifest_is_named(
    services: Services, engine: FakeEngine, connect: Connect, missing: str
) -> None:
    """Its URL answers 503. One that was deleted is of no interest."""
    connection_id = connect()
    create = services.webhook_handlers.create
    create_handlers(services, connection_id)
    services.webhook_handlers.delete(create(connection_id, "removed_long_ago"))
    if missing == "block":
        activation = WorkflowActivation(
            id="a",
            workflow_id="follow-up",
            version_id="v",
            definition=follow_up.model_copy(update={"trigger": Step(block="gone", then={})}).model_dump_json(),
            handler_id=(handler_id := create(connection_id, "workflow:a")),
            created_at=0,
        )
        with services.database.transaction() as session:
            session.add(activation)
    elif missing == "connector":
        handler_id = create(connection_id, "lead_processed", connector="gone")
        with services.database.transaction() as session:
            session.add(SubscriptionRow(handler_id=handler_id, parameters="{}", due_at=None))
    else:
        handler_id = create(connection_id, "gone")

    [finding] = check_handlers(services)

    assert finding.subject == handler_id
    assert 'named "gone"' in finding.text


def test_a_living_worker_with_little_to_do_is_in_order(
    services: Services, engine: FakeEngine, worker: WorkerIds
) -> None:
    """Runs that were asked for a moment ago, and those that it is at."""
    engine.kept = [run(services, "ENQUEUED", age=1), run(services, "PENDING", age=500, executor="worker-0")]

    assert not texts(check_workers(services))


def test_runs_that_nobody_begins_are_counted(services: Services, engine: FakeEngine, worker: WorkerIds) -> None:
    """The queue against its workers."""
    engine.kept = [run(services, "ENQUEUED", age=61), run(services, "ENQUEUED", age=90)]

    [finding] = check_workers(services)

    assert finding.text == "2 runs have waited for more than a minute for a worker."
    assert finding.level == "warning"
    worker.release()
    assert [found.level for found in check_workers(services)] == ["error", "error"]


def test_what_a_dead_worker_had_begun_is_taken_over(services: Services, engine: FakeEngine, worker: WorkerIds) -> None:
    """A kill -9 is no reason to lose a run."""
    services.worker_ids.acquire("worker-7")
    services.worker_ids.release()
    engine.kept = [run(services, "PENDING", executor="worker-7"), run(services, "PENDING", executor="worker-0")]

    [finding] = check_workers(services)
    assert finding.text == "1 run is unfinished by the worker worker-7, which is not running."
    assert finding.repair
    finding.repair()

    assert engine.taken_over == ["worker-7"]


def test_a_connection_that_works_is_in_order(services: Services, connect: Connect) -> None:
    """And so is one that is being made."""
    connect()
    services.connections.add(WORKSPACE, Tokens("a", "r", services.now() + 60, ""))

    assert not texts(check_connection(services))


HALF_WAY = [("adding", "added", "remove"), ("removing", "removed", "remove"), ("active", "completed", "restore")]


@pytest.mark.parametrize(("status", "word", "run"), HALF_WAY)
def test_a_connection_that_stays_half_way_is_cleaned_up(
    services: Services, engine: FakeEngine, connect: Connect, status: str, word: str, run: str
) -> None:
    """C8, C10, C12: the run that should have ended it never came."""
    connection_id = connect()
    change(services, connection_id, status=status, due_at=services.now() - 61)

    [finding] = check_connection(services)
    assert word in finding.text
    assert finding.repair
    finding.repair()
    finding.repair()

    assert engine.runs == {f"{run}:{connection_id}": (run, (connection_id,), "lifecycle")}


def test_a_connection_that_was_kept_and_is_not_complete_yet_is_told(services: Services, connect: Connect) -> None:
    """C12: it is tried again by itself."""
    change(services, connect(), tries=3, due_at=services.now() + 60, why="ALC cannot be reached.")

    [finding] = check_connection(services)

    assert (finding.level, finding.repair) == ("warning", None)
    assert finding.text.endswith("ALC cannot be reached.")


def test_a_connection_that_alc_refuses_needs_a_person(services: Services, connect: Connect) -> None:
    """O13: only somebody can log in."""
    connection_id = connect()
    services.connections.mark_needs_reconnect(connection_id, "Refused.")

    [finding] = check_connection(services)

    assert "Connect again" in finding.text
    assert finding.repair is None


def test_a_clean_up_that_goes_on_is_told_and_left_alone(services: Services, connect: Connect) -> None:
    """C10: it is tried again by itself."""
    change(services, connect(), status="removing", tries=3, due_at=services.now() + 60, why="ALC cannot be reached.")

    [finding] = check_connection(services)

    assert (finding.level, finding.repair) == ("warning", None)
    assert finding.text.endswith("ALC cannot be reached.")


def test_deliveries_that_no_run_was_asked_for_are_counted(make_services: Callable[..., Services]) -> None:
    """R17: a 2xx was given for each."""
    services = make_services()
    services.inbox.put("handler", "msg_1", b"{}", "new")
    assert not texts(check_deliveries(services))

    services.inbox._now = lambda: services.now() + 61

    assert texts(check_deliveries(services)) == ["1 delivery waits for a run. Workers start these runs."]


def test_secrets_that_no_key_opens_are_named(
    make_services: Callable[..., Services], services: Services, connect: Connect, config: Config
) -> None:
    """O19: before the day on which they are needed."""
    connection_id = connect()
    handler_id = services.webhook_handlers.create(connection_id, "lead_processed")
    assert not texts(check_keys(services))

    (config.home / "sealing_key").write_text("kYV4nU2rGHiYZyzGSZL4rGs3lLGGOJvHkMRhVqTB0Yo=")

    assert [finding.subject for finding in check_keys(make_services())] == [connection_id, handler_id]


@pytest.mark.parametrize(("off", "said"), [(0, ""), (59, ""), (75, "ahead of"), (-3600, "behind")])
def test_a_clock_that_is_off_is_named(services: Services, alc: responses.RequestsMock, off: float, said: str) -> None:
    """R4: signatures would be refused."""
    date = format_datetime(datetime.fromtimestamp(services.now() + off, UTC), usegmt=True)
    alc.replace("GET", METADATA, json={}, headers={"Date": date})

    found = texts(check_clocks(services))

    assert bool(found) == bool(said)
    assert said in "".join(found)


def test_files_that_others_may_read_are_made_private(services: Services, config: Config) -> None:
    """O18: keys and databases are their owner's alone."""
    config.home.chmod(0o777)
    (config.home / "app.db").chmod(0o644)
    (config.home / "notes.txt").touch(0o644)

    findings = list(check_files(services))
    assert texts(iter(findings)) == [
        f"Other users can write to {config.home}.",
        f"Other users can read {config.home / 'app.db'}.",
    ]
    for finding in findings:
        assert finding.repair
        finding.repair()

    assert not texts(check_files(services))


def test_a_full_disk_is_foreseen(services: Services, config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    """C14: a warning while there is still some room."""
    config.home.chmod(0o700)
    monkeypatch.setattr(installation_checks, "MIN_FREE_BYTES", 2**62)

    [finding] = check_files(services)

    assert (finding.level, finding.repair) == ("warning", None)


def test_an_sqlite_that_is_too_old_for_the_engine_is_named(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    """From Python 3.12 on the engine asks SQLite for what 3.42 brought."""
    assert installation_checks._versions_fit((3, 11), (3, 40, 1))
    assert installation_checks._versions_fit((3, 12), (3, 42, 0))
    monkeypatch.setattr(installation_checks, "_versions_fit", lambda *_: False)

    assert "Use SQLite 3.42 or newer" in texts(check_sqlite(services))[0]


def test_no_finding_shows_a_secret(services: Services, engine: FakeEngine, connect: Connect) -> None:
    """U8: ids only."""
    change(services, connect(), status="removing", due_at=services.now() - GIVE_UP_AFTER)

    told = json.dumps(texts(check_connection(services)))

    assert "connection" in told
    assert "old-access" not in told
    assert "old-refresh" not in told


def test_a_service_that_refuses_our_key_is_named_until_it_accepts_one(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    """C5: what waits for a key is said, with what to do."""
    answers = iter([401, 200])
    services.circuit_breaker.call("https://attio.test", lambda: FetchResponse(next(answers), {}, ""))

    [text] = texts(check_access(services))
    assert "https://attio.test does not accept the app's key" in text
    assert "ATTIO_API_TOKEN" in text

    probed_at = services.now() + PROBE_EVERY
    monkeypatch.setattr(services.circuit_breaker, "_now", lambda: probed_at)
    services.circuit_breaker.call("https://attio.test", lambda: FetchResponse(next(answers), {}, ""))
    assert not texts(check_access(services))
