"""ALC as a connector: a subscription that expires, and is refreshed every day. Seed 003, and "Webhook" of its docs.

TUTORIAL: it registers its webhook once and never checks it. When ALC lets it expire, no one notices.
"""

from typing import Any

from alc_app.attio import Connection
from alc_app.attio.host.connector import Connector, ConnectorEvent, Handled, Json, Subscribed, SubscriptionLost
from alc_app.attio.host.context import current
from alc_app.clients import alc_api
from alc_app.leads.reconcile import reconcile_soon

CHANGED = ("lead.processed", "prospect_updated")
"""The `event` that ALC's bodies carry."""


def subscribe(*, connection: Connection, webhook_uri: str, parameters: Json) -> Subscribed:
    """Register a webhook for `parameters["event"]`, or take the one that is registered already.

    Raises: SubscriptionLost if that one is not active any more; then it has been deleted. AlcError.
    """
    life = current().settings.subscription_seconds
    webhook = alc_api.create_webhook(
        connection,
        name=_name(webhook_uri),
        url=webhook_uri,
        event=parameters["event"],
        secret=parameters["webhookSecret"],
        expires_in=life,
    )
    if webhook.status != "active":  # an older one with this name
        alc_api.delete_webhook(connection, webhook.webhook_id)
        raise SubscriptionLost(f"ALC has {webhook.webhook_id} as {webhook.status}. The app registers a new one.")
    return Subscribed({"webhookId": webhook.webhook_id}, _next_refresh())


def handle(*, query: Json, data: Any, headers: Json, state: Json, parameters: Json, raw_body: str) -> Handled:
    """Read a delivery of ALC, whose signature the runtime has verified. A test message has no events."""
    if not isinstance(data, dict) or data.get("event") not in CHANGED:
        return Handled()
    return Handled([ConnectorEvent("updated", data)])


def unsubscribe(*, connection: Connection, webhook_uri: str, state: Json, parameters: Json) -> None:
    """Delete the webhook at ALC, also if the state with its id was lost. Raises: AlcError."""
    alc_api.end_webhook(connection, state["webhookId"] if state else None, name=_name(webhook_uri))


def refresh(*, connection: Connection, webhook_uri: str, state: Json, parameters: Json) -> Subscribed:
    """Extend the webhook at ALC. Raises: SubscriptionLost if it has expired, was deleted or disabled; AlcError."""
    webhook = alc_api.refresh_webhook(
        connection, str(state["webhookId"]), expires_in=current().settings.subscription_seconds
    )
    if webhook is None or webhook.status != "active":
        raise SubscriptionLost("ALC no longer calls this webhook.")
    return Subscribed(next_refresh_timestamp=_next_refresh())


def _name(webhook_uri: str) -> str:
    """Return the handler's id from its URL: `connection_added` names its webhooks by it too."""
    return webhook_uri.rpartition("/")[2]


def _next_refresh() -> int:
    """Return the time after a seventh of the webhook's life, in milliseconds: so a refresh may fail for days."""
    return int((current().now() + current().settings.subscription_seconds / 7) * 1000)


alc = Connector(handle, subscribe, unsubscribe, refresh, missed=reconcile_soon)
