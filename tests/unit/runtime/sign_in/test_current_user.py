"""The SDK knows whose click it is: in the web process, on the worker, and in a workflow's run."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from alc_app.attio import App, Events, Record
from alc_app.attio.host.context import running
from alc_app.attio.server import get_current_user, server_function
from alc_app.clients.graphql_loader import execute
from alc_app.runtime.context import AppContext
from alc_app.runtime.jobs.worker import Worker
from alc_app.runtime.services import Services
from alc_app.runtime.sign_in.people import Person, acting, current_person
from tests.support.fakes.engine import FakeEngine

ROBIN = Person("robin", "robin@example.com", "Robin Marsh", "admin")


def test_the_user_is_the_person_and_nobody_where_nobody_has_clicked(services: Services) -> None:
    """As Attio's `getCurrentUser()`: null for a webhook."""
    with running(AppContext(services)):
        assert get_current_user() is None
        with acting(ROBIN):
            user = get_current_user()
    assert user
    assert user.id == "robin"


def test_graphql_tells_of_the_person(services: Services) -> None:
    """`currentUser` has id, email and name, without a call to Attio."""
    with acting(ROBIN), running(AppContext(services)):
        found = execute("{ currentUser { id email name } }", {})

    assert found["data"] == {"currentUser": {"id": "robin", "email": "robin@example.com", "name": "Robin Marsh"}}


def test_a_server_function_on_the_worker_knows_who_has_clicked(
    make_services: Callable[..., Services], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The id goes with the run; a run of an older version, without one, is nobody's."""

    @server_function()
    def who() -> str | None:
        user = get_current_user()
        return user.id if user else None

    services = make_services(App(Record([]), [who], {}, Events(lambda _: None, lambda _: None)))
    services.people.save(ROBIN)
    services.engine = FakeEngine()
    monkeypatch.setattr(services.engine, "run_id", lambda: "run", raising=False)
    worker = Worker(services)

    assert worker.server_function("who", [], "robin") == {"ok": "robin"}
    assert worker.server_function("who", []) == {"ok": None}
    assert worker.server_function("who", [], "somebody who is not known") == {"ok": None}
    assert current_person() is None
