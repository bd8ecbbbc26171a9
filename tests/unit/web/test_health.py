"""How the web process is: what is missing in words, and what it has done in numbers."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import responses
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.exc import OperationalError

from alc_app.app import app as manifest
from alc_app.config.settings import Config
from alc_app.runtime.services import Services
from alc_app.web.health import add_health
from tests.support.fakes.engine import FakeEngine
from tests.support.sign_in import SIGN_IN

METADATA = "https://alc.test/.well-known/oauth-authorization-server"
SELF = "https://attio.test/v2/self"
SETTINGS = {"alc_url": "https://alc.test", "attio_url": "https://attio.test", "mock_attio_token": "t"}
TOKEN = {"Authorization": "Bearer the-token"}


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    """The services for all of them."""
    services = Services(Config.from_env(home=tmp_path_factory.mktemp("home"), **SETTINGS), manifest)
    yield services
    services.close()


@pytest.fixture
def web(services: Services, monkeypatch: pytest.MonkeyPatch) -> FlaskClient:
    """The process, with an engine that answers, and which looks each time that it is asked."""
    monkeypatch.setattr("alc_app.runtime.doctor.timed_checks.FRESH", 0.0)
    services.engine = FakeEngine()
    app = Flask(__name__)
    add_health(app, services)
    return app.test_client()


@pytest.fixture
def outside() -> Iterator[responses.RequestsMock]:
    """ALC and Attio, both well unless a test says otherwise."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        mock.get(SELF, json={"active": True})
        mock.get(
            METADATA,
            json={"issuer": "https://alc.test"}
            | {f"{name}_endpoint": "https://alc.test/x" for name in ("authorization", "token", "revocation")},
        )
        yield mock


@pytest.fixture
def worker(services: Services) -> Iterator[None]:
    """A living one."""
    services.worker_ids.acquire("worker-3")
    yield
    services.worker_ids.release()


@pytest.mark.usefixtures("outside", "worker")
def test_it_is_ready_when_everything_answers(web: FlaskClient) -> None:
    """C15: a supervisor sends traffic only now."""
    answer = web.get("/readyz")

    assert (answer.status_code, answer.get_json()) == (200, {"status": "ready", "missing": [], "degraded": []})


@pytest.mark.usefixtures("worker")
def test_asking_often_costs_nobody_anything(
    web: FlaskClient, outside: responses.RequestsMock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """U10: `/readyz` is for anybody, and a thousand requests are one call to Attio and one to ALC."""
    monkeypatch.setattr("alc_app.runtime.doctor.timed_checks.FRESH", 3600.0)

    assert {web.get("/readyz").status_code for _ in range(100)} == {200}
    assert sorted(call.request.url or "" for call in outside.calls) == [METADATA, SELF]


@pytest.mark.usefixtures("outside")
def test_without_a_worker_it_says_how_to_start_one(web: FlaskClient) -> None:
    """Whoever reads it can act on it."""
    answer = web.get("/readyz")

    assert (answer.status_code, answer.get_json()["status"]) == (503, "not ready")
    assert answer.get_json()["missing"] == ["worker: No worker is running. Start one with: alc-app worker"]


@pytest.mark.usefixtures("worker")
def test_without_alc_it_is_degraded_and_still_takes_deliveries(
    web: FlaskClient, outside: responses.RequestsMock
) -> None:
    """R17: taking the process out of service would lose what ALC sends when it is back."""
    outside.replace("GET", METADATA, status=503)

    answer = web.get("/readyz")

    assert (answer.status_code, answer.get_json()["status"]) == (200, "degraded")
    assert "Deliveries are still accepted" in answer.get_json()["degraded"][0]
    outside.replace("GET", METADATA, json={"issuer": "https://evil.test"})
    assert "does not describe the issuer https://alc.test" in web.get("/readyz").get_json()["degraded"][0]


@pytest.mark.usefixtures("worker")
def test_without_attio_or_the_engine_it_is_not_ready(
    services: Services, web: FlaskClient, outside: responses.RequestsMock
) -> None:
    """A dead token is told from an Attio that does not answer."""
    services.engine.answer = OSError("down")
    outside.replace("GET", SELF, json={"active": False})
    dead_token = web.get("/readyz").get_json()["missing"]
    outside.replace("GET", SELF, status=502)
    no_answer = web.get("/readyz").get_json()["missing"]

    assert sorted(what.split(":")[0] for what in dead_token) == ["attio", "engine"]
    assert any("Check ATTIO_API_TOKEN" in what for what in dead_token)
    assert any("https://attio.test does not answer correctly" in what for what in no_answer)


def test_a_database_that_is_away_is_not_described_to_strangers(
    services: Services, web: FlaskClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """U9: what the driver says names host and user; it is in the log."""

    def refuse() -> None:
        raise OperationalError("select 1", {}, Exception('connection to "db.internal" as "alc" failed'))

    monkeypatch.setattr(services.inbox, "oldest_waiting", refuse)
    answer = web.get("/readyz")

    assert any(what.startswith("database: The database does not answer.") for what in answer.get_json()["missing"])
    assert "db.internal" not in answer.text
    assert "db.internal" in caplog.text


def test_numbers_are_for_this_machine_while_developing(web: FlaskClient) -> None:
    """No token: loopback sees them, nobody else does."""
    web.get("/nowhere")
    web.open("/healthz", method="BREW")

    answer = web.get("/metrics")
    assert answer.content_type.startswith("text/plain; version=")
    assert 'alc_app_request_seconds_count{endpoint="none",method="GET",status="4xx"}' in answer.text
    assert 'method="other"' in answer.text
    assert "alc_app_leads_not_shown 0.0" in answer.text
    assert "process_cpu_seconds_total" in answer.text
    assert "python_gc" not in answer.text
    assert web.get("/metrics", environ_base={"REMOTE_ADDR": "192.0.2.1"}).status_code == 404


@pytest.mark.parametrize(("token", "expected"), [("", 404), ("the-token", 200)])
def test_in_production_numbers_need_a_token(
    services: Services, web: FlaskClient, monkeypatch: pytest.MonkeyPatch, token: str, expected: int
) -> None:
    """A proxy on this machine makes every stranger look like loopback."""
    monkeypatch.setattr(services, "config", _production(services.config.home, token))

    assert web.get("/metrics", headers=TOKEN).status_code == expected


@pytest.mark.parametrize(
    "header", [None, "Bearer", "Bearer the-toke", "Bearer the-token ", "Basic the-token", "Bearer é"]
)
def test_a_wrong_token_opens_nothing(
    services: Services, web: FlaskClient, monkeypatch: pytest.MonkeyPatch, header: str | None
) -> None:
    """Not even for loopback."""
    monkeypatch.setattr(services, "config", _production(services.config.home, "the-token"))

    answer = web.get("/metrics", headers={"Authorization": header} if header else {})

    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, 'Bearer realm="metrics"')
    assert "alc_app" not in answer.text


def test_a_scrape_is_cheap(web: FlaskClient) -> None:
    """Once a second would be fine: 50 ms of a processor, however busy the machine is."""
    took = []
    for _ in range(5):
        started = time.thread_time()
        web.get("/metrics")
        took.append(time.thread_time() - started)

    assert min(took) < 0.05


def _production(home: Path, token: str) -> Config:
    return Config.from_env(
        home=home,
        env="production",
        url="https://app.test",
        metrics_token=token,
        alc_client_secret="s",
        **SETTINGS,
        **SIGN_IN,
    )
