"""Records of people as the app reads them: every attribute may be missing, and Attio has several spellings."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from alc_app.clients import attio_people
from alc_app.clients.attio_people import LARGEST_PAGE, PersonRecord, parse_time
from tests.support.fakes.runtime import Outside, says


def person(**values: Any) -> PersonRecord:
    """Return a record with these values."""
    return PersonRecord({"id": {"record_id": "r1"}, "values": values})


def test_an_empty_record_has_nothing_but_its_id() -> None:
    """Attio leaves out what a record does not have."""
    empty = person()

    assert empty.record_id == "r1"
    assert (empty.name, empty.job_title, empty.location, empty.web_url) == (None, None, None, None)
    assert (empty.alc_lead_id, empty.alc_status, empty.alc_status_since, empty.alc_interest) == (None,) * 4
    assert (empty.email_addresses, empty.phone_numbers, empty.company_ids) == ([], [], [])


@pytest.mark.parametrize("key", ["phone_number", "normalized_phone_number", "original_phone_number"])
def test_each_spelling_of_a_number_is_read(key: str) -> None:
    """Attio's prose and its OpenAPI name it differently."""
    assert person(phone_numbers=[{key: "+1"}]).phone_numbers == ["+1"]


@pytest.mark.parametrize(
    "value", [{"value": "Pending"}, {"option": {"title": "Pending"}}, {"status": {"title": "Pending"}}]
)
def test_the_status_is_read_from_any_type_of_attribute(value: dict[str, Any]) -> None:
    """ALC_STATUS_TYPE: text, select, status."""
    since = "2026-11-20T12:00:00.000000000Z"
    record = person(alc_status=[{**value, "active_from": since}])

    assert (record.alc_status, record.alc_status_since) == ("Pending", since)


def test_a_location_is_written_as_far_as_it_is_known() -> None:
    """Locality, region, country."""
    place = {"locality": "London", "region": None, "country_code": "GB"}
    assert person(primary_location=[place]).location == "London, GB"


@pytest.mark.parametrize("text", ["2026-11-20T12:00:00Z", "2026-11-20T12:00:00.0Z", "2026-11-20T12:00:00.000000000Z"])
def test_every_precision_of_attios_times_is_read(text: str) -> None:
    """Nine digits, one, none."""
    assert parse_time(text) == datetime(2026, 11, 20, 12, tzinfo=UTC)


def test_no_ids_are_no_call(outside: Outside) -> None:
    """An empty `$in` would be a call for nothing."""
    assert attio_people.get_people([]) == []
    assert attio_people.company_names([]) == {}
    assert not outside.calls


def test_companies_without_a_name_are_left_out(outside: Outside) -> None:
    """They are asked for with one call."""
    named = {"id": {"record_id": "c1"}, "values": {"name": [{"value": "Analytical Engines"}]}}
    unnamed = {"id": {"record_id": "c2"}, "values": {}}
    outside.fault("POST", says(200, {"data": [named, unnamed]}))

    assert attio_people.company_names({"c2", "c1"}) == {"c1": "Analytical Engines"}
    assert outside.sent("POST") == [{"filter": {"record_id": {"$in": ["c1", "c2"]}}, "limit": 2}]


def test_a_query_for_everybody_reads_every_page(outside: Outside) -> None:
    """Attio answers at most one page, and says nothing of further ones."""
    full, rest = [{"id": {"record_id": "r1"}, "values": {}}] * LARGEST_PAGE, [{"id": {"record_id": "r2"}, "values": {}}]
    outside.fault("POST", says(200, {"data": full}), says(200, {"data": rest}))

    people = list(attio_people.query_all_people(filter={"alc_status": "Pending"}))

    assert (len(people), people[-1].record_id) == (LARGEST_PAGE + 1, "r2")
    assert [sent["offset"] for sent in outside.sent("POST")] == [0, LARGEST_PAGE]
