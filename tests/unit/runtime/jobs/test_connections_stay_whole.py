"""A connection is whole or not there: also when ALC refuses its removal in the middle, or when it is replaced."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from alc_app.attio.host.context import running
from alc_app.attio.settings import set_settings
from alc_app.runtime.context import AppContext
from alc_app.runtime.workflows.activations import WorkflowActivations
from alc_app.settings.schema import schema
from tests.support.chaos.world import World, world
from tests.support.fakes.peers import ALC, ATTIO
from tests.support.fakes.runtime import Fault, answer_lost, passes, says, unreachable

RECORD = "00000001-1111-4111-8111-111111111111"
DELETE = "DELETE /api/v1/webhooks/"
REFUSALS = [says(500), says(403), unreachable, answer_lost]


@pytest.fixture(scope="module")
def one_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A connected installation with strict removal and a workflow that is switched on."""
    with world(Path(tmp_path_factory.mktemp("world"))) as it:
        it.connect()
        with running(AppContext(it.services)):
            set_settings(schema, "strict_removal", True)
        WorkflowActivations(it.services).set_enabled("follow-up", enabled=True)
        assert it.peers.attio.add().id == RECORD
        settle(it)
        it.keep()
        yield it


@pytest.fixture
def at(one_world: World) -> World:
    """The installation as it was when it was complete."""
    one_world.restore()
    return one_world


def settle(at: World, seconds: float = 0.0) -> None:
    """Time passes, and whatever is due is done."""
    at.clock.now += seconds
    at.settle()


def webhooks(at: World) -> dict[str, str]:
    """The URLs that ALC and Attio call, and what for. Each is called by one webhook."""
    calls = [(webhook["url"], webhook["event"]) for webhook in at.peers.alc.webhooks.values()]
    calls += [(webhook["target_url"], "attio") for webhook in at.peers.attio.webhooks.values()]
    assert len(calls) == len(dict(calls))
    return dict(calls)


def handlers(at: World) -> list[str]:
    """The files that have a handler."""
    query = "select file_name from webhook_handler where deleted_at is null and gone_at is null"
    return sorted(row[0].partition(":")[0] for row in at.rows(query))


def assert_it_works(at: World) -> None:
    """A person is sent, both webhooks of the verdict arrive, and the workflow makes its task."""
    assert at.click(RECORD) == ["Preparing to send to ALC...", "Successfully sent to ALC!"]
    told = at.peers.alc.decide(list(at.peers.alc.leads.values())[-1], "Complete", "interested")
    assert len(told) == 2
    for message in told:
        at.deliver(message)
    settle(at)
    assert [message.answers for message in told] == [[200], [200]]
    assert at.peers.attio.people[RECORD].values["alc_status"] == "Complete"
    assert len(at.peers.attio.tasks) == 1


@pytest.mark.parametrize("refusal", REFUSALS)
@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_connection_that_is_kept_works_as_before(at: World, refusal: Fault, number: int) -> None:
    """C12: whichever handler ALC refuses: what it had deleted by then is registered again, at the same address."""
    before = webhooks(at)
    assert sorted(before.values()) == ["attio", "lead.processed", "lead.processed", "prospect.updated"]
    at.peers.fault(DELETE, *[passes] * number, refusal)

    at.disconnect()
    settle(at)

    assert webhooks(at) == before
    assert handlers(at) == ["lead_processed", "prospect_updated", "record_events", "workflow"]
    assert at.rows("select status, due_at from connection") == [("active", None)]
    assert_it_works(at)


def test_while_alc_is_away_the_connection_waits_to_be_completed(at: World) -> None:
    """C12: what ALC has deleted stays missing only until it is back."""
    before, back_at = webhooks(at), at.clock.now + 4000

    def stop_after_the_first_deletion(method: str, _: str) -> None:
        if method == "DELETE":
            at.peers.down_until[ALC] = back_at

    at.peers.before = stop_after_the_first_deletion
    at.disconnect()
    settle(at)
    settle(at, 100)
    assert len(webhooks(at)) == len(before) - 1
    assert at.rows("select status, tries > 1 from connection") == [("active", 1)]

    settle(at, 4000)
    settle(at, 3600)

    assert webhooks(at) == before
    assert_it_works(at)


