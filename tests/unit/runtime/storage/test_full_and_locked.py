"""Databases that are locked, full or read-only: refused in time, nothing half done, and no restart needed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest
import responses
from flask.testing import FlaskClient
from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError

from alc_app.config.settings import Config
from alc_app.runtime.services import Services
from alc_app.runtime.storage import database
from alc_app.runtime.stores import inbox as inbox_module
from alc_app.runtime.stores.inbox import NotStored
from alc_app.web.factory import build
from tests.support.chaos.disks import full, locked, read_only
from tests.support.waiting import PATIENCE, eventually

CONNECT = "/connections/alc/connect"
OWN = "http://127.0.0.1:8000"
"""The app's own address: opened at another name, Connect leads here first."""
Trouble = Callable[[Engine], AbstractContextManager[None]]


@pytest.fixture(params=[locked, full, read_only], ids=["locked", "full", "read-only"])
def trouble(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Trouble:
    """The faults of a file, with short timeouts for locks."""
    monkeypatch.setattr(database, "BUSY_TIMEOUT", 0.05)
    found: Trouble = request.param
    return found


@pytest.fixture
def visitor(config: Config, trouble: Trouble, make_services: Callable[..., Services]) -> Iterator[FlaskClient]:
    """The whole web process, asked in process."""
    del trouble, make_services  # they come first: the time to wait for a lock, and tables that are quick to make
    app = build(config)
    yield app.test_client()
    app.extensions["services"].close()


def house_of(visitor: FlaskClient) -> Services:
    """Its services."""
    found: Services = visitor.application.extensions["services"]
    return found


def test_a_click_on_connect_is_refused_whole(
    visitor: FlaskClient, trouble: Trouble, alc: responses.RequestsMock
) -> None:
    """C14: 503 in the words of our error page; no flow is left, and the next click works."""
    del alc
    services = house_of(visitor)

    begun = 0
    with trouble(services.database.engine):
        while (answer := visitor.get(CONNECT, base_url=OWN, headers={"Accept": "text/html"})).status_code == 303:
            begun += 1  # a last page may have room for some rows
    with services.database.reading() as session:
        flows = session.connection().execute(text("select count(*) from oauth_flow")).scalar_one()

    assert (answer.status_code, answer.headers["Retry-After"], flows) == (503, "5", begun)
    assert "full or read-only" in answer.text
    assert visitor.get(CONNECT, base_url=OWN).status_code == 303


def test_pages_are_read_while_nobody_can_write(visitor: FlaskClient, trouble: Trouble) -> None:
    """C13: readers wait for no writer."""
    with trouble(house_of(visitor).database.engine):
        assert visitor.get("/apps/alc").status_code == 200


def test_a_delivery_is_not_stored_and_the_next_one_is(trouble: Trouble, services: Services) -> None:
    """C14, R17: for every way in which a disk can refuse."""
    with trouble(services.inbox._database.engine), pytest.raises(NotStored):
        services.inbox.put("handler", "msg_1", b"x" * 60_000, "new")

    assert services.inbox.put("handler", "msg_1", b"x" * 60_000, "new") == "stored"


def test_behind_a_writer_that_is_stuck_nobody_waits(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    """C14, R21: a lock blocks the threads that wait already; later requests are refused at once."""
    monkeypatch.setattr(inbox_module, "SLOW_WRITE", 0.0)
    outcomes: list[object] = []

    def deliver() -> None:
        outcomes.append(services.inbox.put("handler", "msg_1", b"{}", "new"))

    with locked(services.inbox._database.engine):
        first = threading.Thread(target=deliver)
        first.start()
        eventually(lambda: services.inbox._writing_since != float("inf"))
        started = time.monotonic()
        with pytest.raises(NotStored, match="too slow"):
            services.inbox.put("handler", "msg_2", b"{}", "new")
        assert time.monotonic() - started < 1
    first.join(timeout=PATIENCE)
    eventually(lambda: services.inbox._writing_since == float("inf"))  # after the answer it rings

    assert outcomes == ["stored"]
    assert services.inbox.put("handler", "msg_2", b"{}", "new") == "stored"


def test_a_run_cannot_be_asked_for_and_then_it_can(trouble: Trouble, services: Services) -> None:
    """C14: DBOS would wait forever; a click does not."""
    assert services.engine.is_up()
    started = time.monotonic()
    with trouble(services.engine._database), pytest.raises(OperationalError):
        services.engine.enqueue("connect", "x" * 60_000, queue="lifecycle", run_id="run")
    assert time.monotonic() - started < 5

    assert services.engine.enqueue("connect", "x", queue="lifecycle", run_id="run") == "run"
    assert services.engine.enqueue("connect", "x", queue="lifecycle", run_id="run") == "run"
