"""What the databases hold, in numbers: ours, the engine's and the app's."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from prometheus_client import generate_latest

from alc_app.attio.host.context import running
from alc_app.leads import sends
from alc_app.runtime.context import AppContext
from alc_app.runtime.doctor.gauges import Gauges
from alc_app.runtime.oauth_client import Tokens
from alc_app.runtime.services import WORKSPACE, Services
from alc_app.runtime.storage.tables import ConnectionRow
from tests.support.fakes.engine import FakeEngine


def read(services: Services) -> list[str]:
    """The samples of a scrape."""
    return [line for line in generate_latest(Gauges(services)).decode().splitlines() if not line.startswith("#")]


def test_an_installation_at_rest_has_nothing_to_do(services: Services, engine: FakeEngine) -> None:
    """The unlabelled ones are there all the same, so that an alert can be written on them."""
    del engine
    assert read(services) == [
        "alc_app_oldest_delivery_seconds 0.0",
        "alc_app_clean_ups 0.0",
        "alc_app_workers 0.0",
        "alc_app_leads_not_shown 0.0",
    ]


def test_what_waits_is_counted(services: Services, engine: FakeEngine, connect: Callable[..., str]) -> None:
    """Deliveries, connections, clean-ups, runs, workers and leads; what is done with is not."""
    for webhook_id, state in (("m1", "new"), ("m2", "new"), ("m3", "ignored"), ("m4", "new"), ("m5", "new")):
        services.inbox.put("h", webhook_id, b"{}", state)
    services.inbox.mark_ended("h", "m4", "failed")
    services.inbox.mark_ended("h", "m5", "done")
    connect()
    former = services.connections.add(WORKSPACE, Tokens("a", "r", time.time() + 60, ""))
    with services.database.transaction() as session:
        row = session.get_one(ConnectionRow, former)
        row.status, row.tries = "removing", 2
    services.worker_ids.acquire("worker-7")
    engine.enqueue("job", queue="job")
    with running(AppContext(services)):
        for record_id in ("r1", "r2"):
            lead = sends.open_send(record_id).id
        sends.mark_sent(lead, "lead_2")

    samples = read(services)

    services.worker_ids.release()
    assert {line for line in samples if "oldest" not in line} == {
        'alc_app_deliveries{state="new"} 2.0',
        'alc_app_deliveries{state="failed"} 1.0',
        'alc_app_connections{status="active"} 1.0',
        'alc_app_connections{status="removing"} 1.0',
        "alc_app_clean_ups 1.0",
        "alc_app_workers 1.0",
        'alc_app_leads{status="sending"} 1.0',
        'alc_app_leads{status="pending"} 1.0',
        "alc_app_leads_not_shown 1.0",
        'alc_app_runs{queue="job",status="waiting"} 1.0',
    }
    [age] = [float(line.split()[1]) for line in samples if "oldest" in line]
    assert 0 < age < 60


def test_a_gauge_that_cannot_be_read_is_left_out(
    services: Services, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The engine's database is down: whoever watches still sees the rest."""

    def down() -> None:
        raise OSError("down")

    monkeypatch.setattr(engine, "count_unfinished", down)

    assert "alc_app_workers 0.0" in read(services)
    assert "The gauge runs could not be read." in caplog.text
