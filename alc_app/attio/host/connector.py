"""A connector, as in Integration.app: four functions that maintain a subscription at a service and read its events.

Names, arguments and results are those of console.integration.app/docs/connector-builder/events/webhook (seed 003), in
snake case; `nextRefreshTimestamp` stays in milliseconds. Instead of `apiClient` a function gets the `connection`, for
the app's own client. The runtime keeps the state, calls `refresh` in time and stores every event before it answers the
service. Each event is then delivered to a file of `webhooks/`, as a delivery without a connector is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from alc_app.attio.host.errors import SerializableError

Json = Mapping[str, Any]
SECONDS_END = 100_000_000_000
"""A smaller number is in seconds by mistake: in milliseconds it would be before March 1973."""


class SubscriptionLost(SerializableError):
    """Raised by `subscribe` or `refresh` when the subscription has ended at the service: it has to be made again."""


class InvalidSignature(Exception):
    """Raised by a `handle` that verifies signatures itself: the request is not from the service. It is answered 401."""


@dataclass(frozen=True)
class Subscribed:
    """The result of `subscribe` and `refresh`."""

    state: Json | None = None
    """Stored encrypted, and passed to the other functions. None from `refresh` leaves it unchanged."""
    next_refresh_timestamp: int | None = None
    """When to refresh, in milliseconds since 1970; None means never."""

    def __post_init__(self) -> None:
        """Reject a timestamp in seconds. Raises: ValueError."""
        if self.next_refresh_timestamp is not None and self.next_refresh_timestamp < SECONDS_END:
            raise ValueError("next_refresh_timestamp is in milliseconds since 1970, not in seconds.")


@dataclass(frozen=True)
class ConnectorEvent:
    """A change of a record of the service."""

    type: Literal["created", "updated", "deleted"]
    record: Json
    """The body of the request that the file of `webhooks/` gets."""


@dataclass(frozen=True)
class ConnectorResponse:
    """The answer to the service, such as a challenge. `data` is sent as text if it is a string, otherwise as JSON."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    data: Any = None


@dataclass(frozen=True)
class Handled:
    """The result of `handle`, which reads one request and has no side effects."""

    events: Sequence[ConnectorEvent] = ()
    response: ConnectorResponse | None = None
    state: Json | None = None
    """The new state; None leaves it unchanged."""


@dataclass(frozen=True)
class Connector:
    """The four functions. All are called with keywords; a subscription is identified by its `webhook_uri`.

    subscribe(connection, webhook_uri, parameters) -> Subscribed; may be called again after a crash
    handle(query, data, headers, state, parameters, raw_body) -> Handled
    unsubscribe(connection, webhook_uri, state, parameters); the state is empty if it was lost
    refresh(connection, webhook_uri, state, parameters) -> Subscribed; raises SubscriptionLost

    `parameters` includes the handler's signing secret as `webhookSecret`. After a rotation two are live for a while:
    then a `handle` that raises InvalidSignature is called again with the other.

    Without `subscribe` it is a *global webhook*: a user enters its address at the service by hand, and nothing is
    subscribed or refreshed.
    """

    handle: Callable[..., Handled]
    subscribe: Callable[..., Subscribed] | None = None
    unsubscribe: Callable[..., None] | None = None
    refresh: Callable[..., Subscribed] | None = None
    signed_by: str = "standard_webhooks"
    """The signature scheme that the runtime verifies before it accepts events; empty: `handle` verifies itself."""
    missed: Callable[[], None] | None = None
    """Called when a subscription was lost: the events of that time have to be found in another way."""

    @property
    def is_global(self) -> bool:
        """Tell whether its address is entered at the service by hand."""
        return self.subscribe is None
