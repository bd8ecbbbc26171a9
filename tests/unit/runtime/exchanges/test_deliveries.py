"""Deliveries in the log of exchanges: how our answer is named, and that a flood is logged in part."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from werkzeug.wrappers import Response

from alc_app.runtime.exchanges import log as log_module
from alc_app.runtime.exchanges.deliveries import LoggedRequest, log_delivery
from alc_app.runtime.exchanges.log import ExchangeLog
from alc_app.runtime.signatures.schemes import SCHEMES
from alc_app.runtime.storage.database import Database
from alc_app.runtime.storage.tables import Message
from tests.support.tables import make_tables


@pytest.fixture
def exchanges(tmp_path: Path) -> Iterator[ExchangeLog]:
    """A log in a file."""
    database = Database(f"sqlite:///{tmp_path / 'exchanges.db'}")
    make_tables(database, [Message])
    yield ExchangeLog(database)
    database.close()


@pytest.mark.parametrize(("limit", "messages"), [(50, 2), (0, 0)])
def test_a_flood_of_deliveries_is_answered_and_not_logged(
    exchanges: ExchangeLog, monkeypatch: pytest.MonkeyPatch, limit: int, messages: int
) -> None:
    """Beyond so many a second: logging one costs more than storing it."""
    monkeypatch.setattr(log_module, "DELIVERIES_PER_SECOND", limit)

    request = LoggedRequest.from_values("/hooks/h", method="POST", data=b"{}")
    with log_delivery(exchanges, SCHEMES["standard_webhooks"], request) as answered:
        response = answered(Response(status=200))
    exchanges.close()

    assert response.status_code == 200
    assert len(exchanges.newest(10)) == messages


def test_an_answer_is_named_as_those_of_others_are(exchanges: ExchangeLog) -> None:
    """Werkzeug writes the phrase in capitals, so the inspector had "410 GONE" beside "204 No Content"."""
    request = LoggedRequest.from_values("/hooks/h", method="POST", data=b"{}")
    with log_delivery(exchanges, SCHEMES["standard_webhooks"], request) as answered:
        answered(Response(status=410))
    exchanges.close()

    assert [message["label"] for message in exchanges.newest(1)] == ["410 Gone"]
