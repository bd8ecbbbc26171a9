"""Connections: made or undone completely, and cleaned up until nothing is left at ALC."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import requests
import responses
import time_machine
from sqlalchemy import text

from alc_app.attio import App, Connection, Events, Record
from alc_app.attio.server import create_webhook_handler
from alc_app.clients.alc_api import AlcRefused
from alc_app.runtime.jobs.connection_lifecycle import GIVE_UP_AFTER, Lifecycle
from alc_app.runtime.services import WORKSPACE, Services
from tests.support.fakes.engine import FakeEngine
from tests.unit.runtime.conftest import ALC, FRESH, REVOKE, TOKEN, posts

Event = Callable[[Connection], None]


class Install:
    """An installation whose two event handlers do what the test says, and remember whom they were called for."""

    def __init__(self, make_services: Callable[..., Services]) -> None:
        self.called: list[str] = []
        self.added: Event = lambda _: None
        self.removed: Event = lambda _: None
        events = Events(self._added, self._removed)
        self.services = make_services(App(Record(), [], {"lead_processed": lambda _: None}, events))  # never called
        self.services.engine = FakeEngine()
        self.lifecycle = Lifecycle(self.services)

    def _added(self, connection: Connection) -> None:
        self.called.append("added")
        self.added(connection)

    def _removed(self, connection: Connection) -> None:
        self.called.append("removed")
        self.removed(connection)

    def flow(self) -> str:
        """A callback that was accepted."""
        url = self.services.oauth_flows.begin("browser")
        state = url.partition("state=")[2].partition("&")[0]
        return self.services.oauth_flows.accept({"state": [state], "code": ["the-code"], "iss": [ALC]}, "browser")

    def connect(self) -> dict[str, object]:
        """The durable run that ends an installation."""
        return self.lifecycle.connect(self.flow())

    def statuses(self) -> list[str]:
        """Every connection there ever was, the oldest first."""
        with self.services.database.transaction() as session:
            rows = session.connection().execute(text("select status from connection order by created_at"))
            return [row[0] for row in rows]


@pytest.fixture
def install(make_services: Callable[..., Services], alc: responses.RequestsMock) -> Install:
    """Steps run without being recorded."""
    alc.post(TOKEN, json=FRESH)
    return Install(make_services)


@pytest.fixture
def revocable(alc: responses.RequestsMock) -> None:
    """ALC takes revocations."""
    alc.post(REVOKE, body="")


def fail(*_: object) -> None:
    """An event handler that ALC refuses."""
    raise AlcRefused("No.")


def break_(*_: object) -> None:
    """An event handler with a bug."""
    raise ZeroDivisionError("canary")


def test_a_connection_is_saved_after_its_event_handler(install: Install) -> None:
    """Installation 4-7: while it runs, the connection is not there yet."""
    seen: list[object] = []
    install.added = lambda connection: seen.extend([connection.value, install.services.connections.live(WORKSPACE)])

    assert "ok" in install.connect()
    assert seen == ["new-access", None]
    assert install.statuses() == ["active"]


@pytest.mark.usefixtures("revocable")
@pytest.mark.parametrize(("handler", "name"), [(fail, "AlcRefused"), (break_, "ServerFunctionError")])
def test_an_added_that_raises_undoes_everything(
    install: Install, alc: responses.RequestsMock, handler: Event, name: str
) -> None:
    """C8: handlers gone, tokens revoked and erased, and Connect works again."""

    def added(connection: Connection) -> None:
        create_webhook_handler("lead_processed")
        handler(connection)

    install.added = added
    result = install.connect()

    assert result["error"]["name"] == name
    assert "canary" not in str(result)
    assert install.called == ["added", "removed"]
    assert install.statuses() == ["removed"]
    assert len(posts(alc, REVOKE)) == 2

    install.added = lambda _: None
    assert "ok" in install.connect()


def test_a_code_that_cannot_be_redeemed_saves_nothing_and_is_not_used_again(
    install: Install, alc: responses.RequestsMock
) -> None:
    """Install 3: the person starts over."""
    alc.replace("POST", TOKEN, body=requests.ReadTimeout("late"))
    flow = install.flow()

    assert install.lifecycle.connect(flow)["error"]["name"] == "OAuthFailed"
    again = install.lifecycle.connect(flow)

    assert "interrupted" in again["error"]["message"]
    assert len(posts(alc, TOKEN)) == 1
    assert not install.called
    assert not install.statuses()


@pytest.mark.usefixtures("revocable")
def test_a_second_connection_replaces_the_first(install: Install) -> None:
    """C11: the new one is saved before the old one is cleaned up."""
    install.connect()
    install.connect()

    assert install.statuses() == ["removed", "active"]
    assert install.called == ["added", "added", "removed"]


def remove(install: Install) -> dict[str, object]:
    """The durable run of a removal, or of another try."""
    with install.services.database.transaction() as session:
        connection_id = session.connection().execute(text("select id from connection")).scalar_one()
    return install.lifecycle.remove(connection_id)


def test_a_crash_after_the_tokens_were_stored_loses_nothing(install: Install, alc: responses.RequestsMock) -> None:
    """Install 3-4: the code is spent, and the connection is known by the flow that it came from."""
    flow = install.flow()
    stored = install.lifecycle._redeem(flow)

    assert install.lifecycle.connect(flow) == {"ok": stored}
    assert install.statuses() == ["active"]
    assert len(posts(alc, TOKEN)) == 1


@pytest.mark.usefixtures("revocable")
def test_a_removal_revokes_erases_and_can_be_run_again(install: Install, alc: responses.RequestsMock) -> None:
    """O20, C11, I5: once is enough."""
    install.connect()

    assert "ok" in remove(install)
    assert "ok" in remove(install)
    assert install.statuses() == ["removed"]
    assert install.called == ["added", "removed"]
    assert len(posts(alc, REVOKE)) == 2


def disconnect(install: Install, removal: str) -> dict[str, object]:
    """A person presses Disconnect in a workspace with this setting."""
    return install.lifecycle.disconnect(install.services.connections.usable_id(WORKSPACE), strict=removal == "strict")


@pytest.mark.usefixtures("revocable")
@pytest.mark.parametrize("handler", [fail, break_])
def test_strict_a_failed_removed_handler_keeps_the_connection_and_says_why(install: Install, handler: Event) -> None:
    """C12, Attio's reference: sends and deliveries go on as before, and the next attempt may pass.

    What the handler had deleted before it failed is made again at once.
    """
    install.connect()
    connection_id = install.services.connections.usable_id(WORKSPACE)
    handler_id = install.services.webhook_handlers.create(connection_id, "lead_processed")
    install.removed = handler

    assert "error" in disconnect(install, "strict")
    row, address = install.services.connections.row(connection_id), install.services.webhook_handlers.row(handler_id)
    assert (row.status, bool(row.why)) == ("active", True)
    assert row.due_at and row.due_at <= install.services.now()
    assert address
    assert address.gone_at is None

    install.lifecycle.restore(connection_id)
    assert install.called == ["added", "removed", "added"]
    row = install.services.connections.row(connection_id)
    assert (row.status, row.due_at, bool(row.why)) == ("active", None, True)

    install.removed = lambda _: None
    assert "ok" in disconnect(install, "strict")
    assert install.statuses() == ["removed"]


def test_strict_a_removal_that_is_cut_off_is_made_good_later(install: Install) -> None:
    """C12, I6: the connection is due from before the first deletion on, whatever becomes of the run."""
    install.connect()
    seen: list[float | None] = []
    connection_id = install.services.connections.usable_id(WORKSPACE)
    install.removed = lambda _: seen.append(install.services.connections.row(connection_id).due_at)

    disconnect(install, "strict")

    assert seen[0] and seen[0] > install.services.now()


@pytest.mark.parametrize("handler", [fail, break_])
def test_a_connection_that_cannot_be_completed_is_tried_again(install: Install, handler: Event) -> None:
    """C12: with longer and longer waits, and it stays in use."""
    install.connect()
    connection_id = install.services.connections.usable_id(WORKSPACE)
    install.added = handler

    waits = []
    for _ in range(12):
        install.lifecycle.restore(connection_id)
        row = install.services.connections.row(connection_id)
        waits.append((row.due_at or 0) - install.services.now())

    assert row.status == "active"
    assert [round(wait, -1) for wait in waits[1:3]] == [10, 20]
    assert round(waits[-1], -1) == 3600

    install.added = lambda _: None
    assert "ok" in install.lifecycle.restore(connection_id)
    row = install.services.connections.row(connection_id)
    assert (row.tries, row.due_at) == (0, None)


@pytest.mark.usefixtures("revocable")
def test_a_connection_that_was_given_up_is_not_taken_up_by_its_late_install(install: Install) -> None:
    """C8: its worker died, and it was removed before another worker went on with the run."""
    flow = install.flow()
    connection_id = install.lifecycle._redeem(flow)
    install.lifecycle.remove(connection_id)

    assert "error" in install.lifecycle.connect(flow)

    assert install.statuses() == ["removed"]


@pytest.mark.usefixtures("revocable")
def test_as_in_the_tutorial_a_failed_removed_handler_removes_the_connection_all_the_same(install: Install) -> None:
    """C12: what is left at ALC is cleaned up later."""
    install.connect()
    install.removed = fail

    assert "error" in disconnect(install, "tutorial")
    assert install.statuses() == ["removing"]


@pytest.mark.usefixtures("revocable")
@pytest.mark.parametrize("handler", [fail, break_])
def test_sends_and_addresses_end_at_once_even_when_alc_is_down(install: Install, handler: Event) -> None:
    """C10: the sealed tokens stay for the next try, which is due soon."""
    install.connect()
    connection_id = install.services.connections.usable_id(WORKSPACE)
    handler_id = install.services.webhook_handlers.create(connection_id, "lead_processed")
    install.removed = handler

    assert "error" in remove(install)
    row, address = install.services.connections.row(connection_id), install.services.webhook_handlers.row(handler_id)
    assert address
    assert address.gone_at
    assert install.services.connections.live(WORKSPACE) is None
    assert (row.status, bool(row.access_token), row.tries) == ("removing", True, 1)
    assert row.due_at

    install.removed = lambda _: None
    assert "ok" in remove(install)
    assert install.statuses() == ["removed"]


def test_a_revocation_that_fails_keeps_the_job(install: Install, alc: responses.RequestsMock) -> None:
    """O20: tokens are erased last."""
    install.connect()
    alc.post(REVOKE, status=503)

    assert "error" in remove(install)
    assert install.statuses() == ["removing"]


@pytest.mark.parametrize("age", [0, 400])
def test_a_clean_up_is_given_up_after_thirty_days_of_trying(
    install: Install, alc: responses.RequestsMock, age: int, caplog: pytest.LogCaptureFixture
) -> None:
    """C10: counted from the removal, however old the connection was."""
    install.connect()
    alc.post(REVOKE, status=503)
    now = datetime.now(UTC) + timedelta(days=age)

    for hours in (0, 1, 24 * 29):
        with time_machine.travel(now + timedelta(hours=hours), tick=False):
            remove(install)
        assert install.statuses() == ["removing"]
    with time_machine.travel(now + timedelta(seconds=GIVE_UP_AFTER + 60), tick=False):
        remove(install)

    assert install.statuses() == ["given_up"]
    assert not install.services.connections.row(install.services.connections.given_up(WORKSPACE)[0].id).access_token
    assert "Giving up" in caplog.text


def test_open_pages_are_told_of_each_change(install: Install, alc: responses.RequestsMock) -> None:
    """Installation 4, Removal: the install page follows."""
    install.connect()
    alc.post(REVOKE, status=503)
    remove(install)
    alc.replace("POST", REVOKE, body="")
    remove(install)

    with install.services.database.transaction() as session:
        rows = session.connection().execute(text("select data from live_event where kind = 'connection' order by id"))
        told = [row[0] for row in rows]
    assert [data.split('"')[3] for data in told] == ["active", "removing", "cleaning", "removing", "removed"]


def test_a_dead_grant_is_cleaned_up_with_the_workspaces_new_connection(
    install: Install, alc: responses.RequestsMock
) -> None:
    """I2, C10: ALC has revoked the old grant; its webhook is deleted with the key that works."""
    alc.post(TOKEN, json={**FRESH, "access_token": "second-access"})
    alc.post(TOKEN, json={"error": "invalid_grant"}, status=400)
    alc.post(REVOKE, status=200)
    old = install.connect()["ok"]
    with install.services.database.transaction() as session:
        session.connection().execute(text("update connection set refresh_at = 0"))
    keys: list[str] = []
    install.removed = lambda connection: keys.append(connection.value)

    install.connect()

    assert keys == ["second-access"]
    assert install.services.connections.row(str(old)).status == "removed"
    assert install.statuses() == ["removed", "active"]
