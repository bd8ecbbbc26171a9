"""Objects, and the members of the workspace."""

from uuid import uuid4

import pytest

from tests.unit.mock_attio.conftest import Attio

BOAT = {"api_slug": "boats", "singular_noun": "Fishing boat", "plural_noun": "Fishing boats"}


def test_people_and_companies_are_there(attio: Attio) -> None:
    """The standard objects, by slug and by id."""
    companies, people = sorted(attio.ok("GET", "/v2/objects"), key=lambda found: str(found["api_slug"]))
    assert (people["singular_noun"], companies["plural_noun"]) == ("Person", "Companies")
    assert attio.ok("GET", f"/v2/objects/{people['id']['object_id']}") == people
    assert attio.refused("GET", "/v2/objects/person")["code"] == "not_found"


def test_a_custom_object_holds_records_of_its_own(attio: Attio) -> None:
    """Create, rename, and use; the link carries its noun."""
    attio.ok("POST", "/v2/objects", {"data": BOAT})
    record = attio.ok("POST", "/v2/objects/boats/records", {"data": {"values": {}}})
    assert record["web_url"].endswith(f"/fishing-boat/{record['id']['record_id']}")
    assert attio.ok("PATCH", "/v2/objects/boats", {"data": {"api_slug": "ships"}})["api_slug"] == "ships"
    assert len(attio.ok("POST", "/v2/objects/ships/records/query", {})) == 1


def test_slugs_of_objects_are_taken_once_and_those_of_attio_stay(attio: Attio) -> None:
    """409 `slug_conflict`; 400 `validation_type`."""
    attio.ok("POST", "/v2/objects", {"data": BOAT})
    assert attio.refused("POST", "/v2/objects", {"data": BOAT})["code"] == "slug_conflict"
    taken = {"data": {"api_slug": "people"}}
    assert attio.refused("PATCH", "/v2/objects/boats", taken)["code"] == "slug_conflict"
    renamed = {"data": {"api_slug": "humans"}}
    assert attio.refused("PATCH", "/v2/objects/people", renamed)["code"] == "validation_type"


def test_a_custom_object_is_deleted_with_all_that_was_its(attio: Attio) -> None:
    """Its records, the lists of them and the references to them; people and companies stay (400)."""
    attio.ok("POST", "/v2/objects", {"data": BOAT})
    config = {"record_reference": {"allowed_objects": ["boats"]}}
    attio.add_attribute("boat", "record-reference", config=config)
    boat = attio.ok("POST", "/v2/objects/boats/records", {"data": {"values": {}}})["id"]["record_id"]
    attio.write("PATCH", attio.path(), {"boat": {"target_object": "boats", "target_record_id": boat}})
    fleet = {"name": "Fleet", "api_slug": "fleet", "parent_object": "boats"}
    attio.ok("POST", "/v2/lists", {"data": fleet | {"workspace_access": None, "workspace_member_access": []}})
    entry = {"parent_object": "boats", "parent_record_id": boat, "entry_values": {}}
    attio.ok("POST", "/v2/lists/fleet/entries", {"data": entry})

    attio.ok("DELETE", "/v2/objects/boats")

    assert attio.person()["values"]["boat"] == []
    assert attio.ok("GET", "/v2/lists") == []
    assert attio.refused("GET", "/v2/objects/boats")["status_code"] == 404
    assert attio.refused("DELETE", "/v2/objects/people")["code"] == "system_edit_unauthorized"


def test_a_change_of_an_object_changes_something(attio: Attio) -> None:
    """Attio refuses an empty one."""
    assert attio.refused("PATCH", "/v2/objects/people", {"data": {}})["code"] == "validation_type"


def test_members_can_be_read(attio: Attio) -> None:
    """List and get; unknown ids are 404."""
    first, *_ = attio.ok("GET", "/v2/workspace_members")
    assert first["access_level"] == "admin"
    assert attio.ok("GET", f"/v2/workspace_members/{first['id']['workspace_member_id']}") == first
    assert attio.refused("GET", f"/v2/workspace_members/{uuid4()}")["status_code"] == 404


PATHS = [
    ("GET", "/v2/objects/people/records/nope", "record_id"),
    ("GET", "/v2/objects/people/records/nope/entries", "record_id"),
    ("GET", "/v2/objects/people/records/nope/attributes/name/values", "record_id"),
    ("GET", "/v2/lists/nope/entries/nope", "entry_id"),
    ("DELETE", "/v2/lists/nope/entries/nope", "entry_id"),
    ("GET", "/v2/workspace_members/robin", "workspace_member_id"),
    *((method, "/v2/notes/nope", "note_id") for method in ("GET", "DELETE")),
    *((method, "/v2/tasks/nope", "task_id") for method in ("GET", "PATCH", "DELETE")),
    *((method, "/v2/webhooks/nope", "webhook_id") for method in ("GET", "PATCH", "DELETE")),
]


@pytest.mark.parametrize(("method", "path", "name"), PATHS)
def test_an_id_that_is_no_uuid_is_a_bad_request(attio: Attio, method: str, path: str, name: str) -> None:
    """Attio's document gives these ids the format `uuid`, and Attio answers 400, not 404."""
    error = attio.refused(method, path, {"data": {}} if method == "PATCH" else None)
    assert (error["status_code"], error["code"]) == (400, "validation_type")
    assert error["message"] == "Path params validation error."
    assert [problem["path"] for problem in error["validation_errors"]] == [[name]]


@pytest.mark.parametrize("method", ["PATCH", "PUT", "DELETE"])
def test_a_write_to_an_id_that_is_no_uuid_finds_nothing(attio: Attio, method: str) -> None:
    """Here Attio's document takes any text."""
    error = attio.refused(method, "/v2/objects/people/records/nope", {"data": {"values": {}}})
    assert (error["status_code"], error["code"]) == (404, "not_found")
