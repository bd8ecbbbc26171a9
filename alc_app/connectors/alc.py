"""ALC as a connector: a subscription that expires, and is refreshed every day. Seed 003, and "Webhook" of its docs.

TUTORIAL: its registration at ALC is made once and looked at by nobody. One that ALC lets expire goes on to look well.
"""

from typing import Any

from alc_app.attio import Connection
from alc_app.attio.host.connector import Connector, ConnectorEvent, Handled, Json, Subscribed, SubscriptionLost
from alc_app.attio.host.context import current
from alc_app.clients import alc_api
from alc_app.leads.reconcile import reconcile_soon

CHANGED = ("lead.processed", "prospect_updated")
"""What ALC's bodies say of themselves."""


def subscribe(*, connection: Connection, webhook_uri: str, parameters: Json) -> Subscribed:
    """Have ALC call us about `parameters["event"]` for a while. One that is registered already is taken up."""
    life = current().settings.subscription_seconds
    webhook = alc_api.create_webhook(
        connection,
        name=_name(webhook_uri),
        url=webhook_uri,
        event=parameters["event"],
        secret=parameters["webhookSecret"],
        expires_in=life,
    )
    if webhook.status != "active":  # the one of before: dead, and in the way
        alc_api.delete_webhook(connection, webhook.webhook_id)
        raise SubscriptionLost(f"ALC has {webhook.webhook_id} as {webhook.status}. It is made anew.")
    return Subscribed({"webhookId": webhook.webhook_id}, _next_refresh())


def handle(*, query: Json, data: Any, headers: Json, state: Json, parameters: Json, raw_body: str) -> Handled:
    """Read what ALC tells. Its signature has been checked by the runtime; a trial message changes nothing."""
    if not isinstance(data, dict) or data.get("event") not in CHANGED:
        return Handled()
    return Handled([ConnectorEvent("updated", data)])


def unsubscribe(*, connection: Connection, webhook_uri: str, state: Json, parameters: Json) -> None:
    """Have ALC forget it, also when nobody knows its id."""
    alc_api.end_webhook(connection, state["webhookId"] if state else None, name=_name(webhook_uri))


def refresh(*, connection: Connection, webhook_uri: str, state: Json, parameters: Json) -> Subscribed:
    """Ask ALC for more time. Raises: SubscriptionLost, when it has expired, was deleted or was turned off."""
    webhook = alc_api.refresh_webhook(
        connection, str(state["webhookId"]), expires_in=current().settings.subscription_seconds
    )
    if webhook is None or webhook.status != "active":
        raise SubscriptionLost("ALC no longer calls us by this webhook.")
    return Subscribed(next_refresh_timestamp=_next_refresh())


def _name(webhook_uri: str) -> str:
    """The handler's id, by which `connection_added` names its webhooks too."""
    return webhook_uri.rpartition("/")[2]


def _next_refresh() -> int:
    """A seventh of its life from now, by our own clock: a refresh may fail for days until anything is lost."""
    return int((current().now() + current().settings.subscription_seconds / 7) * 1000)


alc = Connector(handle, subscribe, unsubscribe, refresh, missed=reconcile_soon)
