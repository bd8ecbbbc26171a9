"""A connector to another service, as Integration.app has them: four functions that keep a subscription and read it.

Names, arguments and results are those of console.integration.app/docs/connector-builder/events/webhook (seed 003), in
snake case; `nextRefreshTimestamp` stays in milliseconds. In place of `apiClient` a function is given the `connection`,
which the app's own door takes. The runtime keeps the state, calls `refresh` in time and stores every event before the
service is answered; each event is then a delivery to a file of `webhooks/`, as one that came without a connector.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from alc_app.attio.host.errors import SerializableError

Json = Mapping[str, Any]
SECONDS_END = 100_000_000_000
"""What is smaller was meant as seconds: as milliseconds it would be a day in 1973."""


class SubscriptionLost(SerializableError):
    """For `refresh` to raise: the service no longer knows the subscription, so there is nothing to refresh."""


class InvalidSignature(Exception):
    """For `handle` to raise, when it verifies by itself: this request is not from the service. It is answered 401."""


@dataclass(frozen=True)
class Subscribed:
    """What `subscribe` and `refresh` return."""

    state: Json | None = None
    """Kept, sealed, and handed to the other functions; None from `refresh` leaves it as it is."""
    next_refresh_timestamp: int | None = None
    """When to refresh, in milliseconds since 1970; None: never."""

    def __post_init__(self) -> None:
        if self.next_refresh_timestamp is not None and self.next_refresh_timestamp < SECONDS_END:
            raise ValueError("next_refresh_timestamp is in milliseconds since 1970, not in seconds.")


@dataclass(frozen=True)
class ConnectorEvent:
    """Something that has happened to a record of the service."""

    type: Literal["created", "updated", "deleted"]
    record: Json
    """What the file of `webhooks/` finds as the body of its request."""


@dataclass(frozen=True)
class ConnectorResponse:
    """What the service is to be answered, such as a challenge; `data` is sent as text, or else as JSON."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    data: Any = None


@dataclass(frozen=True)
class Handled:
    """What `handle` returns. It has no side effects: it reads one request."""

    events: Sequence[ConnectorEvent] = ()
    response: ConnectorResponse | None = None
    state: Json | None = None
    """A new value of the state, if it needs to be updated."""


@dataclass(frozen=True)
class Connector:
    """The four functions. All are called with keywords; a subscription is known by its `webhook_uri`.

    subscribe(connection, webhook_uri, parameters) -> Subscribed, and again after a crash: twice must end as once
    handle(query, data, headers, state, parameters, raw_body) -> Handled
    unsubscribe(connection, webhook_uri, state, parameters), also for a state that was lost, which is empty then
    refresh(connection, webhook_uri, state, parameters) -> Subscribed; raises SubscriptionLost

    `parameters` has the handler's signing secret too, as `webhookSecret`. Without `subscribe` it is a *global webhook*:
    somebody enters its address at the service by hand, and nothing is subscribed or refreshed.
    """

    handle: Callable[..., Handled]
    subscribe: Callable[..., Subscribed] | None = None
    unsubscribe: Callable[..., None] | None = None
    refresh: Callable[..., Subscribed] | None = None
    signed_by: str = "standard_webhooks"
    """The runtime trusts the events of a request only if it is signed so; empty: `handle` verifies by itself."""
    missed: Callable[[], None] | None = None
    """Called when a subscription had been lost: what was told meanwhile has to be found in another way."""

    @property
    def is_global(self) -> bool:
        """Is its address entered by hand?"""
        return self.subscribe is None
