"""The contract of a connector as tests, after Integration.app's page "Webhook" (seed 003). It needs pytest.

Save this as `test_my_connector.py`, put your four functions and your service in place of these, and run pytest:

```python
import itertools
import time
from types import SimpleNamespace

import pytest

from alc_app.attio.testing import ConnectorContract

HOUR = 3_600_000


class Gone(Exception):
    pass


def subscribe(*, connection, webhook_uri, parameters):
    return {"state": {"webhookId": connection.register(webhook_uri)}, "nextRefreshTimestamp": connection.expiry()}


def handle(*, query, data, headers, state, parameters, raw_body):
    if not isinstance(data, dict) or data.get("type") not in ("created", "updated", "deleted"):
        return {"events": []}
    return {"events": [{"type": data["type"], "record": data["record"]}]}


def unsubscribe(*, connection, webhook_uri, state, parameters):
    connection.hooks.pop(webhook_uri, None)


def refresh(*, connection, webhook_uri, state, parameters):
    if state["webhookId"] not in connection.hooks.values():
        raise Gone
    return {"nextRefreshTimestamp": connection.expiry()}


class MyService:
    webhook_uri = "https://app.example/hooks/1"
    parameters = {}

    def __init__(self):
        self.hooks, self.ids, self.connection = {}, itertools.count(1), self

    def register(self, uri):
        return self.hooks.setdefault(uri, next(self.ids))

    def expiry(self):
        return int(self.now() * 1000) + HOUR

    def now(self):
        return time.time()

    def subscriptions(self):
        return len(self.hooks)

    def lose(self):
        self.hooks.clear()

    def request(self):
        data = {"type": "created", "record": {"id": "1"}}
        return {"query": {}, "data": data, "headers": {}, "raw_body": "…"}

    def noise(self):
        return {"query": {}, "data": {"type": "ping"}, "headers": {}, "raw_body": "…"}


class TestMyConnector(ConnectorContract):
    lost = Gone

    @pytest.fixture
    def service(self):
        return MyService()

    @pytest.fixture
    def connector(self):
        return SimpleNamespace(subscribe=subscribe, handle=handle, unsubscribe=unsubscribe, refresh=refresh)
```
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import pytest

from alc_app.attio.host.connector import InvalidSignature, SubscriptionLost

Json = dict[str, Any]
YEAR = 366 * 86_400_000
"""In milliseconds."""
TYPES = {"created", "updated", "deleted"}
__tracebackhide__ = True


class Service(Protocol):
    """The service that the connector calls, as the tests see it; a fake is enough."""

    webhook_uri: str
    parameters: Json
    connection: Any
    """What the functions call the service with; Integration.app's is `apiClient`."""

    def now(self) -> float:
        """Return the time in seconds since 1970."""

    def subscriptions(self) -> int:
        """Return the number of live subscriptions for `webhook_uri`."""

    def lose(self) -> None:
        """Forget all subscriptions."""

    def request(self) -> Json:
        """Return a genuine request about one change, with `query`, `data`, `headers` and `raw_body`."""

    def noise(self) -> Json:
        """Return a genuine request about no change."""


