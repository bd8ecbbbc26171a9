"""Lists, the attributes of lists, and their entries: what objects and records have, with another name."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.mock_attio.conftest import Attio
from tests.unit.mock_attio.store.test_webhook_sender import Receiver

NEW: dict[str, Any] = {
    "name": "Sales", "api_slug": "sales", "parent_object": "people",
    "workspace_access": "full-access", "workspace_member_access": [],
}  # fmt: skip
UNKNOWN = "unknown_filter_attribute_slug"
ENTRIES = "/v2/lists/sales/entries"


@pytest.fixture
def sales(attio: Attio) -> Any:
    """Return a list of people with a status, a number and a multiselect."""
    made = attio.ok("POST", "/v2/lists", {"data": NEW})
    add_attribute(attio, "stage", "status")
    for title in ("Open", "Won"):
        attio.ok("POST", "/v2/lists/sales/attributes/stage/statuses", {"data": {"title": title}})
    add_attribute(attio, "seats", "number")
    add_attribute(attio, "tags", "select", is_multiselect=True)
    for title in ("A", "B"):
        attio.ok("POST", "/v2/lists/sales/attributes/tags/options", {"data": {"title": title}})
    return made


def add_attribute(attio: Attio, slug: str, kind: str, **more: Any) -> Any:
    """Create an attribute of the list."""
    body: dict[str, Any] = {"title": slug, "description": None, "api_slug": slug, "type": kind, "config": {}}
    flags = {"is_required": False, "is_unique": False, "is_multiselect": False}
    return attio.ok("POST", "/v2/lists/sales/attributes", {"data": body | flags | more})


def body(attio: Attio, position: int = 0, /, **values: Any) -> dict[str, Any]:
    """Return the body that adds a seeded person to the list."""
    parent = {"parent_object": "people", "parent_record_id": attio.person(position)["id"]["record_id"]}
    return {"data": {**parent, "entry_values": values}}


def add(attio: Attio, position: int = 0, /, **values: Any) -> Any:
    """Add a seeded person to the list and return the entry."""
    return attio.ok("POST", ENTRIES, body(attio, position, **values))


def path_of(entry: Any) -> str:
    """Return the path of an entry."""
    return f"{ENTRIES}/{entry['id']['entry_id']}"


def titles(values: list[Any]) -> list[str]:
    """Return the titles of select values."""
    return [value["option"]["title"] for value in values]


@pytest.mark.parametrize("missing", sorted(NEW))
def test_every_key_of_a_new_list_is_required(attio: Attio, missing: str) -> None:
    """Also `workspace_access`, which may be null for a private list."""
    data = {key: value for key, value in NEW.items() if key != missing}
    error = attio.refused("POST", "/v2/lists", {"data": data})
    assert error["validation_errors"][0]["path"] == ["data", missing]


def test_a_list_shows_who_may_use_it(attio: Attio) -> None:
    """The access of the workspace and of single members; a member that does not exist is refused."""
    member = attio.ok("GET", "/v2/workspace_members")[0]["id"]["workspace_member_id"]
    only = [{"workspace_member_id": member, "level": "read-only"}]
    attio.ok("POST", "/v2/lists", {"data": NEW | {"workspace_access": None, "workspace_member_access": only}})

    made = attio.ok("GET", "/v2/lists/sales")
    assert (made["workspace_access"], made["workspace_member_access"]) == (None, only)
    open_again = {"workspace_access": "read-and-write", "workspace_member_access": []}
    changed = attio.ok("PATCH", "/v2/lists/sales", {"data": open_again})
    assert (changed["workspace_access"], changed["workspace_member_access"]) == ("read-and-write", [])
    stranger = {"workspace_member_access": [{"workspace_member_id": "x", "level": "read-only"}]}
    assert attio.refused("PATCH", "/v2/lists/sales", {"data": stranger})["code"] == "value_not_found"


@pytest.mark.usefixtures("sales")
def test_a_list_has_attributes_as_an_object_has(attio: Attio) -> None:
    """Those of every list come first; an unknown list is a 404; the same slug on people is another attribute."""
    attributes = attio.ok("GET", "/v2/lists/sales/attributes")
    slugs = [one["api_slug"] for one in attributes]
    assert slugs == ["entry_id", "created_at", "created_by", "parent_record", "stage", "seats", "tags"]
    assert attio.ok("GET", "/v2/lists/sales/attributes/stage") == attributes[4]
    assert attio.ok("PATCH", "/v2/lists/sales/attributes/seats", {"data": {"title": "Places"}})["title"] == "Places"
    assert attio.refused("GET", "/v2/lists/none/attributes")["status_code"] == 404
    assert attio.refused("GET", "/v2/objects/people/attributes/stage")["status_code"] == 404


def test_the_configuration_of_lists_has_a_scope_of_its_own(attio: Attio, sales: Any) -> None:
    """`object_configuration` does not open the attributes of a list, nor the other way round."""
    scopes = {"scope": "list_configuration:read"}
    attio.token = attio.send("POST", "/_mock/tokens", scopes).get_json()["token"]
    assert attio.ok("GET", f"/v2/lists/{sales['id']['list_id']}/attributes")
    assert attio.refused("GET", "/v2/objects/people/attributes")["status_code"] == 403


@pytest.mark.usefixtures("sales")
def test_an_entry_is_a_record_in_a_list_with_values_of_its_own(attio: Attio) -> None:
    """Ids, the parent, and every attribute of the list with its envelope."""
    entry = add(attio, stage="Open", seats=3, tags=["A"])

    assert entry["id"].keys() == {"workspace_id", "list_id", "entry_id"}
    assert (entry["parent_object"], entry["parent_record_id"]) == ("people", attio.person()["id"]["record_id"])
    values = entry["entry_values"]
    assert (values["stage"][0]["status"]["title"], values["seats"][0]["value"]) == ("Open", 3)
    assert values["entry_id"][0]["value"] == entry["id"]["entry_id"]
    assert attio.ok("GET", path_of(entry)) == entry


@pytest.mark.usefixtures("sales")
def test_patch_adds_to_a_multiselect_and_put_replaces_it(attio: Attio) -> None:
    """As for records: the new values come first, and what is replaced stays in the history."""
    entry = add(attio, tags=["A"], seats=1)
    attio.clock.advance(1)
    added = attio.ok("PATCH", path_of(entry), {"data": {"entry_values": {"tags": ["B"], "seats": 2}}})
    assert titles(added["entry_values"]["tags"]) == ["B", "A"]
    replaced = attio.ok("PUT", path_of(entry), {"data": {"entry_values": {"tags": ["B"]}}})
    assert titles(replaced["entry_values"]["tags"]) == ["B"]
    history = attio.ok("GET", f"{path_of(entry)}/attributes/seats/values?show_historic=true")
    assert [value["value"] for value in history] == [1, 2]


@pytest.mark.usefixtures("sales")
def test_an_upsert_finds_the_entry_by_its_parent(attio: Attio) -> None:
    """None: it is made. One: it is updated, multiselects become what is sent. Several: refused."""
    first = attio.ok("PUT", ENTRIES, body(attio, tags=["A"]))
    again = attio.ok("PUT", ENTRIES, body(attio, tags=["B"]))
    assert again["id"] == first["id"]
    assert titles(again["entry_values"]["tags"]) == ["B"]
    add(attio)
    assert attio.refused("PUT", ENTRIES, body(attio))["code"] == "multiple_match_results"
    assert attio.ok("PUT", ENTRIES, body(attio, 1))["id"] != first["id"]


@pytest.mark.usefixtures("sales")
def test_entries_are_filtered_and_sorted_like_records(attio: Attio) -> None:
    """By their own attributes, and along a path by those of their parents."""
    for position, (stage, seats) in enumerate((("Open", 3), ("Won", 1), ("Open", 2))):
        add(attio, position, stage=stage, seats=seats)

    def seats(query: dict[str, Any]) -> list[int]:
        found = attio.ok("POST", f"{ENTRIES}/query", query)
        return [entry["entry_values"]["seats"][0]["value"] for entry in found]

    assert seats({}) == [3, 1, 2]
    assert seats({"filter": {"stage": "Open"}, "sorts": [{"attribute": "seats", "direction": "asc"}]}) == [2, 3]
    assert seats({"limit": 1, "offset": 1}) == [1]
    by_parent = {"path": [["sales", "parent_record"], ["people", "name"]], "constraints": {"full_name": "Ada Lovelace"}}
    assert seats({"filter": by_parent}) == [3]
    names = [{"path": [["sales", "parent_record"], ["people", "name"]], "field": "full_name", "direction": "asc"}]
    assert seats({"sorts": names})[0] == 3
    assert attio.refused("POST", f"{ENTRIES}/query", {"filter": {"nope": 1}})["code"] == UNKNOWN


@pytest.mark.usefixtures("sales")
def test_an_entry_that_cannot_be_is_refused(attio: Attio) -> None:
    """400 for a parent that does not fit, for unknown attributes and for Attio's own; 404 for an unknown entry."""
    company = attio.ok("POST", "/v2/objects/companies/records/query", {"limit": 1})[0]["id"]["record_id"]
    other = {"parent_object": "companies", "parent_record_id": company, "entry_values": {}}
    unknown = {"parent_object": "people", "parent_record_id": company, "entry_values": {}}
    assert attio.refused("POST", ENTRIES, {"data": other})["code"] == "validation_type"
    assert attio.refused("POST", ENTRIES, {"data": unknown})["code"] == "value_not_found"
    assert attio.refused("POST", ENTRIES, body(attio, nope=1))["code"] == "value_not_found"
    entry = add(attio)
    own = {"data": {"entry_values": {"parent_record": []}}}
    assert attio.refused("PATCH", path_of(entry), own)["code"] == "immutable_value"
    assert attio.refused("GET", f"{ENTRIES}/{company}")["code"] == "not_found"
    assert attio.refused("GET", f"/v2/objects/people/records/{entry['id']['entry_id']}")["code"] == "not_found"


