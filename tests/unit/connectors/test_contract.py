"""The contract, kept by ALC's connector and by seed 003's own."""

from __future__ import annotations

from typing import Any

import pytest

from alc_app.attio import Connection
from alc_app.attio.host.connector import Connector, Subscribed
from alc_app.attio.testing import ConnectorContract
from alc_app.connectors.alc import alc
from tests.support.fakes.runtime import FakeRuntime, Outside, does_and_says
from tests.support.seed_003 import SeedService, seed_connector

PROSPECT = {
    "event": "prospect_updated",
    "data": {"prospectId": "p", "prospectName": "Ada Lovelace", "prospectEmail": "ada@example.com"},
}


class AlcService:
    """ALC, as the fake runtime has it."""

    webhook_uri = "https://app.test/hooks/handler_1"
    connection = Connection("connection", "alc-token")

    def __init__(self, runtime: FakeRuntime) -> None:
        self.parameters: dict[str, Any] = {"event": "prospect.updated", "webhookSecret": "whsec_c2VjcmV0"}
        self._runtime, self.outside = runtime, runtime.outside

    def now(self) -> float:
        return self._runtime.now()

    def subscriptions(self) -> int:
        return sum(webhook["url"] == self.webhook_uri for webhook in self.outside.webhooks.values())

    def lose(self) -> None:
        self.outside.webhooks.clear()

    def request(self) -> dict[str, Any]:
        return self._request(PROSPECT)

    def noise(self) -> dict[str, Any]:
        return self._request({"event": "webhook.test"})

    def _request(self, data: dict[str, Any]) -> dict[str, Any]:
        return {"query": {}, "data": data, "headers": {}, "raw_body": "{}"}


class TestAlc(ConnectorContract):
    """ALC's connector."""

    @pytest.fixture
    def service(self, runtime: FakeRuntime) -> AlcService:
        """A service without subscriptions, which refuses twins as ALC does."""
        runtime.outside.refuses_twins = True
        return AlcService(runtime)

    @pytest.fixture
    def connector(self) -> Connector:
        """The app's."""
        return alc


class TestSeed003(ConnectorContract):
    """Seed 003: the page's own examples keep the contract that the page describes."""

    verifies = True

    @pytest.fixture
    def service(self) -> SeedService:
        """A service without subscriptions."""
        return SeedService()

    @pytest.fixture
    def connector(self, service: SeedService) -> Connector:
        """The page's."""
        return seed_connector(service)


def test_a_timestamp_in_seconds_is_refused() -> None:
    """The likeliest mistake with `nextRefreshTimestamp`: a refresh that is due for ever."""
    with pytest.raises(ValueError, match="milliseconds"):
        Subscribed({}, 1_700_000_000)


def test_a_webhook_that_alc_has_turned_off_is_lost(runtime: FakeRuntime, outside: Outside) -> None:
    """A refresh that succeeds does not mean that ALC calls us."""
    service = AlcService(runtime)
    kit = ConnectorContract()
    state = kit.subscribe(alc, service).state
    hook = next(iter(outside.webhooks.values()))
    outside.fault("POST /api/v1/webhooks/", does_and_says(200, {**hook, "status": "disabled"}))

    with pytest.raises(Exception, match="no longer calls this webhook"):
        alc.refresh(**kit.about(service, state))
