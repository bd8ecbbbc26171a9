"""Connections: sealed tokens, one refresh for all, and what happens when ALC refuses or does not answer."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from threading import Barrier

import pytest
import requests
import responses
import time_machine
from cryptography.fernet import Fernet
from sqlalchemy import text
from sqlmodel import select

from alc_app.attio import AttioConnectionExpiredError, AttioNoWorkspaceConnectionError
from alc_app.config.settings import Config
from alc_app.runtime.http_client import CONNECT_TIMEOUT, TOTAL_TIMEOUT
from alc_app.runtime.oauth_client import OAuthFailed, Tokens
from alc_app.runtime.services import WORKSPACE, Services
from alc_app.runtime.storage.database import BUSY_TIMEOUT
from alc_app.runtime.storage.tables import LiveEvent
from alc_app.runtime.stores import connections
from alc_app.runtime.stores.connections import Connections
from tests.support.waiting import eventually
from tests.unit.runtime.conftest import FRESH, METADATA, METADATA_BODY, REVOKE, TOKEN, posts

Connect = Callable[..., str]


def test_no_token_is_readable_in_the_database(services: Services, connect: Connect) -> None:
    """O17: as bytes, journal included."""
    connect()

    raw = b"".join(path.read_bytes() for path in services.config.home.glob("*.db*"))
    assert b"old-access" not in raw
    assert b"old-refresh" not in raw


def test_a_row_that_was_swapped_cannot_be_opened(services: Services, connect: Connect) -> None:
    """O17, O19: a sealed value belongs to its row and column; the connection needs a reconnect, and nothing breaks."""
    connection_id = connect()
    with services.database.transaction() as session:
        session.connection().execute(text("update connection set access_token = refresh_token"))

    with pytest.raises(AttioConnectionExpiredError, match="reconnect"):
        services.connections.with_fresh_token(connection_id)
    assert services.connections.row(connection_id).status == "needs_reconnect"


def test_a_connection_whose_key_was_not_at_hand_is_in_use_again_when_it_is_back(
    make_services: Callable[..., Services], config: Config, connect: Connect
) -> None:
    """O19: a wrong key is reported as such, and needs no reconnect once it is corrected."""
    connection_id = connect()
    keys = config.home / "sealing_key"
    good = keys.read_text()
    keys.write_text(Fernet.generate_key().decode())
    wrong = make_services()
    with pytest.raises(AttioConnectionExpiredError, match="The key for the connection is missing"):
        wrong.connections.with_fresh_token(connection_id)
    with pytest.raises(AttioConnectionExpiredError, match="is missing"):
        wrong.connections.usable_id(WORKSPACE)
    wrong.connections.reactivate()
    assert wrong.connections.row(connection_id).status == "needs_reconnect"

    keys.write_text(good)
    services = make_services()
    services.connections.reactivate()

    assert services.connections.usable_id(WORKSPACE) == connection_id
    assert services.connections.with_fresh_token(connection_id).value == "old-access"


@pytest.mark.parametrize(("lifetime", "fresh_for"), [(30, 22), (240, 179), (3600, 3539)])
def test_a_token_is_used_until_shortly_before_its_end(
    services: Services, connect: Connect, alc: responses.RequestsMock, lifetime: float, fresh_for: float
) -> None:
    """O15: a minute, or a quarter of a short life; not a refresh for every call."""
    alc.post(TOKEN, json=FRESH)
    connection_id = connect(lifetime=lifetime)
    now = datetime.now(UTC)

    with time_machine.travel(now + timedelta(seconds=fresh_for - 1), tick=False):
        assert services.connections.with_fresh_token(connection_id).value == "old-access"
    with time_machine.travel(now + timedelta(seconds=fresh_for + 2), tick=False):
        assert services.connections.with_fresh_token(connection_id).value == "new-access"


def test_eight_that_need_a_fresh_token_share_one_refresh(
    services: Services, connect: Connect, alc: responses.RequestsMock
) -> None:
    """O12: and all get its result."""
    alc.post(TOKEN, json=FRESH)
    connection_id, start = connect(lifetime=-1), Barrier(8)

    def open_it(_: int) -> str:
        start.wait()
        return services.connections.with_fresh_token(connection_id).value

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(open_it, range(8))) == {"new-access"}
    assert len(posts(alc, TOKEN)) == 1


def test_two_houses_on_one_database_share_one_refresh(
    make_services: Callable[..., Services], connect: Connect, alc: responses.RequestsMock
) -> None:
    """O12: the lock is a row, so it holds between processes."""
    alc.post(TOKEN, json=FRESH)
    houses, connection_id, start = [make_services(), make_services()], connect(lifetime=-1), Barrier(2)

    def open_it(services: Services) -> str:
        start.wait()
        return services.connections.with_fresh_token(connection_id).value

    with ThreadPoolExecutor(2) as pool:
        assert set(pool.map(open_it, houses)) == {"new-access"}
    assert len(posts(alc, TOKEN)) == 1


def test_a_slow_alc_gets_the_refresh_token_once(
    make_services: Callable[..., Services],
    connect: Connect,
    alc: responses.RequestsMock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """O12: the lease begins after the metadata have been fetched, however long that takes, and covers the request."""
    monkeypatch.setattr(connections, "REFRESH_LEASE", 1.2)
    slow_alc(alc)
    installations, connection_id, start = [make_services(), make_services()], connect(lifetime=-1), Barrier(2)

    def open_it(number: int) -> str:
        start.wait()
        time.sleep(number * 0.3)  # the second one would find the lease of the first one expired
        return installations[number].connections.with_fresh_token(connection_id).value

    with ThreadPoolExecutor(2) as pool:
        assert set(pool.map(open_it, range(2))) == {"new-access"}
    assert len(posts(alc, TOKEN)) == 1


def test_a_machine_whose_clock_is_ahead_waits_like_any_other(
    services: Services, make_services: Callable[..., Services], connect: Connect, alc: responses.RequestsMock
) -> None:
    """O12, O16: the lease goes by the database's clock, so nobody takes it from a machine that is still refreshing."""
    alc.add_callback(responses.POST, TOKEN, callback=slowly)
    connection_id, ahead = connect(lifetime=-1), make_services()
    for hours, each in ((1, ahead), (-1, services)):
        clock = partial(_hours_off, hours)
        each.connections = Connections(each.database, each.sealer, each.oauth, each.call_limit, clock)

    with ThreadPoolExecutor(2) as pool:
        behind = pool.submit(services.connections.refresh, connection_id, 1)
        eventually(lambda: services.connections.row(connection_id).refreshing_until > 0)
        assert ahead.connections.refresh(connection_id, 1).value == behind.result().value == "new-access"
    assert len(posts(alc, TOKEN)) == 1