class ConnectorContract:
    """The tests that every connector must pass. A subclass provides the fixtures `connector` and `service`.

    `connector` has the functions as attributes: a `Connector`, a module, or any other object. `refresh` is optional. A
    connector without `subscribe` is a global webhook: only `handle` is tested. A result is a mapping, in camel or snake
    case, or an object such as `Subscribed`.
    """

    lost: type[Exception] = SubscriptionLost
    """What `refresh` raises when the service has lost the subscription."""
    invalid_signature: type[Exception] = InvalidSignature
    """What a `handle` that verifies signatures itself raises."""
    verifies = False
    """Whether `handle` verifies signatures itself; then it is tested with a request that was changed on its way."""

    def call(self, connector: Any, name: str, arguments: Json) -> Any:
        """Call one of the functions. Override it for other conventions, such as camel case or coroutines."""
        return getattr(connector, name)(**arguments)

    def subscribe(self, connector: Any, service: Service) -> Any:
        """Subscribe as a runtime does, and return the result. Skip the test if it is a global webhook."""
        if getattr(connector, "subscribe", None) is None:
            pytest.skip("A connector without `subscribe` is a global webhook and has nothing to test here.")
        known = {"connection": service.connection, "webhook_uri": service.webhook_uri}
        return self.call(connector, "subscribe", {**known, "parameters": service.parameters})

    def about(self, service: Service, state: Any) -> Json:
        """Return the arguments of `refresh` and `unsubscribe`, with the state as it comes back from storage."""
        known = {"connection": service.connection, "webhook_uri": service.webhook_uri}
        return {**known, "state": stored("state", state or {}), "parameters": service.parameters}

    def handle(self, connector: Any, service: Service, state: Any, request: Json) -> Any:
        """Let the connector handle a request, and return the result."""
        return self.call(connector, "handle", {**request, "state": state, "parameters": service.parameters})

    def test_subscribing_twice_ends_as_once(self, connector: Any, service: Service) -> None:
        """Subscribe twice: after a crash the runtime does not know whether it had subscribed."""
        for result in (self.subscribe(connector, service), self.subscribe(connector, service)):
            expect(read(result, "state"), "`subscribe` must return a state that is not empty.")
        expect_one(service, "After subscribing twice")

    def test_a_refresh_is_promised_in_milliseconds_and_can_be_made(self, connector: Any, service: Service) -> None:
        """Require that `nextRefreshTimestamp` lies within the next year, and that there is a `refresh` for it."""
        at = read(self.subscribe(connector, service), "next_refresh_timestamp")
        if at is None:
            return
        expect(_refresh_of(connector), "`subscribe` returns nextRefreshTimestamp, but there is no `refresh`.")
        now = int(service.now() * 1000)
        expect(0 < at - now < YEAR, f"nextRefreshTimestamp {at} is not in the year after now, {now}, in milliseconds.")

    def test_a_refresh_keeps_the_one_subscription(self, connector: Any, service: Service) -> None:
        """Refresh once: the subscription stays, and its next refresh is not earlier."""
        made = self.subscribe(connector, service)
        if not _refresh_of(connector):
            return
        again = self.call(connector, "refresh", self.about(service, read(made, "state")))
        stored("state", read(again, "state"))
        expect_one(service, "After a refresh")
        before, after = (read(result, "next_refresh_timestamp") or 0 for result in (made, again))
        expect(after >= before, f"`refresh` returns nextRefreshTimestamp {after}, before the last one, {before}.")

    def test_a_refresh_of_what_is_lost_says_so(self, connector: Any, service: Service) -> None:
        """Refresh what the service has lost: `refresh` raises `lost`, and the runtime subscribes again."""
        state = read(self.subscribe(connector, service), "state")
        if not _refresh_of(connector):
            return
        service.lose()
        with pytest.raises(self.lost):
            self.call(connector, "refresh", self.about(service, state))

    def test_unsubscribing_ends_it_and_twice_is_fine(self, connector: Any, service: Service) -> None:
        """Unsubscribe twice: the first response may have been lost."""
        about = self.about(service, read(self.subscribe(connector, service), "state"))
        self.call(connector, "unsubscribe", about)
        self.call(connector, "unsubscribe", about)
        expect_none(service, "After unsubscribing")

    def test_unsubscribing_without_the_state_finds_what_was_registered(self, connector: Any, service: Service) -> None:
        """Unsubscribe with an empty state: the response to `subscribe` was lost, and then the user disconnects."""
        self.subscribe(connector, service)
        self.call(connector, "unsubscribe", self.about(service, {}))
        expect_none(service, "After unsubscribing without the state")

    def test_a_change_is_an_event_each_time_it_is_read(self, connector: Any, service: Service) -> None:
        """Handle a change twice: the runtime deduplicates, not `handle`. An event can be stored as JSON."""
        state, request = self.state(connector, service), service.request()
        handled = self.handle(connector, service, state, request)
        expect(events(handled), "A request about a change must be an event.")
        for event in events(handled):
            kind, record = read(event, "type"), read(event, "record")
            expect(kind in TYPES, f"An event's type is created, updated or deleted, not {kind!r}.")
            expect(record, "An event must have a record.")
            stored("record", record)
        again = self.handle(connector, service, state, request)
        expect(again == handled, f"The same request must give the same event. It gave {handled!r}, then {again!r}.")

    def test_what_tells_of_no_change_is_no_event(self, connector: Any, service: Service) -> None:
        """Handle what is no change: test requests, and kinds of events that are added later."""
        found = events(self.handle(connector, service, self.state(connector, service), service.noise()))
        expect(not found, f"A request without a change must not become an event. It became {found!r}.")

    @pytest.mark.parametrize("data", [None, [], "text", {}, {"event": []}], ids=str)
    def test_whatever_is_sent_the_connector_does_not_stumble(self, connector: Any, service: Service, data: Any) -> None:
        """Handle what anybody may send: the result is no event, or `invalid_signature`."""
        self._require_no_event(
            connector, service, {"query": {}, "data": data, "headers": {}, "raw_body": json.dumps(data)}
        )

    def test_a_request_that_was_changed_on_its_way_is_no_event(self, connector: Any, service: Service) -> None:
        """Handle a change whose body is not the signed one, if the connector verifies signatures itself."""
        if not self.verifies:
            return
        genuine = service.request()
        self._require_no_event(connector, service, {**genuine, "raw_body": f"{genuine['raw_body']} "})

    def state(self, connector: Any, service: Service) -> Any:
        """Return the state of a subscription; a global webhook has an empty one."""
        has_one = getattr(connector, "subscribe", None) is not None
        return (read(self.subscribe(connector, service), "state") if has_one else None) or {}

    def _require_no_event(self, connector: Any, service: Service, request: Json) -> None:
        try:
            found = events(self.handle(connector, service, {}, request))
        except self.invalid_signature:
            scheme = getattr(connector, "signed_by", "")
            expect(not scheme, f"The runtime verifies {scheme}, so `handle` must not.")
        else:
            expect(not found, f"A request that the service did not send must not become an event. It became {found!r}.")


