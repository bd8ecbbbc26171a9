"""Filters and sorts of `records/query`."""

from typing import Any

import pytest

from tests.unit.mock_attio.conftest import Attio

COMPANY_PATH = [["people", "company"], ["companies", "name"]]

FOUND = [
    ({"name": "Ada Lovelace"}, ["Ada Lovelace"]),
    ({"name": {"last_name": {"$eq": "Lovelace"}}}, ["Ada Lovelace"]),
    ({"name": {"first_name": "Ada", "last_name": "Quispe"}}, []),
    ({"name": {"$contains": "NOÉMIE"}}, ["Noémie Verdier"]),
    ({"name": {"$starts_with": "ada"}}, ["Ada Lovelace"]),
    ({"name": {"full_name": {"$ends_with": "okonjo"}}}, ["Chidera Okonjo"]),
    ({"name": {"$contains": "%"}}, []),
    ({"email_addresses": "Ada@Example.com"}, ["Ada Lovelace"]),
    ({"email_addresses": {"email_local_specifier": "arjun"}}, ["Arjun Raghavan"]),
    ({"phone_numbers": "+44 20 7946 0142"}, ["Ada Lovelace"]),
    ({"phone_numbers": {"$contains": "7946"}}, ["Ada Lovelace"]),
    ({"phone_numbers": {"country_code": {"$in": ["JP", "NG"]}}}, ["Haruka Hoshino", "Chidera Okonjo"]),
    ({"$and": [{"company": {"target_object": "companies"}}, {"job_title": "Poet"}]}, []),
    ({"$or": [{"job_title": "Poet"}, {"job_title": {"$eq": "Notary"}}]}, ["Rosa Giordano", "Cassius Bell"]),
    ({"$not": {"phone_numbers": {"$not_empty": True}}, "company": {"$not_empty": True}},
     ["Oksana Hrytsenko", "Priya Nambiar", "Yusuf Demirel"]),
    ({"primary_location": {"country_code": {"$eq": "JP"}}}, ["Haruka Hoshino"]),
    ({"created_at": {"$lt": "2026-01-05T09:01"}}, ["Ada Lovelace"]),
    ({"job_title": {"active_from": {"$gte": "2026-01-05T09:24:00Z"}}}, ["Cassius Bell"]),
    ({"path": COMPANY_PATH, "constraints": {"$contains": "palmwine"}}, ["Chidera Okonjo", "Yusuf Demirel"]),
    ({"path": [["people", "job_title"]], "constraints": "Poet"}, ["Cassius Bell"]),
]  # fmt: skip

REFUSED: list[Any] = [
    {"name": {"nope": "x"}},
    {"name": {"$lt": "x"}},
    {"name": {"$eq": 5}},
    {"name": None},
    {"name": {"$in": "x"}},
    {"name": {"$not_empty": False}},
    {"created_at": {"$gt": "soon"}},
    {"$and": {}},
    {"$or": []},
    {"job_title": {"$not_empty": True}},
    {"email_addresses": {"email_domain": {"$not_empty": True}}},
    {"company": {"target_object": "nope"}},
    {"path": [["companies", "name"]], "constraints": "x"},
    {"path": [["people", "name"], ["companies", "name"]], "constraints": "x"},
    {"path": [["people", "company"], ["nope", "name"]], "constraints": "x"},
    {"path": "x", "constraints": "x"},
    {"$or": [{"name": "x"}] * 200},
    {"name": {"$in": ["x"] * 6_000}},
]


@pytest.mark.parametrize(("condition", "names"), FOUND)
def test_a_filter_finds_whom_it_describes(attio: Attio, condition: dict[str, Any], names: list[str]) -> None:
    """Shorthand, verbose, operators, logic, implicit fields, and paths."""
    assert attio.names({"filter": condition}) == names


@pytest.mark.parametrize("condition", REFUSED)
def test_a_filter_that_makes_no_sense_is_a_filter_error(attio: Attio, condition: dict[str, Any]) -> None:
    """400 `filter_error` for unknown attributes, operators of another type, and filters too large to run."""
    assert attio.refused("POST", "/v2/objects/people/records/query", {"filter": condition})["code"] == "filter_error"


UNKNOWN = [
    ({"nope": 1}, ["nope"]),
    ({"$or": [{"name": "x"}, {"email": "x"}]}, ["$or", "1", "email"]),
    ({"$not": {"$and": [{"nope": 1}]}}, ["$not", "$and", "0", "nope"]),
    ({"$nor": [{"name": "x"}]}, ["$nor"]),
]


@pytest.mark.parametrize(("condition", "path"), UNKNOWN)
def test_an_unknown_attribute_has_a_code_of_its_own(attio: Attio, condition: dict[str, Any], path: list[str]) -> None:
    """As Attio answers it, with the place in the filter."""
    error = attio.refused("POST", "/v2/objects/people/records/query", {"filter": condition})
    assert error["code"] == "unknown_filter_attribute_slug"
    assert error["message"] == f"Unknown attribute slug: {path[-1]}."
    assert error["path"] == path


