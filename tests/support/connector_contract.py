"""The connector contract as tests: inherit from `ConnectorContract` and provide its two fixtures.

It imports only `alc_app.attio.host.connector`, so you can copy it together with that file.
"""

from __future__ import annotations

import json
from typing import Any, Protocol

import pytest

from alc_app.attio.host.connector import Connector, Handled, InvalidSignature, Subscribed, SubscriptionLost

YEAR = 366 * 86_400_000
TYPES = {"created", "updated", "deleted"}


class Service(Protocol):
    """The external service that the connector calls, as the tests see it."""

    webhook_uri: str
    parameters: dict[str, Any]
    connection: Any

    def now(self) -> float:
        """Return the time in seconds since 1970."""

    def subscriptions(self) -> int:
        """Return the number of live subscriptions for `webhook_uri`."""

    def lose(self) -> None:
        """Forget all subscriptions."""

    def request(self) -> dict[str, Any]:
        """Return a genuine request about one change, with `query`, `data`, `headers` and `raw_body`."""

    def noise(self) -> dict[str, Any]:
        """Return a genuine request about no change."""


class ConnectorContract:
    """The tests that every connector must pass. A subclass provides the fixtures `connector` and `service`."""

    def subscribe(self, connector: Connector, service: Service) -> Subscribed:
        """Subscribe, as the runtime does."""
        assert connector.subscribe
        return connector.subscribe(
            connection=service.connection, webhook_uri=service.webhook_uri, parameters=service.parameters
        )

    def about(self, service: Service, state: Any) -> dict[str, Any]:
        """Return the arguments of `refresh` and `unsubscribe`, with the state as it comes back from storage."""
        kept = {"state": json.loads(json.dumps(dict(state))), "parameters": service.parameters}
        return {"connection": service.connection, "webhook_uri": service.webhook_uri, **kept}

    def handle(self, connector: Connector, service: Service, state: Any, request: dict[str, Any]) -> Handled:
        """Let the connector handle a request."""
        return connector.handle(**request, state=state, parameters=service.parameters)

    def test_subscribing_twice_ends_as_once(self, connector: Connector, service: Service) -> None:
        """After a crash the runtime does not know whether it had subscribed."""
        first, second = self.subscribe(connector, service), self.subscribe(connector, service)

        assert service.subscriptions() == 1
        assert first.state
        assert second.state

    def test_a_refresh_is_promised_in_milliseconds_and_can_be_made(
        self, connector: Connector, service: Service
    ) -> None:
        """`nextRefreshTimestamp` is in the future, within a year, and `refresh` exists if it is given."""
        at = self.subscribe(connector, service).next_refresh_timestamp
        if at is None:
            return

        assert connector.refresh is not None
        assert 0 < at - service.now() * 1000 < YEAR

    def test_a_refresh_keeps_the_one_subscription(self, connector: Connector, service: Service) -> None:
        """The subscription stays, and its next refresh is not earlier."""
        made = self.subscribe(connector, service)
        if connector.refresh is None:
            return

        again = connector.refresh(**self.about(service, made.state))

        assert service.subscriptions() == 1
        assert (again.next_refresh_timestamp or 0) >= (made.next_refresh_timestamp or 0)

    def test_a_refresh_of_what_is_lost_says_so(self, connector: Connector, service: Service) -> None:
        """Then the runtime subscribes again."""
        made = self.subscribe(connector, service)
        if connector.refresh is None:
            return
        service.lose()

        with pytest.raises(SubscriptionLost):
            connector.refresh(**self.about(service, made.state))

    def test_unsubscribing_ends_it_and_twice_is_fine(self, connector: Connector, service: Service) -> None:
        """Its first response may have been lost."""
        assert connector.unsubscribe
        about = self.about(service, self.subscribe(connector, service).state)

        connector.unsubscribe(**about)
        connector.unsubscribe(**about)

        assert service.subscriptions() == 0

    def test_unsubscribing_without_the_state_finds_what_was_registered(
        self, connector: Connector, service: Service
    ) -> None:
        """The response to `subscribe` was lost, and then the user disconnects."""
        assert connector.unsubscribe
        self.subscribe(connector, service)

        connector.unsubscribe(**self.about(service, {}))

        assert service.subscriptions() == 0

    def test_a_change_is_an_event_each_time_it_is_read(self, connector: Connector, service: Service) -> None:
        """`handle` keeps no state: the runtime deduplicates. An event can be stored as JSON."""
        state, request = self.subscribe(connector, service).state, service.request()
        handled = self.handle(connector, service, state, request)

        assert handled.events
        assert {event.type for event in handled.events} <= TYPES
        assert json.loads(json.dumps([event.record for event in handled.events]))
        assert self.handle(connector, service, state, request) == handled

    def test_what_tells_of_no_change_is_no_event(self, connector: Connector, service: Service) -> None:
        """Test requests, and kinds of events that are added later."""
        state = self.subscribe(connector, service).state

        assert not self.handle(connector, service, state, service.noise()).events

    @pytest.mark.parametrize("data", [None, [], "text", {}, {"event": []}], ids=str)
    def test_whatever_is_sent_the_connector_does_not_stumble(
        self, connector: Connector, service: Service, data: Any
    ) -> None:
        """Anybody may send anything: the result is no event, or InvalidSignature."""
        request = {"query": {}, "data": data, "headers": {}, "raw_body": json.dumps(data)}
        try:
            assert not self.handle(connector, service, {}, request).events
        except InvalidSignature:
            assert not connector.signed_by
