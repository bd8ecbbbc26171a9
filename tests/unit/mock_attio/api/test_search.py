"""`POST /v2/objects/records/search`."""

from typing import Any

import pytest

from tests.unit.mock_attio.conftest import Attio

SEARCH = "/v2/objects/records/search"
AS_WORKSPACE = {"type": "workspace"}


def texts(attio: Attio, query: str, *objects: str, **more: Any) -> list[str]:
    """Return the labels of what a search finds."""
    body = {"query": query, "objects": list(objects), "request_as": AS_WORKSPACE} | more
    return [hit["record_text"] for hit in attio.ok("POST", SEARCH, body)]


@pytest.mark.parametrize("query", ["ada", "LOVELACE", "ace ada", "ada@example", ""])
def test_a_person_is_found_by_what_one_would_type(attio: Attio, query: str) -> None:
    """Parts of names and addresses in any order and case; an empty query finds everybody."""
    assert "Ada Lovelace" in texts(attio, query, "people")


@pytest.mark.parametrize("query", ["maria", "MARÍA", "Echeverria", "echeverría jose"])
def test_accents_make_no_difference(attio: Attio, query: str) -> None:
    """In the query or in the name; a filter of `…/query` compares them."""
    assert texts(attio, query, "people") == ["María José Echeverría"]
    assert attio.names({"filter": {"name": {"$contains": "echeverria"}}}) == []


def test_a_hit_shows_what_tells_it_apart(attio: Attio) -> None:
    """Addresses and numbers of people, domains of companies."""
    body = {"query": "a", "objects": ["people", "companies"], "request_as": AS_WORKSPACE, "limit": 25.0}
    hits = {hit["object_slug"]: hit for hit in attio.ok("POST", SEARCH, body | {"query": "anal"})}
    assert hits["companies"]["domains"] == ["analytical.example.com"]
    person = attio.ok("POST", SEARCH, body | {"query": "lovelace"})[0]
    assert person["id"] == attio.person()["id"]
    assert person["email_addresses"] == ["ada@example.com"]
    assert person.keys() >= {"record_text", "record_image", "phone_numbers"}


def test_a_custom_object_is_searched_by_its_texts(attio: Attio) -> None:
    """Where an object has no name."""
    boat = {"api_slug": "boats", "singular_noun": "Boat", "plural_noun": "Boats"}
    attio.ok("POST", "/v2/objects", {"data": boat})
    attribute = {"title": "Hull", "description": None, "api_slug": "hull", "type": "text", "config": {}}
    flags = {"is_required": False, "is_unique": False, "is_multiselect": False}
    attio.ok("POST", "/v2/objects/boats/attributes", {"data": attribute | flags})
    attio.write("POST", "/v2/objects/boats/records", {"hull": "Oak"})
    assert texts(attio, "oak", "boats") == ["Oak"]
    assert texts(attio, "elm", "boats") == []


def test_a_search_asks_as_the_workspace_or_as_a_member(attio: Attio) -> None:
    """By id or by address; an unknown member or object is refused."""
    robin = {"type": "workspace-member", "email_address": "robin@example.com"}
    assert texts(attio, "lovelace", "people", request_as=robin) == ["Ada Lovelace"]
    body = {"query": "", "objects": ["people"], "request_as": {"type": "workspace-member", "email_address": "x@y.z"}}
    assert attio.refused("POST", SEARCH, body)["code"] == "value_not_found"
    assert attio.refused("POST", SEARCH, body | {"request_as": AS_WORKSPACE, "objects": ["x"]})["code"] == (
        "value_not_found"
    )


@pytest.mark.parametrize("wrong", [{"limit": 26}, {"objects": []}, {"request_as": {"type": "x"}}, {"query": None}])
def test_a_search_of_the_wrong_shape_is_refused(attio: Attio, wrong: dict[str, Any]) -> None:
    """`validation_type`."""
    body = {"query": "", "objects": ["people"], "request_as": AS_WORKSPACE} | wrong
    assert attio.refused("POST", SEARCH, body)["code"] == "validation_type"
