"""The connector of seed 003 translated to Python, and a service for it that verifies the URL by a challenge."""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable
from typing import Any

from alc_app.attio.host.connector import (
    Connector,
    ConnectorEvent,
    ConnectorResponse,
    Handled,
    InvalidSignature,
    Subscribed,
    SubscriptionLost,
)

DAY = 86_400
SECRET = "c2VjcmV0"


class SeedService:
    """A service that calls a URL with a challenge while it is being registered."""

    webhook_uri = "https://app.test/hooks/1"
    connection = None
    time = 1_700_000_000.0

    def __init__(self) -> None:
        """Start without subscriptions."""
        self.known: dict[str, str] = {}
        self.parameters: dict[str, Any] = {"path": "/subscriptions", "webhookSecret": SECRET}
        self.challenge: Callable[[str], object] = lambda _uri: None

    def now(self) -> float:
        """Return the time in seconds since 1970."""
        return self.time

    def subscriptions(self) -> int:
        """Return the number of subscriptions for `webhook_uri`."""
        return sum(uri == self.webhook_uri for uri in self.known.values())

    def lose(self) -> None:
        """Forget all subscriptions."""
        self.known.clear()

    def request(self) -> dict[str, Any]:
        """Return a signed request about one change."""
        return self.signed({"type": "created", "record": {"id": "1", "name": "Ada"}})

    def noise(self) -> dict[str, Any]:
        """Return a signed request about no change."""
        return self.signed({"type": "ping"})

    def signed(self, data: Any) -> dict[str, Any]:
        """Return a request with this body, signed by the service."""
        raw = json.dumps(data)
        headers = {"x-webhook-signature": hmac.new(SECRET.encode(), raw.encode(), "sha256").hexdigest()}
        return {"query": {}, "data": data, "headers": headers, "raw_body": raw}

    def register(self, uri: str) -> str:
        """Create a subscription, or return the one that the URL has: the service's `POST /subscriptions`."""
        self.challenge(uri)
        self.known.setdefault(f"sub_{uri.rpartition('/')[2]}", uri)
        return next(name for name, known in self.known.items() if known == uri)


def seed_connector(service: SeedService, **changes: Any) -> Connector:
    """Return the connector; `changes` replace some of its four functions."""

    def subscribe(*, connection: Any, webhook_uri: str, parameters: Any) -> Subscribed:
        return Subscribed({"webhookId": service.register(webhook_uri)}, int((service.now() + DAY) * 1000))

    def handle(*, query: Any, data: Any, headers: Any, state: Any, parameters: Any, raw_body: str) -> Handled:
        if "challenge" in query:
            return Handled(response=ConnectorResponse(headers={"Content-Type": "text/plain"}, data=query["challenge"]))
        signature = hmac.new(parameters["webhookSecret"].encode(), raw_body.encode(), "sha256").hexdigest()
        if not hmac.compare_digest(signature, headers.get("x-webhook-signature", "")):
            raise InvalidSignature("Invalid webhook signature")
        if data["type"] not in ("created", "updated", "deleted"):
            return Handled()
        seen = {**state, "seen": state.get("seen", 0) + 1}
        return Handled([ConnectorEvent(data["type"], data["record"])], state=seen if data.get("count") else None)

    def unsubscribe(*, connection: Any, webhook_uri: str, state: Any, parameters: Any) -> None:
        for name in [name for name, uri in service.known.items() if uri == webhook_uri]:
            del service.known[name]

    def refresh(*, connection: Any, webhook_uri: str, state: Any, parameters: Any) -> Subscribed:
        if state["webhookId"] not in service.known:
            raise SubscriptionLost("There is no such subscription.")
        return Subscribed(next_refresh_timestamp=int((service.now() + DAY) * 1000))

    parts = {"handle": handle, "subscribe": subscribe, "unsubscribe": unsubscribe, "refresh": refresh, "signed_by": ""}
    return Connector(**{**parts, **changes})
