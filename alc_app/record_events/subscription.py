"""Our webhook at Attio: created on install, deleted on uninstall, checked in between.

Level-triggered, like the status on a record: each check compares what Attio has with what we want and corrects it. That
covers a crash, a lost answer and a webhook that Attio has dropped. TUTORIAL: it subscribes to nothing, and knows of its
own button only.
"""

import logging
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from alc_app.attio import AttioNoWorkspaceConnectionError, WebhookHandler
from alc_app.attio.host.context import current, step
from alc_app.attio.host.doctor import Finding
from alc_app.attio.server import (
    create_webhook_handler,
    get_webhook_handler,
    knows_webhook_handler,
    list_webhook_handlers,
    update_webhook_handler,
)
from alc_app.clients import attio_api, attio_webhooks
from alc_app.clients.attio_api import AttioApiError
from alc_app.clients.attio_webhooks import AttioWebhook
from alc_app.record_events import subscription_rows
from alc_app.record_events.send_requested import send_all_requested
from alc_app.settings.values import send_new_people

CHECK_INTERVAL = 900.0
"""Seconds between two checks that Attio still has the webhook."""
CHECK_AFTER_REPAIR = 30.0
"""Seconds until a repaired webhook is checked again: the doctor may have repaired it at the same time."""
Json = Mapping[str, Any]
log = logging.getLogger(__name__)


def maintain_subscription(handler_id: str) -> None:
    """Repair the webhook; then send every person whose request Attio may not have delivered meanwhile."""
    try:
        again = CHECK_AFTER_REPAIR if repair(handler_id) else CHECK_INTERVAL
        subscription_rows.record_check(handler_id, again=again)
        if get_webhook_handler(handler_id):
            send_all_requested()
    except AttioApiError as error:
        log.warning("The webhook at Attio could not be registered: %s", error.message)
        subscription_rows.record_check(handler_id, error.message)


def check_subscription() -> Iterator[Finding]:
    """`alc-app doctor`: does Attio call each handler that it should, and no other? Raises: AttioApiError."""
    try:
        handlers = [handler for handler in list_webhook_handlers() if handler.signed_by == "attio"]
    except AttioNoWorkspaceConnectionError:
        return
    webhooks = attio_webhooks.list_webhooks()
    if not handlers:
        yield Finding("Attio does not report changes in the CRM.", "attio", "warning", _subscribe)
    for handler in handlers:
        if problem := _problem_with(handler, webhooks):
            text = f"{problem} {subscription_rows.last_problem(handler.id)}".strip()
            yield Finding(text, handler.id, repair=partial(_repair, handler))
    for webhook in webhooks:
        base, _, handler_id = webhook.target_url.rpartition("/")
        if f"{base}/" == current().settings.events_url and not knows_webhook_handler(handler_id):
            text = f"Attio has the webhook {webhook.webhook_id} for an address that this app no longer serves."
            yield Finding(text, webhook.webhook_id, repair=partial(_delete, webhook))


def settings_saved(changed: Collection[str]) -> None:
    """Check the subscription at once when "send_new_people" has changed: it decides which events we subscribe to."""
    if "send_new_people" in changed:
        subscription_rows.check_soon()


def wanted_subscriptions() -> list[Json]:
    """Return the events to subscribe to: of people only, and of their attributes `alc_status` only.

    Raises: AttioApiError, also when the attribute is missing.
    """
    people, status = attio_api.get_object("people"), attio_api.get_attribute("people", "alc_status")
    if people is None or status is None:
        raise AttioApiError("The attribute alc_status is missing on people. Run: alc-app setup-attio")
    of_people = _equals("id.object_id", people["id"]["object_id"])
    of_status = _equals("id.attribute_id", status["id"]["attribute_id"])
    new = {"record.created": [of_people]} if send_new_people() else {}
    always = {"record.updated": [of_people, of_status], "record.deleted": [of_people], "record.merged": [of_people]}
    return [{"event_type": name, "filter": {"$and": conditions}} for name, conditions in (always | new).items()]


