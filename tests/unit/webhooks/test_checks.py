"""`alc-app doctor` on webhooks: every way in which ALC's list and our handlers can differ, found and mended."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from alc_app.attio import Connection
from alc_app.attio.host.doctor import Finding
from alc_app.clients.alc_api import AlcAnswerLost
from alc_app.events.connection_added import connection_added
from alc_app.events.secret_rotated import secret_rotated
from alc_app.leads import reconcile
from alc_app.webhooks.checks import check_webhooks
from tests.support.fakes.runtime import START, FakeRuntime, Outside, answer_lost

CONNECTION = Connection("connection", "alc-token")
Webhook = dict[str, str]


@pytest.fixture
def webhook(runtime: FakeRuntime, outside: Outside) -> Webhook:
    """The one webhook of a fresh connection, as ALC has it."""
    connection_added(CONNECTION)
    return outside.webhooks["wh_1"]


def find() -> list[Finding]:
    return list(check_webhooks())


def repair() -> list[str]:
    """Mend what there is; returns what was done."""
    return [finding.repair() for finding in find() if finding.repair]


def assert_in_order(runtime: FakeRuntime, outside: Outside) -> None:
    """I2: one webhook for the handler, right and remembered."""
    assert not find()
    handler, [webhook] = runtime.handlers["handler_1"], outside.webhooks.values()
    assert handler.external_webhook_id == webhook["webhook_id"]
    assert (webhook["name"], webhook["url"], webhook["status"]) == (handler.id, handler.url, "active")


def test_a_fresh_connection_is_in_order(runtime: FakeRuntime, outside: Outside, webhook: Webhook) -> None:
    """I2: and looking changes nothing."""
    assert_in_order(runtime, outside)
    assert len(outside.webhooks) == 1


def test_a_subscription_that_a_connector_has_lost_is_made_again(
    runtime: FakeRuntime, outside: Outside, webhook: Webhook
) -> None:
    """I2: the connector does it; until it has subscribed for the first time, nothing is missing."""
    runtime.webhook_handlers.set_external_id("handler_3", "wh_gone")

    assert repair() == ["Subscribing the handler handler_3 again."]
    subscription = runtime.subscriptions.row("handler_3")
    assert subscription is not None and subscription.due_at == runtime.time


def test_without_a_connection_there_is_nothing_to_compare(runtime: FakeRuntime, outside: Outside) -> None:
    """Not connected is a state, not a fault."""
    runtime.connected = False

    assert not find()
    assert not outside.calls


def test_a_webhook_that_is_gone_at_alc_is_registered_again(
    runtime: FakeRuntime, outside: Outside, webhook: Webhook
) -> None:
    """I2: with the handler's own secret, and what ALC had to tell meanwhile is asked for."""
    outside.webhooks.clear()
    runtime.time += 2
    assert not reconcile.due_to_reconcile()

    assert [finding.subject for finding in find()] == ["handler_1"]
    repair()

    assert_in_order(runtime, outside)
    assert list(reconcile.due_to_reconcile()) == ["workspace"]


def test_a_handler_that_goes_while_it_is_registered_takes_its_webhook_along(
    runtime: FakeRuntime, outside: Outside, webhook: Webhook
) -> None:
    """I2: a disconnect that crosses the mending leaves no orphan."""
    outside.webhooks.clear()
    outside.before = lambda method, _: runtime.webhook_handlers.delete("handler_1") if method == "POST" else None

    repair()

    assert not outside.webhooks


def test_an_orphan_at_an_address_of_ours_is_deleted(runtime: FakeRuntime, outside: Outside, webhook: Webhook) -> None:
    """I2: nobody answers there."""
    outside.webhooks["wh_9"] = {**webhook, "webhook_id": "wh_9", "name": "old", "url": "https://app.test/hooks/old"}

    [finding] = find()
    assert finding.subject == "wh_9"
    repair()

    assert_in_order(runtime, outside)


def test_webhooks_of_others_on_the_account_are_left_alone(outside: Outside, webhook: Webhook) -> None:
    """C16: another installation's, whatever its name."""
    outside.webhooks["wh_9"] = {**webhook, "webhook_id": "wh_9", "name": "old", "url": "https://other.test/hooks/old"}

    assert not find()


def test_the_webhook_of_a_connection_that_is_coming_is_no_orphan(
    runtime: FakeRuntime, outside: Outside, webhook: Webhook
) -> None:
    """C11: its handler belongs to another connection than the workspace's."""
    coming = runtime.webhook_handlers.get(runtime.webhook_handlers.create("another", "lead_processed"))
    outside.webhooks["wh_9"] = {**webhook, "webhook_id": "wh_9", "name": coming.id, "url": coming.url}

    assert not find()


def test_of_two_webhooks_for_a_handler_the_remembered_one_stays(
    runtime: FakeRuntime, outside: Outside, webhook: Webhook
) -> None:
    """I2: a verdict is told once."""
    outside.webhooks["wh_9"] = {**webhook, "webhook_id": "wh_9"}

    [finding] = find()
    assert finding.subject == "wh_9"
    repair()

    assert_in_order(runtime, outside)


@pytest.mark.parametrize(
    "change",
    [{"status": "disabled"}, {"status": "expired"}, {"url": "https://former.test/hooks/1"}, {"name": "renamed"},
     {"event": "prospect.updated"}],
)  # fmt: skip
def test_a_webhook_that_no_longer_calls_us_is_registered_anew(
    runtime: FakeRuntime, outside: Outside, webhook: Webhook, change: Webhook
) -> None:
    """W7, I2: disabled by failures, expired, or of an address that we have left."""
    webhook.update(change)

    assert len(find()) == 1
    repair()

    assert_in_order(runtime, outside)
    assert "wh_1" not in outside.webhooks


