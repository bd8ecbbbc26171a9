"""Attributes, and the options and statuses of those that have them."""

from typing import Any

import pytest

from tests.unit.mock_attio.conftest import Attio

ATTRIBUTES = "/v2/objects/people/attributes"
NEW: dict[str, Any] = {
    "title": "X", "description": None, "api_slug": "x", "type": "select",
    "is_required": False, "is_unique": False, "is_multiselect": False, "config": {},
}  # fmt: skip


def test_people_have_the_attributes_of_attio_and_those_of_the_app(attio: Attio) -> None:
    """The standard attributes of people, the app's three last, in the shape of the API."""
    slugs = [attribute["api_slug"] for attribute in attio.ok("GET", ATTRIBUTES)]
    assert slugs[:5] == ["record_id", "created_at", "created_by", "name", "email_addresses"]
    assert slugs[-3:] == ["alc_lead_id", "alc_status", "alc_interest"]
    name = attio.ok("GET", f"{ATTRIBUTES}/email_addresses")
    assert name["is_system_attribute"] and name["is_unique"] and name["is_multiselect"]
    assert name["config"]["record_reference"] == {"allowed_object_ids": None}


def test_the_attributes_come_in_pages(attio: Attio) -> None:
    """`limit` and `offset` in the query."""
    assert [a["api_slug"] for a in attio.ok("GET", f"{ATTRIBUTES}?limit=1&offset=3")] == ["name"]


@pytest.mark.parametrize("missing", sorted(NEW))
def test_every_key_of_a_new_attribute_is_required(attio: Attio, missing: str) -> None:
    """Attio wants all keys, also those that may be null."""
    body = {"data": {key: value for key, value in NEW.items() if key != missing}}
    problem = attio.refused("POST", ATTRIBUTES, body)["validation_errors"][0]
    assert problem["path"] == ["data", missing]
    assert (problem["message"], problem["received"]) == ("Required", "undefined")


@pytest.mark.parametrize(
    "change",
    [
        {"type": "interaction"},
        {"type": "personal-name"},
        {"type": "nope"},
        {"type": "currency"},
        {"api_slug": "No Spaces"},
        {"is_unique": "yes"},
        {"type": "location", "is_unique": True},
        {"title": ""},
        {"default_value": {"type": "static", "template": []}},
        {"config": {"currency": {"default_currency_code": "euro", "display_type": "code"}}},
    ],
)
def test_an_attribute_that_cannot_be_made_is_refused(attio: Attio, change: dict[str, Any]) -> None:
    """`validation_type` with the path of what is wrong."""
    assert attio.refused("POST", ATTRIBUTES, {"data": NEW | change})["validation_errors"]


def test_a_slug_is_taken_once(attio: Attio) -> None:
    """409 `slug_conflict`, on creation and on renaming."""
    attio.add_attribute("x", "text")
    attio.add_attribute("y", "text")
    assert attio.refused("POST", ATTRIBUTES, {"data": NEW})["code"] == "slug_conflict"
    assert attio.refused("PATCH", f"{ATTRIBUTES}/y", {"data": {"api_slug": "x"}})["status_code"] == 409


def test_an_archived_attribute_disappears_from_records_and_lists(attio: Attio) -> None:
    """`is_archived` is Attio's way to delete an attribute; `show_archived` shows it."""
    attio.add_attribute("x", "text")
    attio.ok("PATCH", f"{ATTRIBUTES}/x", {"data": {"is_archived": True, "description": "gone"}})
    assert "x" not in attio.person()["values"]
    assert "x" not in [a["api_slug"] for a in attio.ok("GET", ATTRIBUTES)]
    assert attio.ok("GET", f"{ATTRIBUTES}?show_archived=true")[-1]["description"] == "gone"


def test_what_attio_made_stays_as_it_is(attio: Attio) -> None:
    """400 `system_edit_unauthorized`."""
    error = attio.refused("PATCH", f"{ATTRIBUTES}/name", {"data": {"title": "Nickname"}})
    assert error["code"] == "system_edit_unauthorized"


def test_a_unique_attribute_of_ones_own_can_be_matched(attio: Attio) -> None:
    """An upsert by a custom unique attribute."""
    attio.add_attribute("badge", "text", is_unique=True)
    path = "/v2/objects/people/records?matching_attribute=badge"
    first, second = (attio.ok("PUT", path, {"data": {"values": {"badge": "7"}}}) for _ in range(2))
    assert first["id"] == second["id"]


