"""The control API lists what can happen on a day: sentences, faults that can be set, and what each spoils."""

from __future__ import annotations

from typing import Any

import pytest

from mock_alc.double.fault import read_fault
from mock_alc.scenarios import SCENARIOS
from mock_alc.scenarios.operations import OPERATIONS
from mock_alc.testing.storm.operations import PLAYS
from tests.unit.mock_alc.support import Alc


@pytest.fixture
def listed(alc: Alc) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = alc.http.get("/_mock/operations").get_json()["operations"]
    return rows


def test_every_variant_of_every_operation_is_listed_once(listed: list[dict[str, Any]]) -> None:
    """In the order of the table, and a storm can play each of them."""
    assert [(row["do"], row["how"]) for row in listed] == [
        (name, how) for name, operation in OPERATIONS.items() for how in operation.variants
    ]
    assert set(OPERATIONS) == set(PLAYS)


def test_every_sentence_names_its_person_by_a_slot(listed: list[dict[str, Any]]) -> None:
    """So that a reader can fill in any name."""
    for row in listed:
        assert row["says"].format(who="Person 2").endswith("."), row
    [sent] = [row["says"] for row in listed if (row["do"], row["how"]) == ("click", "twice")]
    assert sent == "{who} is sent, twice at once."


def test_every_fault_that_is_listed_can_be_set(alc: Alc, listed: list[dict[str, Any]]) -> None:
    """As it stands in the list."""
    faults = [row["with"].get("fault") or row["with"] for row in listed]
    struck = [fault for fault in faults if "route" in fault or "delivery" in fault]
    assert len(struck) > 20
    for fault in struck:
        assert alc.http.post("/_mock/faults", json=fault).status_code == 201, fault


def test_an_operation_says_which_request_or_event_it_spoils(listed: list[dict[str, Any]]) -> None:
    """A fault is about what it strikes; a scenario and a second delivery are about the verdict."""
    spoils = {(row["do"], row["how"]): row["spoils"] for row in listed}
    assert spoils["answer", "503"] == "POST /api/v1/leads"
    assert spoils["verdict", "bad_signature"] == spoils["next_verdict", "early"] == "lead.processed"
    assert spoils["kill", "in_click"] == "POST /api/v1/leads"
    assert spoils["disconnect", "503"] == "DELETE /api/v1/webhooks/*"
    assert spoils["refresh", "503"] == spoils["tokens", ""] == "POST /oauth/token"
    for row in listed:
        route = read_fault(row["with"]).route if "route" in row["with"] else None
        assert row["spoils"] == (route or row["spoils"])
        assert row["do"] != "next_verdict" or row["how"] in SCENARIOS


def test_an_operation_that_spoils_something_has_a_place_in_a_day(listed: list[dict[str, Any]]) -> None:
    """Before, after or instead of an operation that is listed; or before whatever makes the request."""
    known = {row["do"] for row in listed}
    for row in filter(lambda row: row["spoils"], listed):
        relation, _, of = row["place"].removeprefix("instead of ").removeprefix("after ").partition("before ")
        assert row["place"] == "before" or (relation or of) in known, row
