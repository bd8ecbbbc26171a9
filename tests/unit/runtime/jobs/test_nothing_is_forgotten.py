"""What has failed is kept for as long as nobody dismisses it: 400 days of retention, on the engine itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from alc_app.app import app as manifest
from alc_app.config.settings import Config
from alc_app.runtime.doctor.work_checks import check_handlers
from alc_app.runtime.jobs import dead_letters
from alc_app.runtime.jobs.retention import DAY, RetentionJob
from alc_app.runtime.oauth_client import Tokens
from alc_app.runtime.services import WORKSPACE, Services
from alc_app.runtime.storage.tables import SubscriptionRow
from tests.unit.runtime.conftest import Clock
from tests.unit.runtime.jobs.test_dead_letters import fail_delivery, fail_workflow
from tests.unit.runtime.test_engine import set_status

FAILED_RUNS = {"send_to_alc:1": ("server_function", "ERROR"), "job-1": ("job", "MAX_RECOVERY_ATTEMPTS_EXCEEDED")}


@pytest.fixture
def services(make_services: Callable[..., Services], clock: Clock, config: Config) -> Iterator[Services]:
    """An installation in virtual time, in which something of every kind has failed."""
    make_services().close()  # its tables
    services = Services(config, manifest, clock)
    active = [connect(services) for _ in range(2)][1]
    services.subscriptions.create_handler(active, "prospect_updated", "standard_webhooks", "alc", {})
    with services.database.transaction() as session:
        session.get_one(SubscriptionRow, services.webhook_handlers.of_connection(active)[0].id).tries = 3
    fail_delivery(services)
    fail_workflow(services)
    for run_id, (name, status) in FAILED_RUNS.items():
        services.engine.enqueue(name, "x", queue="functions", run_id=run_id)
        set_status(services.engine, run_id, status)
    yield services
    services.close()


def connect(services: Services) -> str:
    """Save a connection, and give up the clean-up of the one that it replaces."""
    connection_id = services.connections.add(WORKSPACE, Tokens("a", "r", services.now() + 1000 * DAY, ""))
    if replaced := services.connections.activate(connection_id):
        services.connections.erase(replaced, "given_up")
    return connection_id


def pass_days(services: Services, clock: Clock, days: int) -> None:
    """Every few weeks the rules of retention are applied."""
    for _ in range(0, days, 15):
        clock.time += 15 * DAY
        RetentionJob(services).delete_old_rows()


def kinds(services: Services) -> list[str]:
    """The kinds of the dead letters, each as often as there are letters of it."""
    return sorted(letter.id.partition(":")[0] for letter in dead_letters.find(services))


def test_what_nobody_has_dismissed_is_listed_after_400_days(services: Services, clock: Clock) -> None:
    """With what is needed to do it again. A subscription that fails is not a dead letter, but named all the same."""
    everything = ["clean-up", "delivery", "run", "run", "workflow"]
    assert kinds(services) == everything

    pass_days(services, clock, 400)

    assert kinds(services) == everything
    assert services.inbox.get("h", "msg_1").body == b"{}"
    assert "could not be subscribed" in " ".join(finding.text for finding in check_handlers(services))
    for letter in dead_letters.find(services):
        dead_letters.replay(services, letter.id)
    assert kinds(services) == []


def test_what_somebody_has_dismissed_is_deleted_in_time(services: Services, clock: Clock) -> None:
    """Bodies after a week, rows as their rules say: dismissing is not hiding."""
    for letter in dead_letters.find(services):
        dead_letters.dismiss(services, letter.id)
    assert kinds(services) == []

    pass_days(services, clock, 405)

    for table, database in {"delivery": services.inbox._database, "workflow_run": services.database}.items():
        with database.reading() as session:
            assert session.connection().exec_driver_sql(f"select count(*) from {table}").scalar() == 0  # noqa: S608 - ours
    assert services.engine._client.list_workflows() == []
