"""A connection was added: a handler here, a webhook at ALC, and what is left behind when one of the two fails."""

import pytest

from alc_app.attio import Connection
from alc_app.attio.host.context import running
from alc_app.clients.alc_api import AlcAnswerLost, AlcError, AlcRefused, AlcUnreachable
from alc_app.events.connection_added import connection_added
from alc_app.events.connection_removed import connection_removed
from tests.support.fakes.runtime import (
    Crash,
    FakeRuntime,
    Fault,
    Outside,
    answer_lost,
    does_and_says,
    says,
    unreachable,
)

NEW = Connection("connection", "new-token")
POST, LOOK_UP = "POST /api/v1/webhooks", "GET /api/v1/webhooks"


def test_a_handler_is_made_registered_and_told_its_name_at_alc(runtime: FakeRuntime, outside: Outside) -> None:
    """Installation 6-7: name and url are the handler's, and its id at ALC is kept."""
    connection_added(NEW)

    handler, events, prospects = runtime.handlers.values()
    assert outside.sent(POST) == [
        {"name": handler.id, "url": handler.url, "event": "lead.processed", "secret": handler.secret}
    ]
    assert handler.file_name == "lead_processed"
    assert handler.external_webhook_id == "wh_1"
    assert (events.file_name, events.signed_by) == ("record_events", "attio")
    assert (prospects.file_name, prospects.connector, prospects.signed_by) == (
        "prospect_updated",
        "alc",
        "standard_webhooks",
    )
    at_alc = ["create_webhook_handler", "create_webhook", "update_webhook_handler"]
    assert runtime.steps == [*at_alc, "create_webhook_handler", "subscribe_soon", "create_webhook_handler"]


def test_alc_is_called_with_the_connection_that_is_being_added(runtime: FakeRuntime, outside: Outside) -> None:
    """Installation 5: it is not saved yet, so it cannot be the workspace's."""
    connection_added(NEW)

    assert outside.calls[0][3]["Authorization"] == "Bearer new-token"


@pytest.mark.parametrize(
    ("fault", "error"),
    [(says(422), AlcRefused), (says(403), AlcRefused), (unreachable, AlcUnreachable), (answer_lost, AlcAnswerLost)],
)
def test_a_registration_that_fails_is_raised(
    runtime: FakeRuntime, outside: Outside, fault: Fault, error: type[AlcError]
) -> None:
    """Installation 7, C8: raising is the refusal; the runtime then runs `connection_removed`."""
    outside.fault(POST, fault)

    with pytest.raises(error):
        connection_added(NEW)


@pytest.mark.parametrize("fault", [answer_lost, does_and_says(201, "{"), does_and_says(500), unreachable, says(422)])
def test_undoing_a_failed_registration_leaves_nothing_on_either_side(
    runtime: FakeRuntime, outside: Outside, fault: Fault
) -> None:
    """C8, I2: also when ALC has it and we were never told."""
    outside.fault(POST, fault)
    with pytest.raises(AlcError):
        connection_added(NEW)

    connection_removed(NEW)

    assert not outside.webhooks
    assert not runtime.handlers


def test_a_webhook_that_exists_already_is_adopted(runtime: FakeRuntime, outside: Outside) -> None:
    """C8: an earlier answer was lost, and ALC says 409 to the same name."""
    outside.fault(POST, does_and_says(409, {"error": {"message": "It exists."}}))

    connection_added(NEW)

    assert [runtime.handlers["handler_1"].external_webhook_id] == list(outside.webhooks)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("nth", range(6))
def test_a_crash_at_any_step_can_be_undone_completely(
    runtime: FakeRuntime, outside: Outside, when: str, nth: int
) -> None:
    """C8, fault matrix Install 5-7: adopted by name or deleted, never orphaned."""
    runtime.crash(when, nth)
    with pytest.raises(Crash):
        connection_added(NEW)

    later = FakeRuntime(database=runtime.database, outside=outside)
    with running(later):
        connection_removed(NEW)

    assert not outside.webhooks
    assert not later.handlers