def read(result: Any, name: str) -> Any:
    """Return a part of a result, or None: of a mapping, in snake or camel case, or of an object."""
    if not isinstance(result, Mapping):
        return getattr(result, name, None)
    first, *others = name.split("_")
    return result.get(name, result.get(first + "".join(map(str.title, others))))


def events(handled: Any) -> Sequence[Any]:
    """Return the events in the result of `handle`."""
    return read(handled, "events") or []


def stored(what: str, value: Any) -> Any:
    """Return a value as it comes back from storage. Fail if it is no JSON."""
    try:
        return json.loads(json.dumps(dict(value) if isinstance(value, Mapping) else value))
    except TypeError as problem:
        return pytest.fail(f"A {what} is stored as JSON: {problem}", pytrace=False)


def expect_one(service: Service, when: str) -> None:
    """Fail unless the service has one subscription."""
    found = service.subscriptions()
    expect(found == 1, f"{when}, the service must have one subscription. It has {found}.")


def expect_none(service: Service, when: str) -> None:
    """Fail if the service has a subscription left."""
    found = service.subscriptions()
    expect(found == 0, f"{when}, the service must have no subscription. It has {found}.")


def expect(fact: Any, otherwise: str) -> None:
    """Fail with a sentence, without a traceback, unless something is true."""
    if not fact:
        pytest.fail(otherwise, pytrace=False)


def _refresh_of(connector: Any) -> Any:
    return getattr(connector, "refresh", None)
