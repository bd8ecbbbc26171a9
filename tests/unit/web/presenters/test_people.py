"""Attio's records as a page shows them: every attribute may be missing, and two spellings of a number are known."""

from datetime import UTC, datetime
from typing import Any

import pytest

from alc_app.web.presenters.people import company_ids, find_people, history, sorted_by, to_person
from tests.support.fakes.runtime import Outside, says

EMPTY: dict[str, Any] = {
    "id": {"record_id": "r1"},
    "values": {},
    "created_at": "2026-11-20T12:00:00.123456789Z",
}


def person(**values: Any) -> Any:
    """A record with these values, as a page shows it."""
    return to_person({**EMPTY, "values": values}, {"c1": "Analytical Engines"}, linked=True)


def test_a_record_with_nothing_in_it_is_shown_empty() -> None:
    """Attio leaves out what a record does not have."""
    shown = person()

    assert (shown.name, shown.company, shown.location, shown.alc_status) == (None, None, None, None)
    assert (list(shown.email_addresses), list(shown.phone_numbers)) == ([], [])
    assert shown.created_at == datetime(2026, 11, 20, 12, 0, 0, 123456, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ({"phone_number": "+1"}, "+1"),
        ({"normalized_phone_number": "+2"}, "+2"),
        ({"original_phone_number": "+3"}, "+3"),
    ],
)
def test_each_spelling_of_a_number_is_read(value: dict[str, str], shown: str) -> None:
    """Attio's prose and its OpenAPI name it differently."""
    assert person(phone_numbers=[value]).phone_numbers == [shown]


@pytest.mark.parametrize(
    "value", [{"value": "Pending"}, {"option": {"title": "Pending"}}, {"status": {"title": "Pending"}}]
)
def test_the_status_is_read_from_any_type_of_attribute(value: dict[str, Any]) -> None:
    """ALC_STATUS_TYPE: text, select, status."""
    assert person(alc_status=[value]).alc_status == "Pending"


def test_a_company_is_named_when_it_is_known() -> None:
    """A reference becomes a name; one that points nowhere is left out."""
    assert person(company=[{"target_record_id": "c1"}]).company == "Analytical Engines"
    assert person(company=[{"target_record_id": "c9"}]).company is None


def test_a_place_is_written_as_far_as_it_is_known() -> None:
    """Locality, region, country."""
    assert (
        person(primary_location=[{"locality": "London", "region": None, "country_code": "GB"}]).location == "London, GB"
    )


@pytest.mark.parametrize("text", ["2026-11-20T12:00:00Z", "2026-11-20T12:00:00.0Z", "2026-11-20T12:00:00.000000000Z"])
def test_every_precision_of_attios_times_is_read(text: str) -> None:
    """Nine digits, one, none."""
    shown = to_person({**EMPTY, "created_at": text}, {}, linked=True)

    assert shown.created_at == datetime(2026, 11, 20, 12, tzinfo=UTC)


def test_companies_are_asked_for_once() -> None:
    """Ten people of one company are one id."""
    employed = {"values": {"company": [{"target_record_id": "c1"}]}}

    assert company_ids([employed, employed, {"values": {}}]) == ["c1"]


def test_a_search_looks_at_name_address_and_number() -> None:
    """And an empty one asks for everybody."""
    assert find_people("") == {}
    assert [list(part) for part in find_people("ada")["filter"]["$or"]] == [
        ["name"],
        ["email_addresses"],
        ["phone_numbers"],
    ]


def test_sorts_are_spelled_as_attio_spells_them() -> None:
    """A name by its field, a company by its own name."""
    assert sorted_by("name", descending=False) == [{"direction": "asc", "attribute": "name", "field": "full_name"}]
    assert sorted_by("created_at", descending=True) == [{"direction": "desc", "attribute": "created_at"}]
    [by_company] = sorted_by("company", descending=False)
    assert repr(by_company["path"]) == "[['people', 'company'], ['companies', 'name']]"


def test_the_history_is_the_newest_first_and_says_who(outside: Outside) -> None:
    """What ALC's attributes have been, with Attio's actors in plain words; cleared values are left out."""

    def value(at: str, text: str | None, actor: str) -> dict[str, Any]:
        return {"active_from": at, "value": text, "created_by_actor": {"type": actor}}

    first, second = "2026-11-20T12:00:00.000000000Z", "2026-11-20T12:05:00.000000000Z"
    statuses = [
        value(first, "Pending", "api-token"),
        value(second, "Complete", "workspace-member"),
        value(second, None, "system"),
    ]
    outside.fault("GET", says(200, {"data": statuses}), says(200, {"data": []}), says(200, {"data": []}))

    changes = history("r1")

    assert [(change.attribute, change.value, change.actor) for change in changes] == [
        ("ALC status", "Complete", "A member"),
        ("ALC status", "Pending", "Acme Lead Checker"),
    ]
