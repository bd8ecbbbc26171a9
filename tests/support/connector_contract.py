"""The connector contract as tests: inherit from `ConnectorContract`, say how the service is asked, and run pytest.

It knows `alc_app.attio.host.connector` and nothing else of this house, so it can be taken along with that file.
"""

from __future__ import annotations

import json
from typing import Any, Protocol

import pytest

from alc_app.attio.host.connector import Connector, Handled, InvalidSignature, Subscribed, SubscriptionLost

YEAR = 366 * 86_400_000
TYPES = {"created", "updated", "deleted"}


class Service(Protocol):
    """The service at the other end, as a test sees it."""

    webhook_uri: str
    parameters: dict[str, Any]
    connection: Any

    def now(self) -> float:
        """Seconds since 1970."""

    def subscriptions(self) -> int:
        """How many subscriptions it has for `webhook_uri` that are alive."""

    def lose(self) -> None:
        """Forget them all."""

    def request(self) -> dict[str, Any]:
        """A genuine request that tells of one change: `query`, `data`, `headers`, `raw_body`."""

    def noise(self) -> dict[str, Any]:
        """A genuine request that tells of no change."""


class ConnectorContract:
    """What every connector promises. A subclass has the fixtures `connector` and `service`."""

    def subscribe(self, connector: Connector, service: Service) -> Subscribed:
        """Subscribe, as the runtime does."""
        assert connector.subscribe
        return connector.subscribe(
            connection=service.connection, webhook_uri=service.webhook_uri, parameters=service.parameters
        )

    def about(self, service: Service, state: Any) -> dict[str, Any]:
        """What `refresh` and `unsubscribe` are given; the state as it is after having been kept."""
        kept = {"state": json.loads(json.dumps(dict(state))), "parameters": service.parameters}
        return {"connection": service.connection, "webhook_uri": service.webhook_uri, **kept}

    def handle(self, connector: Connector, service: Service, state: Any, request: dict[str, Any]) -> Handled:
        """Have a request read."""
        return connector.handle(**request, state=state, parameters=service.parameters)

    def test_subscribing_twice_ends_as_once(self, connector: Connector, service: Service) -> None:
        """After a crash the runtime does not know that it had subscribed."""
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
        """It goes on, and says when to come next."""
        made = self.subscribe(connector, service)
        if connector.refresh is None:
            return

        again = connector.refresh(**self.about(service, made.state))

        assert service.subscriptions() == 1
        assert (again.next_refresh_timestamp or 0) >= (made.next_refresh_timestamp or 0)

    def test_a_refresh_of_what_is_lost_says_so(self, connector: Connector, service: Service) -> None:
        """So that the runtime subscribes again."""
        made = self.subscribe(connector, service)
        if connector.refresh is None:
            return
        service.lose()

        with pytest.raises(SubscriptionLost):
            connector.refresh(**self.about(service, made.state))

    def test_unsubscribing_ends_it_and_twice_is_fine(self, connector: Connector, service: Service) -> None:
        """Also when the first answer was lost."""
        assert connector.unsubscribe
        about = self.about(service, self.subscribe(connector, service).state)

        connector.unsubscribe(**about)
        connector.unsubscribe(**about)

        assert service.subscriptions() == 0

    def test_unsubscribing_without_the_state_finds_what_was_registered(
        self, connector: Connector, service: Service
    ) -> None:
        """The answer to `subscribe` was lost, and the person disconnects."""
        assert connector.unsubscribe
        self.subscribe(connector, service)

        connector.unsubscribe(**self.about(service, {}))

        assert service.subscriptions() == 0

    def test_a_change_is_an_event_each_time_it_is_read(self, connector: Connector, service: Service) -> None:
        """`handle` has no memory: the runtime deduplicates; and an event can be kept as JSON."""
        state, request = self.subscribe(connector, service).state, service.request()
        handled = self.handle(connector, service, state, request)

        assert handled.events
        assert {event.type for event in handled.events} <= TYPES
        assert json.loads(json.dumps([event.record for event in handled.events]))
        assert self.handle(connector, service, state, request) == handled

    def test_what_tells_of_no_change_is_no_event(self, connector: Connector, service: Service) -> None:
        """Trials, and what may come one day."""
        state = self.subscribe(connector, service).state

        assert not self.handle(connector, service, state, service.noise()).events

    @pytest.mark.parametrize("data", [None, [], "text", {}, {"event": []}], ids=str)
    def test_whatever_is_sent_the_connector_does_not_stumble(
        self, connector: Connector, service: Service, data: Any
    ) -> None:
        """A stranger may send anything: no event, or a refusal."""
        request = {"query": {}, "data": data, "headers": {}, "raw_body": json.dumps(data)}
        try:
            assert not self.handle(connector, service, {}, request).events
        except InvalidSignature:
            assert not connector.signed_by