def test_a_wrong_operator_is_told_with_the_right_ones(attio: Attio) -> None:
    """In Attio's words."""
    error = attio.refused("POST", "/v2/objects/people/records/query", {"filter": {"job_title": {"$not_empty": True}}})
    known = '("$contains", "$ends_with", "$eq", "$in", "$starts_with")'
    assert error["message"] == f'Invalid operator "$not_empty" for field "value", must be one of {known}'


def test_an_amount_may_be_compared_as_text(attio: Attio) -> None:
    """Attio's docs: "using either JSON strings or numbers"."""
    config = {"currency": {"default_currency_code": "USD", "display_type": "symbol"}}
    attio.add_attribute("owed", "currency", config=config)
    attio.write("PATCH", attio.path(), {"owed": "399.00"})
    for wanted in ("399.00", 399, {"$gte": "398.5"}, {"currency_value": {"$lt": "400"}}):
        assert attio.names({"filter": {"owed": wanted}}) == ["Ada Lovelace"]
    assert attio.names({"filter": {"owed": {"$gt": "399.00"}}}) == []


def test_many_records_are_fetched_by_id_in_one_call(attio: Attio) -> None:
    """`{"record_id": {"$in": […]}}`."""
    ids = [attio.person(position)["id"]["record_id"] for position in (0, 3)]
    assert attio.names({"filter": {"record_id": {"$in": ids}}}) == ["Ada Lovelace", "Noémie Verdier"]


@pytest.mark.parametrize("kind", ["select", "status"])
def test_a_choice_is_found_by_its_title_and_by_its_id(attio: Attio, kind: str) -> None:
    """Option or status by title or id; unknown ones are an error."""
    attio.add_attribute("x", kind)
    plural = "options" if kind == "select" else "statuses"
    made = attio.ok("POST", f"/v2/objects/people/attributes/x/{plural}", {"data": {"title": "Blue"}})
    attio.write("PATCH", attio.path(2), {"x": "Blue"})
    choice_id = made["id"].get("option_id") or made["id"]["status_id"]
    for name in ("Blue", choice_id):
        assert attio.names({"filter": {"x": name}}) == ["Ingrid Falkenberg"]
    assert attio.names({"sorts": [{"attribute": "x", "direction": "asc"}], "limit": 1}) == ["Ingrid Falkenberg"]
    assert attio.refused("POST", "/v2/objects/people/records/query", {"filter": {"x": "Red"}})["code"] == "filter_error"


@pytest.mark.parametrize(("kind", "low", "high"), [("number", 1, 2.5), ("checkbox", False, True)])
def test_numbers_are_compared_as_numbers(attio: Attio, kind: str, low: object, high: object) -> None:
    """`$gt` and friends on numeric types, and sorting by them; records without a value come last."""
    attio.add_attribute("x", kind)
    attio.write("PATCH", attio.path(0), {"x": low})
    attio.write("PATCH", attio.path(1), {"x": high})
    assert attio.names({"filter": {"x": {"$gt": low}}}) == ["Mateo Quispe"]
    names = attio.names({"sorts": [{"attribute": "x", "direction": "desc"}], "limit": 2})
    assert names == ["Mateo Quispe", "Ada Lovelace"]
    assert attio.refused("POST", "/v2/objects/people/records/query", {"filter": {"x": "1"}})["code"] == "filter_error"


def test_records_come_in_the_order_of_creation_unless_sorted(attio: Attio) -> None:
    """Default order, and sorts by attribute, by field, and along a path."""
    assert attio.names({"limit": 2}) == ["Ada Lovelace", "Mateo Quispe"]
    by_last_name = [{"attribute": "name", "field": "last_name", "direction": "asc"}]
    assert attio.names({"sorts": by_last_name, "limit": 2}) == ["Beatriz Alencar", "Cassius Bell"]
    assert attio.names({"sorts": [{"attribute": "created_at", "direction": "desc"}], "limit": 1}) == ["Cassius Bell"]
    by_company = [{"path": COMPANY_PATH, "direction": "desc"}, {"attribute": "name", "direction": "asc"}]
    assert attio.names({"sorts": by_company, "limit": 2}) == ["Amara Diallo-Reyes", "Mateo Quispe"]


def test_limit_and_offset_may_be_floats_as_the_generated_clients_send_them(attio: Attio) -> None:
    """Paging: until fewer than `limit` come back."""
    assert len(attio.names({"limit": 10.0, "offset": 20.0})) == 5
    assert len(attio.names({})) == 25


@pytest.mark.parametrize(
    "body",
    [
        {"limit": 0},
        {"limit": 501},
        {"limit": "10"},
        {"limit": 1.5},
        {"limit": True},
        {"offset": -1},
        {"offset": 10**30},
        {"sorts": {}},
        {"sorts": [{"direction": "up", "attribute": "name"}]},
        {"sorts": [{"direction": "asc", "attribute": "nope"}]},
        {"sorts": [{"direction": "asc", "attribute": "name", "field": "nope"}]},
        {"sorts": [{"direction": "asc", "path": [["people"]]}]},
        {"filter": []},
        {"filter_view_id": "x"},
    ],
)
def test_a_query_of_the_wrong_shape_is_refused(attio: Attio, body: dict[str, Any]) -> None:
    """400, never a silent clamp: a client that reads all pages would stop too early."""
    assert attio.refused("POST", "/v2/objects/people/records/query", body)["status_code"] == 400