def test_one_that_expires_soon_is_refreshed(outside: Outside, webhook: Webhook) -> None:
    """Subscriptions with an end are kept up."""
    webhook["expires_at"] = datetime.fromtimestamp(START + 3600, UTC).isoformat()

    [finding] = find()
    assert finding.level == "warning"
    repair()

    assert ("POST", "/api/v1/webhooks/wh_1/refresh") in [(method, path) for method, path, *_ in outside.calls]


def test_one_that_expires_much_later_is_in_order(outside: Outside, webhook: Webhook) -> None:
    """Nothing is said before there is something to do."""
    webhook["expires_at"] = datetime.fromtimestamp(START + 7 * 86_400, UTC).isoformat()

    assert not find()


def test_a_handler_that_never_heard_its_webhooks_id_learns_it(
    runtime: FakeRuntime, outside: Outside, webhook: Webhook
) -> None:
    """C9: the answer to the registration was lost."""
    runtime.webhook_handlers.set_external_id("handler_1", None)  # as before it was known

    repair()

    assert_in_order(runtime, outside)


def rotate_at_alc(outside: Outside, webhook_id: str) -> None:
    """A person presses Rotate in ALC's console."""
    outside.secrets[webhook_id] = "whsec_of_somebody_else"
    outside.webhooks[webhook_id]["previous_secret_expires_at"] = "2023-11-16T22:13:20.000Z"


@pytest.mark.parametrize("handler_id", ["handler_1", "handler_3"])
def test_a_secret_that_was_rotated_at_alc_is_replaced_by_one_of_ours(
    runtime: FakeRuntime, outside: Outside, webhook: Webhook, handler_id: str
) -> None:
    """R5, I2: the app cannot learn ALC's secret; it says so, with the date, and brings a new one of its own."""
    runtime.subscriptions.subscribe_or_refresh("handler_3", lambda _: CONNECTION)
    handlers, webhook_id = runtime.webhook_handlers, runtime.handlers[handler_id].external_webhook_id
    assert webhook_id
    assert not find()
    rotate_at_alc(outside, webhook_id)

    [finding] = find()
    assert finding.subject == webhook_id
    assert "Someone rotated the signing secret" in finding.text
    assert "2023-11-16 22:13 UTC" in finding.text
    assert repair() == [f"The handler {handler_id} has a new signing secret. A worker sends it to ALC."]
    assert not find(), "while ALC is being told, nothing more is to be done"
    assert handlers.due_rotations() == [handler_id]

    handlers.end_rotation(handler_id, secret_rotated(CONNECTION, handlers.get(handler_id)))
    assert outside.secrets[webhook_id] == handlers.get(handler_id).secret
    assert not find()


def test_a_rotation_of_our_own_is_in_order(runtime: FakeRuntime, outside: Outside, webhook: Webhook) -> None:
    """R5: before ALC is told, after it, and when its answer was lost in between; another at ALC after it is not."""
    handlers = runtime.webhook_handlers
    handlers.rotate_secret("handler_1")
    assert not find()
    until = secret_rotated(CONNECTION, handlers.get("handler_1"))
    assert not find()
    handlers.end_rotation("handler_1", until)
    assert not find()

    rotate_at_alc(outside, "wh_1")
    assert [finding.subject for finding in find()] == ["wh_1"]


def test_a_rotation_that_crosses_a_registration_is_told_to_the_new_webhook(
    runtime: FakeRuntime, outside: Outside, webhook: Webhook
) -> None:
    """R5: the doctor registers with the secret that it has read; by then there may be a newer one."""
    outside.webhooks.clear()

    def rotate(method: str, path: str) -> None:
        if (method, path) == ("POST", "/api/v1/webhooks"):
            runtime.webhook_handlers.rotate_secret("handler_1")
            runtime.webhook_handlers.end_rotation("handler_1", START + 86_400)

    outside.before = rotate
    repair()

    assert runtime.handlers["handler_1"].is_rotating
    assert_in_order(runtime, outside)


def test_a_webhook_of_unknown_origin_gets_a_secret_of_ours(
    runtime: FakeRuntime, outside: Outside, webhook: Webhook
) -> None:
    """R5: somebody may have deleted ours and registered another for the same address."""
    outside.webhooks["wh_9"] = {**outside.webhooks.pop("wh_1"), "webhook_id": "wh_9"}

    repair()

    assert_in_order(runtime, outside)
    assert runtime.webhook_handlers.due_rotations() == ["handler_1"]


def test_mending_that_is_cut_off_is_finished_by_the_next_one(
    runtime: FakeRuntime, outside: Outside, webhook: Webhook
) -> None:
    """Safe to run twice: what ALC has already is adopted or counted as done."""
    webhook["status"] = "disabled"
    outside.fault("DELETE", answer_lost)
    with pytest.raises(AlcAnswerLost):
        repair()

    repair()

    assert_in_order(runtime, outside)


def test_no_finding_shows_a_secret(runtime: FakeRuntime, outside: Outside, webhook: Webhook) -> None:
    """U8: ids only."""
    webhook["status"] = "disabled"
    told = " ".join([*(finding.text for finding in find()), *repair()])

    assert webhook["webhook_id"] in told
    assert "whsec_" not in told
    assert "alc-token" not in told