def test_a_lease_is_longer_than_what_it_guards() -> None:
    """O12: connecting, one whole answer and the wait for the database, with a margin."""
    assert connections.REFRESH_LEASE >= CONNECT_TIMEOUT + TOTAL_TIMEOUT + BUSY_TIMEOUT + 10


def _hours_off(hours: float) -> float:
    return time.time() + hours * 3600


def slowly(_: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
    """Answer a token request after a while."""
    time.sleep(0.8)
    return 200, {}, json.dumps(FRESH)


def slow_alc(alc: responses.RequestsMock) -> None:
    """Have ALC answer everything after a while."""

    def metadata(_: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
        time.sleep(0.8)
        return 200, {}, json.dumps(METADATA_BODY)

    alc.remove(responses.GET, METADATA)
    alc.add_callback(responses.GET, METADATA, callback=metadata)
    alc.add_callback(responses.POST, TOKEN, callback=slowly)


def test_both_new_tokens_are_stored_before_either_is_used(
    services: Services, connect: Connect, alc: responses.RequestsMock
) -> None:
    """O14: the next refresh sends the rotated token."""
    alc.post(TOKEN, json=FRESH)
    connection_id = connect(lifetime=-1)
    services.connections.with_fresh_token(connection_id)
    row = services.connections.row(connection_id)

    services.connections.refresh(connection_id, row.token_version)

    assert "refresh_token=old-refresh" in posts(alc, TOKEN)[0]
    assert "refresh_token=new-refresh" in posts(alc, TOKEN)[1]
    assert services.connections.row(connection_id).token_version == row.token_version + 1


def test_a_token_that_others_have_refreshed_is_just_read(
    services: Services, connect: Connect, alc: responses.RequestsMock
) -> None:
    """O12: a caller that saw an older version refreshes nothing."""
    connection_id = connect()

    assert services.connections.refresh(connection_id, seen_version=0).value == "old-access"
    assert not posts(alc, TOKEN)


def test_a_refresh_that_alc_refuses_ends_in_needs_reconnect_and_no_loop(
    services: Services, connect: Connect, alc: responses.RequestsMock
) -> None:
    """O14: with advice; ALC is not called again."""
    alc.post(TOKEN, json={"error": "invalid_grant"}, status=400)
    connection_id = connect(lifetime=-1)

    with pytest.raises(AttioConnectionExpiredError, match="reconnect"):
        services.connections.with_fresh_token(connection_id)
    with pytest.raises(AttioConnectionExpiredError, match="reconnect"):
        services.connections.usable_id(WORKSPACE)
    assert len(posts(alc, TOKEN)) == 1
    with services.database.reading() as session:
        assert [json.loads(told.data) for told in session.exec(select(LiveEvent))] == [{"status": "needs_reconnect"}]


@pytest.mark.parametrize("code", ["temporarily_unavailable", "server_error", "invalid_client", "something_new"])
def test_a_refresh_that_fails_for_now_keeps_the_connection(
    services: Services, connect: Connect, alc: responses.RequestsMock, code: str
) -> None:
    """O14: a 400 that is not about the grant passes; the next try has the new tokens, and nobody had to reconnect."""
    alc.post(TOKEN, json={"error": code}, status=400)
    alc.post(TOKEN, json=FRESH)
    connection_id = connect(lifetime=-1)

    with pytest.raises(AttioConnectionExpiredError, match="try again"):
        services.connections.with_fresh_token(connection_id)
    assert services.connections.row(connection_id).status == "active"

    assert services.connections.with_fresh_token(connection_id).value == "new-access"


@pytest.mark.parametrize("status", [429, 503, 400])
def test_no_process_refreshes_before_alc_allows_it(
    services: Services, connect: Connect, alc: responses.RequestsMock, status: int
) -> None:
    """R21, O14: Retry-After of the token endpoint is obeyed by all, and told to the caller."""
    alc.post(TOKEN, json={"error": "temporarily_unavailable"}, status=status, headers={"Retry-After": "30"})
    connection_id = connect(lifetime=-1)

    for _ in range(3):
        with pytest.raises(AttioConnectionExpiredError, match="try again") as raised:
            services.connections.with_fresh_token(connection_id)
        assert raised.value.retry_after == pytest.approx(30, abs=2)

    assert len(posts(alc, TOKEN)) == 1
    assert services.connections.row(connection_id).status == "active"


def test_a_refresh_whose_answer_is_lost_keeps_the_old_token_for_the_next_try(
    services: Services, connect: Connect, alc: responses.RequestsMock
) -> None:
    """O14: and the lease is released at once."""
    alc.post(TOKEN, body=requests.ReadTimeout("late"))
    alc.post(TOKEN, json=FRESH)
    connection_id = connect(lifetime=-1)

    with pytest.raises(AttioConnectionExpiredError, match="try again"):
        services.connections.with_fresh_token(connection_id)
    assert services.connections.row(connection_id).status == "active"

    assert services.connections.with_fresh_token(connection_id).value == "new-access"
    assert "refresh_token=old-refresh" in posts(alc, TOKEN)[1]


@pytest.mark.parametrize("ends_in", [0.1, 86_400], ids=["soon", "after the clock was set back by a day"])
def test_a_lease_of_a_process_that_died_runs_out(
    services: Services, connect: Connect, alc: responses.RequestsMock, ends_in: float
) -> None:
    """O12, O14: another one refreshes after a while; at once if the lease is from before the clock was set back."""
    alc.post(TOKEN, json=FRESH)
    connection_id = connect(lifetime=-1)
    with services.database.transaction() as session:
        session.connection().execute(text("update connection set refreshing_until = :t"), {"t": time.time() + ends_in})

    assert services.connections.with_fresh_token(connection_id).value == "new-access"


def test_without_a_refresh_token_the_old_one_is_used_as_long_as_alc_takes_it(
    services: Services, connect: Connect, alc: responses.RequestsMock
) -> None:
    """O16: the clock does not decide; a 401 does."""
    assert services.connections.with_fresh_token(connect(lifetime=-1, refresh_token="")).value == "old-access"
    assert not posts(alc, TOKEN)


def test_a_workspace_has_one_live_connection(services: Services, connect: Connect) -> None:
    """C11: a new one takes the old one's place, which is then to be removed."""
    old, new = connect(), services.connections.add(WORKSPACE, Tokens("a", "r", time.time() + 60, ""))

    assert services.connections.activate(new) == old
    assert services.connections.usable_id(WORKSPACE) == new
    assert services.connections.row(old).status == "removing"


def test_a_connection_that_was_given_up_cannot_be_saved(services: Services, connect: Connect) -> None:
    """C8: its clean-up has begun."""
    connection_id = connect()
    services.connections.erase(connection_id)

    with pytest.raises(OAuthFailed):
        services.connections.activate(connection_id)


def test_without_a_connection_calls_say_so(services: Services) -> None:
    """Usage 8: one that is only being added does not count."""
    services.connections.add(WORKSPACE, Tokens("a", "r", time.time() + 60, ""))

    with pytest.raises(AttioNoWorkspaceConnectionError):
        services.connections.usable_id(WORKSPACE)


def test_connections_of_two_workspaces_do_not_touch(services: Services, connect: Connect) -> None:
    """C16: removing one leaves the other working."""
    ours = connect()
    theirs = services.connections.add("another", Tokens("theirs", "r", time.time() + 3600, ""))
    services.connections.activate(theirs)
    services.connections.erase(ours)

    assert services.connections.with_fresh_token(services.connections.usable_id("another")).value == "theirs"


def test_the_refresh_token_is_revoked_first_and_both_are_erased(
    services: Services, connect: Connect, alc: responses.RequestsMock
) -> None:
    """O20, I5: a failure in between leaves nothing that could make new tokens."""
    alc.post(REVOKE, body="")
    connection_id = connect()
    services.connections.revoke(connection_id)
    services.connections.erase(connection_id)

    assert ["old-refresh" in body for body in posts(alc, REVOKE)] == [True, False]
    row = services.connections.row(connection_id)
    assert (row.status, row.access_token, row.refresh_token, row.username) == ("removed", "", "", "")
    with pytest.raises(AttioConnectionExpiredError):
        services.connections.with_fresh_token(connection_id)


def test_saving_a_connection_twice_is_saving_it_once(services: Services, connect: Callable[..., str]) -> None:
    """C8, I6: after a crash the run activates again; it returns the replaced connection again, which has a due time."""
    old = connect()
    new = services.connections.add(WORKSPACE, Tokens("at", "rt", time.time() + 3600, ""))

    assert services.connections.activate(new) == old
    assert services.connections.activate(new) == old
    assert services.connections.row(old).status == "removing"
    assert services.connections.row(old).due_at is not None


def test_a_refresh_that_ends_after_the_removal_keeps_nothing(
    services: Services, connect: Connect, alc: responses.RequestsMock
) -> None:
    """I5, O20: the new tokens are revoked at once, and the removed row stays empty."""
    connection_id = connect()

    def removed_meanwhile(_: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
        services.connections.erase(connection_id)
        return 200, {}, json.dumps(FRESH)

    alc.add_callback(responses.POST, TOKEN, callback=removed_meanwhile)
    alc.post(REVOKE, status=200)

    with pytest.raises(AttioNoWorkspaceConnectionError):
        services.connections.refresh(connection_id, 1)

    assert services.connections.row(connection_id).access_token == ""
    assert "new-refresh" in posts(alc, REVOKE)[0]


def test_a_refusal_that_comes_late_ends_no_connection_that_was_refreshed_meanwhile(
    services: Services, make_services: Callable[..., Services], connect: Connect, alc: responses.RequestsMock
) -> None:
    """O12: a process stood still for longer than its lease, and ALC refuses the token that it used before the other."""
    connection_id = connect(lifetime=-1)
    others = make_services()

    def refuse_late(_request: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
        alc.remove(responses.POST, TOKEN)
        alc.post(TOKEN, json=FRESH)
        others.connections._release_refresh_lease(connection_id)  # it has ended
        assert others.connections.with_fresh_token(connection_id).value == "new-access"
        return 400, {}, json.dumps({"error": "invalid_grant"})

    alc.add_callback(responses.POST, TOKEN, callback=refuse_late)

    assert services.connections.with_fresh_token(connection_id).value == "new-access"
    assert services.connections.row(connection_id).status == "active"


def test_a_refused_refresh_gives_its_lease_back(
    services: Services, connect: Connect, alc: responses.RequestsMock
) -> None:
    """O14: the next one does not have to wait for it."""
    alc.post(TOKEN, json={"error": "invalid_grant"}, status=400)
    connection_id = connect()

    with pytest.raises(AttioConnectionExpiredError):
        services.connections.refresh(connection_id, 1)

    assert services.connections.row(connection_id).refreshing_until == 0


def test_after_a_refused_refresh_nobody_opens_the_access_token_again(
    services: Services, connect: Connect, alc: responses.RequestsMock
) -> None:
    """C10: so a clean-up uses the token of the next connection, before our clock says that this one is expired."""
    alc.post(TOKEN, json={"error": "invalid_grant"}, status=400)
    connection_id = connect()
    with pytest.raises(AttioConnectionExpiredError):
        services.connections.refresh(connection_id, 1)

    with pytest.raises(AttioConnectionExpiredError):
        services.connections.with_fresh_token(connection_id)
