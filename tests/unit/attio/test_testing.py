"""The connector kit: each way to break the contract turns the right test red, and it holds any four functions."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from alc_app.attio import testing
from alc_app.attio.host.connector import Connector, ConnectorEvent, Handled, InvalidSignature, Subscribed
from alc_app.attio.testing import ConnectorContract
from tests.support.seed_003 import DAY, SeedService, seed_connector

Change = Callable[[SeedService, Connector], Callable[..., Any]]


class SeedContract(ConnectorContract):
    """The contract, for a connector that verifies signatures itself."""

    verifies = True


def failures(contract: ConnectorContract, connector: Any, service: Callable[[], SeedService]) -> dict[str, str]:
    """Return the tests of the contract that this connector fails, each with its sentence."""
    found = {}
    for name, run in checks_of(contract):
        at = service()
        try:
            run(connector(at), at)
        except (pytest.fail.Exception, Exception) as failure:
            found[name] = str(failure)
    return found


def checks_of(contract: ConnectorContract) -> Iterator[tuple[str, Callable[[Any, Any], None]]]:
    """Yield each test of the contract, without its name's `test_`; of the parametrized one, an example."""
    for name in dir(contract):
        if name == f"test_{WHATEVER}":
            yield WHATEVER, partial(getattr(contract, name), data={"event": []})
        elif name.startswith("test_"):
            yield name[5:], getattr(contract, name)


def twice(service: SeedService, connector: Connector) -> Callable[..., Any]:
    """Subscribe anew each time."""

    def subscribe(*, webhook_uri: str, **_others: Any) -> Subscribed:
        service.known[f"sub_{len(service.known)}"] = webhook_uri
        return Subscribed({"webhookId": f"sub_{len(service.known) - 1}"}, int((service.now() + DAY) * 1000))

    return subscribe


def subscribing(**result: Any) -> Change:
    """Subscribe as the seed does, and return this."""

    def change(service: SeedService, connector: Connector) -> Callable[..., Any]:
        def subscribe(*, webhook_uri: str, **_others: Any) -> Any:
            return {"state": {"webhookId": service.register(webhook_uri)}, **result}

        return subscribe

    return change


def refreshing(*, timestamp: Any = None, again: bool = False, state: Any = None) -> Change:
    """Refresh without asking whether the subscription is there still."""

    def change(service: SeedService, connector: Connector) -> Callable[..., Any]:
        def refresh(*, webhook_uri: str, **_others: Any) -> Any:
            if again:
                service.known["sub_again"] = webhook_uri
            return {"state": state, "nextRefreshTimestamp": timestamp or int((service.now() + DAY) * 1000)}

        return refresh

    return change


def unsubscribing(how: Callable[[SeedService, Any], object]) -> Change:
    """Unsubscribe in this way."""
    return lambda service, connector: lambda *, state, **_others: how(service, state)


def handling(how: Callable[[Any, Callable[[], Handled]], Any]) -> Change:
    """Handle in this way, given the body and what the seed's own function does."""

    def change(service: SeedService, connector: Connector) -> Callable[..., Any]:
        def handle(*, data: Any, **others: Any) -> Any:
            return how(data, lambda: connector.handle(data=data, **others))

        return handle

    return change


def counting() -> Change:
    """Handle as the seed does, and number the events."""
    seen: list[Any] = []

    def how(data: Any, seed: Callable[[], Handled]) -> Handled:
        events = seed().events
        seen.extend(events)
        return Handled([ConnectorEvent(event.type, {**event.record, "number": len(seen)}) for event in events])

    return handling(how)