@pytest.mark.parametrize("after", range(0, 36, 4))
def test_a_strict_removal_that_is_refused_may_die_anywhere(at: World, after: int) -> None:
    """C12: the run goes on, and the connection is complete at the end."""
    before = webhooks(at)
    at.peers.fault(DELETE, passes, passes, says(500))
    at.crash_plan.after = after

    at.disconnect()
    settle(at, 1000)

    assert webhooks(at) == before
    assert_it_works(at)


def test_a_removal_that_ends_in_an_error_of_the_engine_is_made_good(at: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """C12: such as a database that was locked when the refusal was to be stored: nobody waits for this run any more."""
    before = webhooks(at)
    at.peers.fault(DELETE, passes, passes, says(500))

    def locked(*_: object) -> None:
        raise OSError("database is locked")

    with monkeypatch.context() as broken:
        broken.setattr(at.worker._lifecycle, "_keep_connection", locked)
        at.disconnect()
    assert len(webhooks(at)) < len(before)

    settle(at, 121)

    assert webhooks(at) == before
    assert_it_works(at)


@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_second_try_that_alc_accepts_leaves_nothing(at: World, number: int) -> None:
    """C12: also when it follows at once, before the connection was complete again, and an answer of ALC was lost."""
    at.peers.fault(DELETE, *[passes] * number, answer_lost)
    at.disconnect()
    at.peers.fault("POST /api/v1/webhooks", answer_lost)
    at.run_due_work()

    at.disconnect()
    settle(at, 1000)

    assert webhooks(at) == {}
    assert handlers(at) == []
    assert at.rows("select status from connection") == [("removed",)]


def test_a_connection_that_lacks_everything_is_completed(at: World) -> None:
    """The rows may be lost in whatever way: a restored backup, a person with a database client."""
    before = sorted(webhooks(at).values())
    at.rows("update webhook_handler set deleted_at = 1")
    at.peers.alc.webhooks.clear()
    at.peers.attio.webhooks.clear()
    at.rows("update connection set due_at = 0")

    settle(at)
    settle(at, 1000)

    assert sorted(webhooks(at).values()) == before
    assert_it_works(at)


def test_a_connection_that_is_not_active_is_not_restored(at: World) -> None:
    """C12: it was removed, or has to be connected again, before its turn came."""
    [(connection_id,)] = at.rows("select id from connection")
    at.disconnect()
    settle(at)

    run = at.engine.enqueue("restore", connection_id, queue="lifecycle")

    assert at.engine.wait_for_outcome(run, within=1) == {"ok": connection_id}
    assert webhooks(at) == {}


def test_attio_that_is_away_is_told_of_the_end_later(at: World) -> None:
    """Attio never refuses: its webhook is deleted by a job."""
    at.peers.down_until[ATTIO] = at.clock.now + 100
    at.disconnect()
    settle(at)
    assert list(webhooks(at).values()) == ["attio"]

    settle(at, 1000)

    assert webhooks(at) == {}


def test_a_connection_that_replaces_another_is_complete_before_the_old_webhooks_go(at: World) -> None:
    """C11: an event in between would reach neither."""
    before = webhooks(at)
    called: list[list[str]] = []

    def count(method: str, path: str) -> None:
        if method == "DELETE" and path.startswith("/api/v1/webhooks/") and not called:
            called.append(sorted(webhook["event"] for webhook in at.peers.alc.webhooks.values()))

    at.peers.before = count
    at.connect()

    assert called == [["lead.processed"] * 4 + ["prospect.updated"] * 2]
    settle(at)
    assert sorted(webhooks(at).values()) == sorted(before.values())
    assert not webhooks(at).keys() & before.keys()
    assert_it_works(at)


@pytest.mark.parametrize("after", range(0, 60, 5))
def test_a_connection_that_replaces_another_may_die_anywhere(at: World, after: int) -> None:
    """C11: one connection is left, with its webhooks."""
    before = webhooks(at)
    at.crash_plan.after = after

    at.connect()
    settle(at, 1000)

    assert sorted(webhooks(at).values()) == sorted(before.values())
    assert at.rows("select count(*) from connection where status = 'active'") == [(1,)]
    assert_it_works(at)