@pytest.mark.usefixtures("sales")
def test_a_unique_value_is_unique_in_the_list(attio: Attio) -> None:
    """The second entry with it is refused, and the message names the attribute."""
    add_attribute(attio, "code", "text", is_unique=True)
    add(attio, 0, code="X1")
    error = attio.refused("POST", ENTRIES, body(attio, 1, code="X1"))
    assert (error["status_code"], error["code"]) == (400, "uniqueness_conflict")
    assert '"code"' in error["message"]


def test_a_record_names_its_entries_until_it_is_gone(attio: Attio, sales: Any) -> None:
    """A record that is deleted takes its entries with it, and leaves those of others."""
    first, other = add(attio, 0), add(attio, 1)
    [place] = attio.ok("GET", f"{attio.path()}/entries?limit=1000")
    ids = {"list_id": sales["id"]["list_id"], "list_api_slug": "sales", "entry_id": first["id"]["entry_id"]}
    assert place == ids | {"created_at": first["created_at"]}

    attio.send("DELETE", attio.path())

    assert attio.ok("POST", f"{ENTRIES}/query", {}) == [other]


def test_each_change_of_a_list_is_an_event(attio: Attio) -> None:
    """With the ids of list, entry and attribute; the events of an entry name its parent."""
    receiver = Receiver(attio)
    receiver.subscribe(
        "list.created", "list.updated", "list-attribute.created", "list-attribute.updated", "list-entry.created",
        "list-entry.updated", "list-entry.deleted",
    )  # fmt: skip
    made = attio.ok("POST", "/v2/lists", {"data": NEW})
    attio.ok("PATCH", "/v2/lists/sales", {"data": {"name": "Pipeline"}})
    seats = add_attribute(attio, "seats", "number")
    attio.ok("PATCH", "/v2/lists/sales/attributes/seats", {"data": {"title": "Places"}})
    entry = add(attio)
    attio.ok("PATCH", path_of(entry), {"data": {"entry_values": {"seats": 2}}})
    attio.send("DELETE", path_of(entry))

    events = receiver.events()
    attribute = made["id"] | {"attribute_id": seats["id"]["attribute_id"]}
    assert [(event["event_type"], event["id"]) for event in events] == [
        ("list.created", made["id"]),
        ("list.updated", made["id"]),
        ("list-attribute.created", attribute),
        ("list-attribute.updated", attribute),
        ("list-entry.created", entry["id"]),
        ("list-entry.updated", entry["id"] | {"attribute_id": seats["id"]["attribute_id"]}),
        ("list-entry.deleted", entry["id"]),
    ]
    assert {event["parent_record_id"] for event in events[4:]} == {entry["parent_record_id"]}
