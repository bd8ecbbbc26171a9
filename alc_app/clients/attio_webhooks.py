"""Attio's own v2 webhooks: subscribe to events of the CRM (docs.attio.com/rest-api/guides/webhooks)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

from alc_app.clients.attio_api import NotFound, call, data_of, list_of

Json = Mapping[str, Any]
PAGE_SIZE = 100


@dataclass(frozen=True)
class AttioWebhook:
    """A webhook at Attio. Each subscription is `{"event_type": …, "filter": …}`; an inactive one is not called."""

    webhook_id: str
    target_url: str
    subscriptions: Sequence[Json]
    is_active: bool
    secret: str = field(default="", repr=False)
    """What Attio signs with. Only `create_webhook` returns it."""


def list_webhooks() -> list[AttioWebhook]:
    """Return every webhook that our token can see. `GET /v2/webhooks`. Raises: AttioApiError."""
    found: list[AttioWebhook] = []
    while len(found) % PAGE_SIZE == 0:
        page = list_of(call("GET", f"/v2/webhooks?{urlencode({'limit': PAGE_SIZE, 'offset': len(found)})}"))
        found += [_webhook(one) for one in page]
        if not page:
            break
    return found


def create_webhook(target_url: str, subscriptions: Sequence[Json]) -> AttioWebhook:
    """Subscribe a URL to events. `POST /v2/webhooks`. Raises: AttioApiError."""
    body = {"target_url": target_url, "subscriptions": subscriptions}
    made = data_of(call("POST", "/v2/webhooks", {"data": body}))
    return _webhook(made, secret=made["secret"])


def update_webhook(webhook_id: str, subscriptions: Sequence[Json]) -> None:
    """Replace the subscriptions of a webhook. `PATCH /v2/webhooks/{webhook_id}`. Raises: AttioApiError."""
    call("PATCH", f"/v2/webhooks/{quote(webhook_id, safe='')}", {"data": {"subscriptions": subscriptions}})


def delete_webhook(webhook_id: str) -> None:
    """Delete a webhook; one that does not exist is fine. `DELETE /v2/webhooks/{webhook_id}`. Raises: AttioApiError."""
    try:
        call("DELETE", f"/v2/webhooks/{quote(webhook_id, safe='')}")
    except NotFound:
        return


def _webhook(json: Json, secret: str = "") -> AttioWebhook:
    return AttioWebhook(
        webhook_id=json["id"]["webhook_id"],
        target_url=json["target_url"],
        subscriptions=json.get("subscriptions") or [],
        is_active=json.get("status") != "inactive",
        secret=secret,
    )