ONCE, IN_TIME = "subscribing_twice_ends_as_once", "a_refresh_is_promised_in_milliseconds_and_can_be_made"
KEEPS, LOST = "a_refresh_keeps_the_one_subscription", "a_refresh_of_what_is_lost_says_so"
ENDS, STATELESS = "unsubscribing_ends_it_and_twice_is_fine", "unsubscribing_without_the_state_finds_what_was_registered"
EVENT, NO_EVENT = "a_change_is_an_event_each_time_it_is_read", "what_tells_of_no_change_is_no_event"
WHATEVER, CHANGED = (
    "whatever_is_sent_the_connector_does_not_stumble",
    "a_request_that_was_changed_on_its_way_is_no_event",
)
BROKEN: dict[str, tuple[str, Change, dict[str, str]]] = {
    "a second subscription": ("subscribe", twice, {ONCE: "After subscribing twice, .* has 2"}),
    "no state": ("subscribe", subscribing(state=None), {ONCE: "not empty", KEEPS: "webhookId", LOST: "webhookId"}),
    "a state that is no JSON": (
        "subscribe", subscribing(state={"at": {1}}),
        {KEEPS: "A state is stored as JSON", LOST: "as JSON", ENDS: "as JSON"},
    ),
    "seconds": ("subscribe", subscribing(nextRefreshTimestamp=1_700_000_000), {IN_TIME: "in milliseconds"}),
    "a time that is over": ("subscribe", subscribing(nextRefreshTimestamp=1_600_000_000_000), {IN_TIME: "in the year"}),
    "no refresh for it": ("refresh", lambda _service, _connector: None, {IN_TIME: "there is no `refresh`"}),
    "a refresh that subscribes anew": (
        "refresh", refreshing(again=True), {KEEPS: "After a refresh, .* has 2", LOST: "DID NOT RAISE"},
    ),
    "a refresh that is earlier": (
        "refresh", refreshing(timestamp=1_600_000_000_000), {KEEPS: "before the last one", LOST: "DID NOT RAISE"},
    ),
    "a refreshed state that is no JSON": (
        "refresh", refreshing(state={"at": {1}}), {KEEPS: "as JSON", LOST: "DID NOT RAISE"},
    ),
    "a refresh that does not look": ("refresh", refreshing(), {LOST: "DID NOT RAISE"}),
    "unsubscribe does nothing": (
        "unsubscribe", unsubscribing(lambda _service, _state: None),
        {ENDS: "After unsubscribing, the service must have no subscription", STATELESS: "without the state"},
    ),
    "unsubscribe fails the second time": (
        "unsubscribe", unsubscribing(lambda service, _state: service.known.pop("sub_1")), {ENDS: "sub_1"},
    ),
    "unsubscribe needs the state": (
        "unsubscribe", unsubscribing(lambda service, state: service.known.pop(state["webhookId"], None)),
        {STATELESS: "webhookId"},
    ),
    "no event": ("handle", handling(lambda _data, seed: [seed(), Handled()][1]), {EVENT: "must be an event"}),
    "an unknown type": (
        "handle", handling(lambda _data, seed: {"events": [{"type": "new", "record": 1} for _event in seed().events]}),
        {EVENT: "not 'new'"},
    ),
    "no record": (
        "handle", handling(lambda _data, seed: {"events": [{"type": e.type} for e in seed().events]}),
        {EVENT: "must have a record"},
    ),
    "a record that is no JSON": (
        "handle", handling(lambda _data, seed: Handled([ConnectorEvent(e.type, {"a": {1}}) for e in seed().events])),
        {EVENT: "A record is stored as JSON"},
    ),
    "it counts": ("handle", counting(), {EVENT: "The same request must give the same event."}),
    "each request is an event": (
        "handle", handling(lambda data, seed: [seed(), {"events": [{"type": "updated", "record": data}]}][1]),
        {NO_EVENT: "must not become an event"},
    ),
    "it stumbles": (
        "handle", handling(lambda data, seed: (data["type"], seed())[1]), {WHATEVER: "type"},
    ),
    "it takes what is not signed": (
        "handle", handling(lambda data, _seed: {"events": [data] if "record" in (data or ()) else []}),
        {CHANGED: "that the service did not send must not become an event"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("way", BROKEN)
def test_each_way_to_break_the_contract_fails_with_a_sentence(way: str) -> None:
    """And no other test fails: the red one names the mistake."""
    name, change, expected = BROKEN[way]
    broken = lambda at: seed_connector(at, **{name: change(at, seed_connector(at))})  # noqa: E731 - shorter so

    found = failures(SeedContract(), broken, SeedService)

    assert set(found) == set(expected), found
    for test, sentence in expected.items():
        assert re.search(sentence, found[test]), found[test]


def test_a_connector_that_keeps_the_contract_passes() -> None:
    """Otherwise the tests above would prove nothing."""
    assert not failures(SeedContract(), seed_connector, SeedService)


def test_a_handle_that_verifies_what_the_runtime_verifies_is_named() -> None:
    """Then a second secret after a rotation would be refused."""
    found = failures(SeedContract(), lambda at: seed_connector(at, signed_by="standard_webhooks"), SeedService)

    assert set(found) == {WHATEVER, CHANGED}
    assert "The runtime verifies standard_webhooks" in found[WHATEVER]


def test_a_global_webhook_is_held_to_handle_alone() -> None:
    """A person enters its address at the service, so there is nothing to subscribe."""
    nothing = dict.fromkeys(("subscribe", "unsubscribe", "refresh"))

    results = []
    for name, run in checks_of(SeedContract()):
        service = SeedService()
        try:
            run(seed_connector(service, **nothing), service)
        except pytest.skip.Exception:
            continue
        results.append(name)

    assert set(results) == {EVENT, NO_EVENT, WHATEVER, CHANGED}


def test_functions_of_another_convention_are_held_by_overriding_call() -> None:
    """Here: coroutines whose arguments are in camel case, which return mappings and raise errors of their own."""

    class CamelContract(ConnectorContract):
        lost, invalid_signature = LookupError, PermissionError

        def call(self, connector: Any, name: str, arguments: dict[str, Any]) -> Any:
            camel = {"webhook_uri": "webhookUri", "raw_body": "rawBody", "connection": "apiClient"}
            asked = getattr(connector, name)(**{camel.get(key, key): value for key, value in arguments.items()})
            with ThreadPoolExecutor(1) as own_thread:  # a browser test may have left a loop running in this one
                return own_thread.submit(asyncio.run, asked).result()

    def camel(service: SeedService) -> SimpleNamespace:
        async def subscribe(*, webhookUri: str, **_: Any) -> Any:  # noqa: N803 - Integration.app's names
            return {"state": {"webhookId": service.register(webhookUri)}, "nextRefreshTimestamp": None}

        async def handle(*, data: Any, rawBody: str, headers: Any, **_: Any) -> Any:  # noqa: N803
            if headers != service.signed(data)["headers"] or rawBody.endswith(" "):
                raise PermissionError
            return {"events": [data] if data["type"] == "created" else []}

        async def unsubscribe(**_: Any) -> None:
            service.known.clear()

        return SimpleNamespace(subscribe=subscribe, handle=handle, unsubscribe=unsubscribe)

    assert not failures(CamelContract(), camel, SeedService)


def test_an_invalid_signature_of_another_kind_is_no_pass() -> None:
    """A `handle` that breaks down has not verified anything."""

    class Strict(SeedContract):
        invalid_signature = LookupError

    found = failures(Strict(), seed_connector, SeedService)

    assert set(found) == {WHATEVER, CHANGED}
    assert issubclass(InvalidSignature, Exception)


def test_the_example_in_its_docstring_is_complete(tmp_path: Path) -> None:
    """Saved as a file, it passes as it stands, with warnings as errors."""
    [code] = re.findall(r"```python\n(.*?)```", str(testing.__doc__), re.DOTALL)
    (tmp_path / "test_my_connector.py").write_text(code)

    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider", "-p", "no:playwright"],
        cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip

    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "14 passed" in ran.stdout