@step
def repair(handler_id: str) -> bool:
    """Make Attio have exactly one webhook for this handler, or none if the handler is gone.

    Returns whether anything had to be changed. One step, because it decides by what it reads: after a crash it has to
    read everything again. Raises: AttioApiError.
    """
    subscription_rows.start_check(handler_id, next_in=CHECK_INTERVAL)
    if handler := get_webhook_handler(handler_id):
        return _ensure_webhook(handler)
    for webhook in _webhooks_for(f"{current().settings.events_url}{handler_id}"):
        attio_webhooks.delete_webhook(webhook.webhook_id)
    subscription_rows.forget(handler_id)
    return True


def _ensure_webhook(handler: WebhookHandler) -> bool:
    webhooks = _webhooks_for(handler.url)
    known = next((webhook for webhook in webhooks if _is_known(webhook, handler)), None)
    for webhook in webhooks:
        if webhook is not known:  # it is inactive, or we lost the answer that had its secret
            attio_webhooks.delete_webhook(webhook.webhook_id)
    wanted = wanted_subscriptions()
    if known is None:
        _register(handler, wanted)
    elif _unordered(known.subscriptions) != _unordered(wanted):
        attio_webhooks.update_webhook(known.webhook_id, wanted)
    else:
        return False
    return True


def _register(handler: WebhookHandler, subscriptions: Sequence[Json]) -> None:
    made = attio_webhooks.create_webhook(handler.url, subscriptions)
    update_webhook_handler(handler.id, external_webhook_id=made.webhook_id, secret=made.secret)
    log.info("Attio reports changes in the CRM to the webhook %s.", made.webhook_id)
    if get_webhook_handler(handler.id) is None:  # disconnected meanwhile
        attio_webhooks.delete_webhook(made.webhook_id)


def _problem_with(handler: WebhookHandler, webhooks: Sequence[AttioWebhook]) -> str:
    ours = [webhook for webhook in webhooks if webhook.target_url == handler.url]
    if not any(_is_known(webhook, handler) for webhook in ours):
        return f"Attio has no active webhook for the handler {handler.id}, so it does not report changes in the CRM."
    if len(ours) > 1:
        return f"Attio has a second webhook for the handler {handler.id}."
    if _unordered(ours[0].subscriptions) != _unordered(wanted_subscriptions()):
        return f"The webhook {ours[0].webhook_id} at Attio is for different events than the handler {handler.id}."
    return ""


def _is_known(webhook: AttioWebhook, handler: WebhookHandler) -> bool:
    return webhook.is_active and webhook.webhook_id == handler.external_webhook_id


def _webhooks_for(url: str) -> list[AttioWebhook]:
    return [webhook for webhook in attio_webhooks.list_webhooks() if webhook.target_url == url]


def _repair(handler: WebhookHandler) -> str:
    repair(handler.id)
    subscription_rows.record_check(handler.id, again=CHECK_AFTER_REPAIR)
    return f"Attio calls the handler {handler.id} again."


def _subscribe() -> str:
    handler = create_webhook_handler("record_events", signed_by="attio")
    subscription_rows.subscribe_soon(handler.id)
    return _repair(handler)


def _delete(webhook: AttioWebhook) -> str:
    attio_webhooks.delete_webhook(webhook.webhook_id)
    return f"Deleted the webhook {webhook.webhook_id} at Attio."


def _equals(field: str, value: str) -> Json:
    return {"field": field, "operator": "equals", "value": value}


def _unordered(subscriptions: Sequence[Json]) -> list[str]:
    """Return a form in which the order of subscriptions and of their conditions makes no difference."""
    return sorted(
        f"{one['event_type']} {sorted(sorted(each.items()) for each in (one.get('filter') or {}).get('$and', []))}"
        for one in subscriptions
    )
