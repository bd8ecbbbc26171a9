"""Our webhook at Attio: whatever was lost, cut off or changed there, the next look puts it right."""

from __future__ import annotations

from typing import Any

import pytest

from alc_app.attio import Connection
from alc_app.attio.http import FetchResponse
from alc_app.attio.settings import set_settings
from alc_app.events.connection_added import connection_added
from alc_app.events.connection_removed import connection_removed
from alc_app.record_events import subscription_rows
from alc_app.record_events.subscription import (
    CHECK_AFTER_REPAIR,
    CHECK_INTERVAL,
    check_subscription,
    maintain_subscription,
)
from alc_app.settings.schema import schema
from tests.support.fakes.runtime import (
    EVENTS_URL,
    Answer,
    Crash,
    FakeRuntime,
    Fault,
    Outside,
    answer_lost,
    garbled,
    says,
    unreachable,
)

CONNECTION = Connection("connection", "alc-token")
POST, HANDLER = "POST /v2/webhooks", "handler_2"


@pytest.fixture(autouse=True)
def added(runtime: FakeRuntime) -> None:
    """A connection was added."""
    connection_added(CONNECTION)


def run_job(runtime: FakeRuntime) -> None:
    """Run the job of every subscription that is due."""
    for number, handler_id in enumerate(subscription_rows.due_to_check()):
        runtime.restart(f"look {runtime.time} {number}")
        maintain_subscription(handler_id)


def assert_in_order(runtime: FakeRuntime, outside: Outside) -> None:
    """One webhook there, whose secret we have."""
    assert not list(check_subscription())
    [hook] = outside.subscriptions.values()
    handler = runtime.handlers[HANDLER]
    assert (handler.url, handler.external_webhook_id) == (hook["target_url"], hook["id"]["webhook_id"])
    assert handler.secret == f"secret of {handler.external_webhook_id}"


def test_it_is_made_on_install_for_people_and_their_status_alone(runtime: FakeRuntime, outside: Outside) -> None:
    """Attio's own grammar, with ids; and it is looked after from then on."""
    run_job(runtime)

    assert_in_order(runtime, outside)
    [sent] = outside.sent(POST)
    asked = {one["event_type"]: one["filter"]["$and"] for one in sent["data"]["subscriptions"]}
    of_people = {"field": "id.object_id", "operator": "equals", "value": "people-id"}
    assert list(asked) == ["record.updated", "record.deleted", "record.merged"]
    assert asked["record.updated"] == [
        of_people,
        {"field": "id.attribute_id", "operator": "equals", "value": "status-id"},
    ]
    assert not subscription_rows.due_to_check()
    runtime.time += CHECK_AFTER_REPAIR
    run_job(runtime)
    assert not subscription_rows.due_to_check()
    runtime.time += CHECK_INTERVAL
    assert list(subscription_rows.due_to_check()) == [HANDLER]


def test_new_people_are_asked_for_when_they_are_to_be_sent(runtime: FakeRuntime, outside: Outside) -> None:
    """A setting that is changed changes the subscription, and nothing else."""
    run_job(runtime)
    set_settings(schema, "send_new_people", True)
    runtime.time += CHECK_INTERVAL

    run_job(runtime)

    assert_in_order(runtime, outside)
    assert len(outside.sent(POST)) == 1
    [hook] = outside.subscriptions.values()
    assert "record.created" in [one["event_type"] for one in hook["subscriptions"]]


def test_a_webhook_that_attio_has_lost_or_ended_is_made_anew(runtime: FakeRuntime, outside: Outside) -> None:
    """Seed 004's error table: "webhook deleted: re-register, monitor with a health check"."""
    for break_it in (
        outside.subscriptions.clear,
        lambda: next(iter(outside.subscriptions.values())).update(status="inactive"),
    ):
        run_job(runtime)
        break_it()
        [finding] = check_subscription()
        assert "does not report changes in the CRM" in finding.text

        runtime.time += CHECK_INTERVAL
        run_job(runtime)
        assert_in_order(runtime, outside)


