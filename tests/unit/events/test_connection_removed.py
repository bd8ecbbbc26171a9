"""A connection is removed: ALC forgets our webhooks before we do, each on its own, and again when that failed."""

import pytest

from alc_app.attio import Connection
from alc_app.clients.alc_api import AlcError
from alc_app.events.connection_added import connection_added
from alc_app.events.connection_removed import connection_removed
from tests.support.fakes.runtime import FakeRuntime, Fault, Outside, answer_lost, says, unreachable

OLD = Connection("connection", "alc-token")
DELETE, LOOK_UP = "DELETE /api/v1/webhooks/", "GET /api/v1/webhooks?"


@pytest.fixture(autouse=True)
def added(runtime: FakeRuntime) -> None:
    """A connection with its webhook."""
    connection_added(OLD)
    runtime.steps.clear()


def forget_external_id(runtime: FakeRuntime) -> None:
    """ALC's answer was lost when the handler was registered."""
    runtime.webhook_handlers.set_external_id("handler_1", None)  # as before it was known
    runtime.steps.clear()


def test_alc_forgets_the_webhook_and_then_we_do(runtime: FakeRuntime, outside: Outside) -> None:
    """Removal 1-3: list, delete at ALC, delete here."""
    connection_removed(OLD)

    at_alc = ["list_webhook_handlers", "unsubscribe", "delete_webhook"]
    here = ["delete_webhook_handler", "delete_webhook_handler", "subscribe_soon", "delete_webhook_handler"]
    assert runtime.steps == [*at_alc, *here]
    assert not outside.webhooks
    assert not runtime.handlers


def test_running_it_again_changes_nothing(runtime: FakeRuntime, outside: Outside) -> None:
    """C11: removal is idempotent."""
    connection_removed(OLD)
    calls = len(outside.calls)

    connection_removed(OLD)

    assert len(outside.calls) == calls


def test_a_webhook_that_alc_does_not_know_is_a_success(runtime: FakeRuntime, outside: Outside) -> None:
    """W11, C11: already gone is what was wanted."""
    outside.webhooks.clear()

    connection_removed(OLD)

    assert not runtime.handlers


def test_a_handler_without_an_id_at_alc_is_looked_up_by_its_name(runtime: FakeRuntime, outside: Outside) -> None:
    """C9: never `/webhooks/None`; the tutorial's DELETE would go to `/webhooks/undefined`."""
    forget_external_id(runtime)

    connection_removed(OLD)

    assert [path for method, path, _, _ in outside.calls if method == "DELETE"] == ["/api/v1/webhooks/wh_1"]
    assert not outside.webhooks
    assert not runtime.handlers


def test_a_handler_that_never_reached_alc_is_just_deleted(runtime: FakeRuntime, outside: Outside) -> None:
    """C9: nothing by that name, nothing to delete."""
    forget_external_id(runtime)
    outside.webhooks.clear()

    connection_removed(OLD)

    assert not outside.sent(DELETE)
    assert not runtime.handlers


def test_webhooks_of_others_on_the_same_account_stay(runtime: FakeRuntime, outside: Outside) -> None:
    """C16: also when ALC ignores the filter by name and lists all that the account has."""
    forget_external_id(runtime)
    theirs = {"webhook_id": "wh_9", "name": "theirs", "url": "https://other.test/hooks/9"}
    outside.webhooks["wh_9"] = theirs
    outside.fault(LOOK_UP, says(200, {"webhooks": list(outside.webhooks.values())}))

    connection_removed(OLD)

    assert outside.webhooks == {"wh_9": theirs}


@pytest.mark.parametrize("fault", [unreachable, answer_lost, says(500), says(403), says(429)])
def test_a_failure_is_raised_and_the_handler_kept_for_the_next_try(
    runtime: FakeRuntime, outside: Outside, fault: Fault
) -> None:
    """C10: the tutorial swallows it, and ALC goes on calling for ever."""
    outside.fault(DELETE, fault)

    with pytest.raises(AlcError):
        connection_removed(OLD)
    assert runtime.handlers

    connection_removed(OLD)
    assert not outside.webhooks
    assert not runtime.handlers


def subscribe(runtime: FakeRuntime) -> None:
    """The connector's handler is registered at ALC too, as soon as the connection is saved."""
    for handler_id in runtime.subscriptions.due():
        runtime.subscriptions.subscribe_or_refresh(handler_id, lambda _: OLD)


def test_one_failure_does_not_keep_the_others(runtime: FakeRuntime, outside: Outside) -> None:
    """Removal 2: ALC is asked about each handler, and the first error is raised at the end."""
    subscribe(runtime)
    outside.fault("DELETE /api/v1/webhooks/wh_2", says(500))

    with pytest.raises(AlcError):
        connection_removed(OLD)

    assert list(outside.webhooks) == ["wh_2"]


def test_nothing_is_deleted_here_before_alc_has_deleted_everything(runtime: FakeRuntime, outside: Outside) -> None:
    """C12: a refusal may keep the connection, and with its handlers it can be made complete."""
    subscribe(runtime)
    outside.fault("DELETE /api/v1/webhooks/wh_1", says(500))

    with pytest.raises(AlcError):
        connection_removed(OLD)

    assert [handler.file_name for handler in runtime.handlers.values()] == [
        "lead_processed",
        "record_events",
        "prospect_updated",
    ]


@pytest.mark.parametrize("refused", ["wh_1", "wh_2"])
def test_connection_added_makes_again_what_a_refused_removal_had_deleted(
    runtime: FakeRuntime, outside: Outside, refused: str
) -> None:
    """C12: at the same addresses, and nothing twice, whichever of the handlers was refused."""
    subscribe(runtime)
    before = {webhook["url"]: webhook["event"] for webhook in outside.webhooks.values()}
    outside.fault(f"DELETE /api/v1/webhooks/{refused}", says(500))
    with pytest.raises(AlcError):
        connection_removed(OLD)

    outside.refuses_twins = True  # as ALC does
    runtime.subscriptions.refresh_all(OLD.id)  # as the runtime does before it restores a connection
    connection_added(OLD)
    subscribe(runtime)

    assert {webhook["url"]: webhook["event"] for webhook in outside.webhooks.values()} == before
    assert len(outside.webhooks) == len(before) == 2
    ids = {handler.external_webhook_id for handler in runtime.handlers.values() if handler.signed_by != "attio"}
    assert ids == set(outside.webhooks)
