"""What the runtime can be checked for: each fault made, named, and mended where a machine can mend it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email.utils import format_datetime

import pytest
import responses

from alc_app.attio import Finding
from alc_app.config.settings import Config
from alc_app.runtime.doctor import installation_checks
from alc_app.runtime.doctor.installation_checks import check_clocks, check_files, check_keys, check_sqlite
from alc_app.runtime.doctor.work_checks import check_connection, check_deliveries, check_workers, own_checks
from alc_app.runtime.engine import Run
from alc_app.runtime.jobs.connection_lifecycle import GIVE_UP_AFTER
from alc_app.runtime.oauth_client import Tokens
from alc_app.runtime.services import WORKSPACE, House
from alc_app.runtime.storage.locks import FileLocks
from alc_app.runtime.storage.tables import ConnectionRow
from alc_app.runtime.stores.worker_ids import Executors
from tests.support.fakes.engine import FakeEngine
from tests.unit.runtime.conftest import METADATA

Connect = Callable[..., str]


def texts(findings: Iterator[Finding]) -> list[str]:
    return [finding.text for finding in findings]


def run(house: House, status: str, *, age: float = 0, executor: str | None = None) -> Run:
    return Run(f"run-{status}-{age}-{executor}", "webhook", status, house.now() - age, executor)


@pytest.fixture
def worker(house: House, config: Config) -> Iterator[Executors]:
    """A worker that lives."""
    executors = Executors(house.database, FileLocks(config.home / "executors"))
    executors.acquire("worker-0")
    yield executors
    executors.release()


def change(house: House, connection_id: str, **values: object) -> None:
    """What time or a crash would do to a connection."""
    with house.database.transaction() as session:
        row = session.get_one(ConnectionRow, connection_id)
        for name, value in values.items():
            setattr(row, name, value)


def test_a_new_house_is_in_order_but_for_its_worker(
    house: House, engine: FakeEngine, alc: responses.RequestsMock
) -> None:
    """Nothing is made up."""
    house.config.home.chmod(0o700)
    found = {check.name: texts(iter(check.find())) for check in own_checks(house)}

    assert {name: said for name, said in found.items() if said} == {
        "Workers": ["No worker is running, so nothing that is asked for gets done. Start one with: alc-app worker"]
    }
    assert list(found) == [
        "Workers", "Connection", "Deliveries", "Dead letters", "Keys", "Clocks", "Files", "SQLite",
    ]  # fmt: skip


def test_a_living_worker_with_little_to_do_is_in_order(house: House, engine: FakeEngine, worker: Executors) -> None:
    """Runs that were asked for a moment ago, and those that it is at."""
    engine.kept = [run(house, "ENQUEUED", age=1), run(house, "PENDING", age=500, executor="worker-0")]

    assert not texts(check_workers(house))


def test_runs_that_nobody_begins_are_counted(house: House, engine: FakeEngine, worker: Executors) -> None:
    """The queue against its workers."""
    engine.kept = [run(house, "ENQUEUED", age=61), run(house, "ENQUEUED", age=90)]

    [finding] = check_workers(house)

    assert finding.text == "2 runs have waited for more than a minute for a worker to begin."
    assert finding.level == "warning"
    worker.release()
    assert [found.level for found in check_workers(house)] == ["error", "error"]


def test_what_a_dead_worker_had_begun_is_taken_over(house: House, engine: FakeEngine, worker: Executors) -> None:
    """A kill -9 is no reason to lose a run."""
    house.executors.acquire("worker-7")
    house.executors.release()
    engine.kept = [run(house, "PENDING", executor="worker-7"), run(house, "PENDING", executor="worker-0")]

    [finding] = check_workers(house)
    assert finding.text == "1 run is unfinished by the worker worker-7, which is not running."
    assert finding.mend
    finding.mend()

    assert engine.taken_over == ["worker-7"]


def test_a_connection_that_works_is_in_order(house: House, connect: Connect) -> None:
    """And so is one that is being made."""
    connect()
    house.connections.add(WORKSPACE, Tokens("a", "r", house.now() + 60, ""))

    assert not texts(check_connection(house))


@pytest.mark.parametrize(("status", "word"), [("adding", "added"), ("removing", "removed")])
def test_a_connection_that_stays_half_way_is_cleaned_up(
    house: House, engine: FakeEngine, connect: Connect, status: str, word: str
) -> None:
    """C8, C10: the run that should have ended it never came."""
    connection_id = connect()
    change(house, connection_id, status=status, due_at=house.now() - 61)

    [finding] = check_connection(house)
    assert word in finding.text
    assert finding.mend
    finding.mend()
    finding.mend()

    assert engine.runs == {f"remove:{connection_id}": ("remove", (connection_id,), "lifecycle")}


def test_a_connection_that_alc_refuses_needs_a_person(house: House, connect: Connect) -> None:
    """O13: only somebody can log in."""
    connection_id = connect()
    house.connections.needs_reconnect(connection_id, "Refused.")

    [finding] = check_connection(house)

    assert "Connect again" in finding.text
    assert finding.mend is None


def test_a_clean_up_that_goes_on_is_told_and_left_alone(house: House, connect: Connect) -> None:
    """C10: it is tried again by itself."""
    change(house, connect(), status="removing", tries=3, due_at=house.now() + 60, why="ALC cannot be reached.")

    [finding] = check_connection(house)

    assert (finding.level, finding.mend) == ("warning", None)
    assert finding.text.endswith("ALC cannot be reached.")


def test_deliveries_that_no_run_was_asked_for_are_counted(make_house: Callable[..., House]) -> None:
    """R17: a 2xx was given for each."""
    house = make_house()
    house.inbox.put("handler", "msg_1", b"{}", "new")
    assert not texts(check_deliveries(house))

    house.inbox._now = lambda: house.now() + 61

    assert texts(check_deliveries(house)) == ["1 delivery waits for a run that nobody has asked for. Workers do that."]


def test_secrets_that_no_key_opens_are_named(
    make_house: Callable[..., House], house: House, connect: Connect, config: Config
) -> None:
    """O19: before the day on which they are needed."""
    connection_id = connect()
    handler_id = house.handlers.create(connection_id, "lead_processed")
    assert not texts(check_keys(house))

    (config.home / "sealing_key").write_text("kYV4nU2rGHiYZyzGSZL4rGs3lLGGOJvHkMRhVqTB0Yo=")

    assert [finding.subject for finding in check_keys(make_house())] == [connection_id, handler_id]


@pytest.mark.parametrize(("off", "said"), [(0, ""), (59, ""), (75, "ahead of"), (-3600, "behind")])
def test_a_clock_that_is_off_is_named(house: House, alc: responses.RequestsMock, off: float, said: str) -> None:
    """R4: signatures would be refused."""
    date = format_datetime(datetime.fromtimestamp(house.now() + off, UTC), usegmt=True)
    alc.replace("GET", METADATA, json={}, headers={"Date": date})

    found = texts(check_clocks(house))

    assert bool(found) == bool(said)
    assert said in "".join(found)


def test_files_that_others_may_read_are_made_private(house: House, config: Config) -> None:
    """O18: keys and databases are their owner's alone."""
    config.home.chmod(0o777)
    (config.home / "app.db").chmod(0o644)
    (config.home / "notes.txt").touch(0o644)

    findings = list(check_files(house))
    assert texts(iter(findings)) == [
        f"Others may write to {config.home}.",
        f"Others may read {config.home / 'app.db'}.",
    ]
    for finding in findings:
        assert finding.mend
        finding.mend()

    assert not texts(check_files(house))


def test_a_full_disk_is_foreseen(house: House, config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    """C14: a warning while there is still some room."""
    config.home.chmod(0o700)
    monkeypatch.setattr(installation_checks, "LEAST_SPACE", 2**62)

    [finding] = check_files(house)

    assert (finding.level, finding.mend) == ("warning", None)


def test_an_sqlite_that_is_too_old_for_the_engine_is_named(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """From Python 3.12 on the engine asks SQLite for what 3.42 brought."""
    assert installation_checks._fit((3, 11), (3, 40, 1))
    assert installation_checks._fit((3, 12), (3, 42, 0))
    monkeypatch.setattr(installation_checks, "_fit", lambda *_: False)

    assert "Use SQLite 3.42 or newer" in texts(check_sqlite(house))[0]


def test_no_finding_shows_a_secret(house: House, engine: FakeEngine, connect: Connect) -> None:
    """U8: ids only."""
    change(house, connect(), status="removing", due_at=house.now() - GIVE_UP_AFTER)

    told = json.dumps(texts(check_connection(house)))

    assert "old-access" not in told
    assert "old-refresh" not in told