def test_what_the_doctor_finds_it_mends(runtime: FakeRuntime, outside: Outside) -> None:
    """Nothing there, a second one, other events, an orphan at an address of ours; others' webhooks stay."""
    theirs: dict[str, Any] = {"target_url": "https://other.test/x", "id": {"webhook_id": "theirs"}, "subscriptions": []}
    run_job(runtime)
    [hook] = outside.subscriptions.values()
    outside.subscriptions |= {
        "theirs": theirs,
        "second": {**hook, "id": {"webhook_id": "second"}},
        "orphan": {**hook, "target_url": f"{EVENTS_URL}gone", "id": {"webhook_id": "orphan"}},
    }

    assert len([finding.repair() for finding in check_subscription() if finding.repair]) == 2
    assert list(outside.subscriptions) == [hook["id"]["webhook_id"], "theirs"]

    outside.subscriptions[hook["id"]["webhook_id"]] |= {"subscriptions": []}
    assert [finding.repair() for finding in check_subscription() if finding.repair]
    del outside.subscriptions["theirs"]
    assert_in_order(runtime, outside)


def test_a_connection_from_before_is_subscribed_by_the_doctor(runtime: FakeRuntime, outside: Outside) -> None:
    """An update of the app finds connections that were added without."""
    del runtime.handlers[HANDLER]
    runtime.restart("doctor")

    [finding] = check_subscription()
    assert finding.repair
    assert "calls the handler" in finding.repair()
    assert len(outside.subscriptions) == 1


@pytest.mark.parametrize("fault", [unreachable, answer_lost, garbled, says(500), says(403), says(429)])
def test_what_fails_is_tried_again_and_the_doctor_knows_why(
    runtime: FakeRuntime, outside: Outside, fault: Fault
) -> None:
    """Installing ALC does not fail with Attio; a secret whose answer was lost is made anew."""
    outside.fault(POST, fault)
    run_job(runtime)
    [finding] = check_subscription()
    assert subscription_rows.last_problem(HANDLER) in finding.text

    runtime.time += 60
    run_job(runtime)

    assert_in_order(runtime, outside)


def test_a_crash_after_attio_told_the_secret_makes_another_webhook(runtime: FakeRuntime, outside: Outside) -> None:
    """Install 7: Attio shows it once."""

    def dies(do: Answer) -> FetchResponse:
        do()
        raise Crash

    runtime.restart("look")
    outside.fault(POST, dies)
    with pytest.raises(Crash):
        maintain_subscription(HANDLER)

    runtime.restart()
    maintain_subscription(HANDLER)

    assert_in_order(runtime, outside)


@pytest.mark.parametrize("trouble", [None, says(500)])
def test_a_wish_that_comes_during_a_look_is_looked_after_at_once(
    runtime: FakeRuntime, outside: Outside, trouble: Fault | None
) -> None:
    """That look may have seen how things were before; its end does not put the wish off for a quarter of an hour."""

    def changes_meanwhile(do: Answer) -> FetchResponse:
        answer = trouble(do) if trouble else do()
        set_settings(schema, "send_new_people", True)
        subscription_rows.check_soon()
        return answer

    run_job(runtime)
    runtime.time += CHECK_AFTER_REPAIR
    outside.fault("GET /v2/webhooks", changes_meanwhile)
    run_job(runtime)

    assert list(subscription_rows.due_to_check()) == [HANDLER]
    run_job(runtime)
    assert_in_order(runtime, outside)


@pytest.mark.parametrize("fault", [None, unreachable, says(500)])
def test_it_ends_with_the_connection_also_when_attio_is_away(
    runtime: FakeRuntime, outside: Outside, fault: Fault | None
) -> None:
    """I2, on this side too: nobody calls an address that is no more; ALC's clean-up does not wait for Attio."""
    run_job(runtime)
    if fault:
        outside.fault("GET /v2/webhooks", fault)
    runtime.restart("remove")

    connection_removed(CONNECTION)

    assert not runtime.handlers
    run_job(runtime)
    runtime.time += 60
    run_job(runtime)
    assert not outside.subscriptions
    assert not subscription_rows.due_to_check()


def test_without_the_attribute_it_says_what_to_run(runtime: FakeRuntime, outside: Outside) -> None:
    """`alc-app setup-attio` makes it."""
    outside.fault("GET /v2/objects/people/attributes/alc_status", says(404, {"message": "None."}))

    run_job(runtime)

    assert "setup-attio" in subscription_rows.last_problem(HANDLER)