@pytest.mark.parametrize(("kind", "plural"), [("select", "options"), ("status", "statuses")])
def test_choices_are_made_renamed_and_archived(attio: Attio, kind: str, plural: str) -> None:
    """Options and statuses: list, create, patch, `slug_conflict`; an archived one takes no new values."""
    path = f"{ATTRIBUTES}/x/{plural}"
    attio.add_attribute("x", kind)
    made = attio.ok("POST", path, {"data": {"title": "Blue"}})
    assert attio.refused("POST", path, {"data": {"title": "Blue"}})["code"] == "slug_conflict"
    assert attio.ok("PATCH", f"{path}/Blue", {"data": {"title": "Navy"}})["id"] == made["id"]
    attio.ok("PATCH", f"{path}/Navy", {"data": {"is_archived": True}})
    assert [choice["title"] for choice in attio.ok("GET", f"{path}?show_archived=true")] == ["Navy"]
    assert attio.refused("PATCH", attio.path(), {"data": {"values": {"x": "Navy"}}})["code"] == "value_not_found"
    assert attio.refused("PATCH", f"{path}/Grey", {"data": {}})["code"] == "value_not_found"


def test_a_status_tells_how_long_one_should_stay_in_it(attio: Attio) -> None:
    """`celebration_enabled` and an ISO 8601 duration."""
    attio.add_attribute("x", "status")
    body = {"title": "Blue", "celebration_enabled": True, "target_time_in_status": "P1DT12H"}
    made = attio.ok("POST", f"{ATTRIBUTES}/x/statuses", {"data": body})
    assert made["celebration_enabled"] is True
    wrong = {"data": {"title": "Red", "target_time_in_status": "a while"}}
    assert attio.refused("POST", f"{ATTRIBUTES}/x/statuses", wrong)["code"] == "validation_type"


def test_a_text_has_neither_options_nor_statuses(attio: Attio) -> None:
    """Reading them is a 404, as for an unknown attribute; writing one is a 400. Attio's document has no other codes."""
    assert attio.refused("GET", f"{ATTRIBUTES}/alc_status/options")["status_code"] == 404
    new = {"data": {"title": "Open"}}
    assert attio.refused("POST", f"{ATTRIBUTES}/alc_status/options", new)["code"] == "validation_type"
    assert attio.refused("GET", f"{ATTRIBUTES}/nope/options")["status_code"] == 404


def test_an_archived_option_is_shown_on_request(attio: Attio) -> None:
    """As archived attributes: with `show_archived=true`."""
    attio.ok("POST", ATTRIBUTES, {"data": NEW})
    attio.ok("POST", f"{ATTRIBUTES}/x/options", {"data": {"title": "Old"}})
    attio.ok("PATCH", f"{ATTRIBUTES}/x/options/Old", {"data": {"is_archived": True}})
    assert attio.ok("GET", f"{ATTRIBUTES}/x/options") == []
    assert [one["title"] for one in attio.ok("GET", f"{ATTRIBUTES}/x/options?show_archived=true")] == ["Old"]


def test_an_attribute_becomes_unique_for_what_is_written_from_then_on(attio: Attio) -> None:
    """Attio does not look back; types without one form of a value cannot be unique."""
    attio.add_attribute("code", "text")
    for position in (0, 1):
        attio.write("PATCH", attio.path(position), {"code": "A"})
    attio.ok("PATCH", f"{ATTRIBUTES}/code", {"data": {"is_unique": True}})

    attio.write("PATCH", attio.path(2), {"code": "B"})
    values = {"data": {"values": {"code": "B"}}}
    assert attio.refused("PATCH", attio.path(3), values)["code"] == "uniqueness_conflict"
    attio.ok("POST", ATTRIBUTES, {"data": NEW})
    assert attio.refused("PATCH", f"{ATTRIBUTES}/x", {"data": {"is_unique": True}})["code"] == "validation_type"


def test_the_settings_of_an_attribute_can_be_changed(attio: Attio) -> None:
    """A currency, for instance; a default value is refused with a sentence, and not silently forgotten."""
    euro = {"currency": {"default_currency_code": "EUR", "display_type": "code"}}
    attio.add_attribute("price", "currency", config=euro)
    dollar = {"currency": {"default_currency_code": "USD", "display_type": "symbol"}}
    changed = attio.ok("PATCH", f"{ATTRIBUTES}/price", {"data": {"config": dollar}})
    assert changed["config"] == dollar | {"record_reference": {"allowed_object_ids": None}}
    default = {"data": {"default_value": {"type": "static", "template": [1]}}}
    [problem] = attio.refused("PATCH", f"{ATTRIBUTES}/price", default)["validation_errors"]
    assert problem["path"] == ["data", "default_value"]
    assert "Attio has this field, the stand-in does not." in problem["message"]
