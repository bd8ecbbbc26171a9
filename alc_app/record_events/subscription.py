"""Our webhook at Attio: made on install, removed on uninstall, looked after in between.

Level-triggered, as the status on a record is: whatever happened, Attio ends with exactly the webhook that we want, so
a crash, a lost answer and a webhook that Attio has dropped are all mended by the same look. TUTORIAL: it hears of
nothing but its own button.
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
from alc_app.clients import attio_api
from alc_app.clients.attio_api import AttioApiError
from alc_app.record_events import subscription_rows
from alc_app.record_events.send_requested import send_all_requested
from alc_app.settings.values import send_new_people

LOOK_EVERY = 900.0
"""Seconds between two looks whether Attio still has it."""
SOON = 30.0
"""Seconds until what was put right is looked at again: the doctor may have been at it in the same moment."""
Json = Mapping[str, Any]
log = logging.getLogger(__name__)


def maintain_subscription(handler_id: str) -> None:
    """Put it right; then send everybody of whom Attio may have told nobody meanwhile."""
    try:
        subscription_rows.record_check(handler_id, again=SOON if repair(handler_id) else LOOK_EVERY)
        if get_webhook_handler(handler_id):
            send_all_requested()
    except AttioApiError as error:
        log.warning("Attio could not be asked to tell us of changes: %s", error.message)
        subscription_rows.record_check(handler_id, error.message)


def check_subscription() -> Iterator[Finding]:
    """`alc-app doctor`: does Attio call each handler that it should, and no other? Raises: AttioApiError."""
    try:
        handlers = [one for one in list_webhook_handlers() if one.signed_by == "attio"]
    except AttioNoWorkspaceConnectionError:
        return
    there = attio_api.list_webhooks()
    if not handlers:
        yield Finding("Attio does not tell us what people do in the CRM.", "attio", "warning", _subscribe)
    for handler in handlers:
        if wrong := _problem_with(handler, there):
            text = f"{wrong} {subscription_rows.last_problem(handler.id)}".strip()
            yield Finding(text, handler.id, mend=partial(_repair, handler))
    for hook in there:
        ours, _, handler_id = hook["target_url"].rpartition("/")
        if f"{ours}/" == current().settings.events_url and not knows_webhook_handler(handler_id):
            text = f"Attio has the webhook {_id(hook)} for an address of ours that nothing answers at any more."
            yield Finding(text, _id(hook), mend=partial(_delete, hook))


def settings_saved(changed: Collection[str]) -> None:
    """Check the subscription at once when "send_new_people" has changed: it decides which events we subscribe to."""
    if "send_new_people" in changed:
        subscription_rows.check_soon()


def wanted_subscriptions() -> list[Json]:
    """What Attio is to tell us: of people only, and of their other attributes nothing. Raises: AttioApiError."""
    people, status = attio_api.get_object("people"), attio_api.get_attribute("people", "alc_status")
    if people is None or status is None:
        raise AttioApiError("The attribute alc_status is missing on people. Run: alc-app setup-attio")
    of_people = _equals("id.object_id", people["id"]["object_id"])
    of_status = _equals("id.attribute_id", status["id"]["attribute_id"])
    new = {"record.created": [of_people]} if send_new_people() else {}
    asked = {"record.updated": [of_people, of_status], "record.deleted": [of_people], "record.merged": [of_people]}
    return [{"event_type": name, "filter": {"$and": operations}} for name, operations in (asked | new).items()]


@step
def repair(handler_id: str) -> bool:
    """Make Attio call this handler, once and for what we want; or not at all, when it is gone.

    Returns whether there was anything to do. One step, because what has to be done is found out within: a crash makes
    all of it be looked at anew.
    """
    subscription_rows.start_check(handler_id, next_in=LOOK_EVERY)
    if handler := get_webhook_handler(handler_id):
        return _keep(handler)
    _delete_all(f"{current().settings.events_url}{handler_id}")
    subscription_rows.forget(handler_id)
    return True


def _keep(handler: WebhookHandler) -> bool:
    mine = [hook for hook in attio_api.list_webhooks() if hook["target_url"] == handler.url]
    ours = next((hook for hook in mine if _is_known(hook, handler)), None)
    for hook in mine:
        if hook is not ours:  # its secret was in an answer that we have lost, or it is called no more
            attio_api.delete_webhook(_id(hook))
    asked = wanted_subscriptions()
    if ours is None:
        _register(handler, asked)
    elif _form(ours["subscriptions"]) != _form(asked):
        attio_api.update_webhook(_id(ours), asked)
    else:
        return False
    return True


def _register(handler: WebhookHandler, asked: Sequence[Json]) -> None:
    made = attio_api.create_webhook(handler.url, asked)
    update_webhook_handler(handler.id, external_webhook_id=_id(made), secret=made["secret"])
    log.info("Attio tells us what people do in the CRM, by the webhook %s.", _id(made))
    if get_webhook_handler(handler.id) is None:  # disconnected meanwhile
        attio_api.delete_webhook(_id(made))


def _problem_with(handler: WebhookHandler, there: Sequence[Json]) -> str:
    mine = [hook for hook in there if hook["target_url"] == handler.url]
    if not any(_is_known(hook, handler) for hook in mine):
        return f"Attio has no webhook in use for the handler {handler.id}, so it tells us nothing of the CRM."
    if len(mine) > 1:
        return f"Attio has a second webhook for the handler {handler.id}."
    if _form(mine[0]["subscriptions"]) != _form(wanted_subscriptions()):
        return f"The webhook {_id(mine[0])} at Attio is for other events than the handler {handler.id}."
    return ""


def _is_known(hook: Json, handler: WebhookHandler) -> bool:
    return _id(hook) == handler.external_webhook_id and hook.get("status") != "inactive"


def _repair(handler: WebhookHandler) -> str:
    repair(handler.id)
    subscription_rows.record_check(handler.id, again=SOON)
    return f"Attio calls the handler {handler.id} again."


def _subscribe() -> str:
    handler = create_webhook_handler("record_events", signed_by="attio")
    subscription_rows.subscribe_soon(handler.id)
    return _repair(handler)


def _delete(hook: Json) -> str:
    attio_api.delete_webhook(_id(hook))
    return f"The webhook {_id(hook)} has been deleted at Attio."


def _delete_all(target_url: str) -> None:
    for hook in attio_api.list_webhooks():
        if hook["target_url"] == target_url:
            attio_api.delete_webhook(_id(hook))


def _id(hook: Json) -> str:
    return str(hook["id"]["webhook_id"])


def _equals(field: str, value: str) -> Json:
    return {"field": field, "operator": "equals", "value": value}


def _form(subscriptions: Sequence[Json]) -> list[str]:
    """Subscriptions without their order, to compare."""
    return sorted(
        f"{one['event_type']} {sorted(sorted(each.items()) for each in (one.get('filter') or {}).get('$and', []))}"
        for one in subscriptions
    )
