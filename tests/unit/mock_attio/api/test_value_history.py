"""`PUT …/attributes/{attribute}/values`: a history that comes from elsewhere."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.mock_attio.conftest import Attio
from tests.unit.mock_attio.store.test_webhook_sender import Receiver


def past(value: object, active_from: str, active_until: str | None = None) -> dict[str, Any]:
    """Return one value of a body."""
    return {"value": value, "active_from": active_from, "active_until": active_until}


def body(*values: dict[str, Any]) -> dict[str, Any]:
    """Return a body with these values."""
    return {"data": {"values": list(values), "replace_history": True}}


def test_a_history_replaces_all_that_was_there(attio: Attio) -> None:
    """In any order and with gaps; no webhook tells of it."""
    receiver = Receiver(attio)
    receiver.subscribe("record.updated")
    path = f"{attio.path()}/attributes/job_title/values"
    written = attio.ok("PUT", path, body(past("Countess", "2022"), past("Pupil", "2019", "2020")))

    assert [one["value"] for one in written] == ["Pupil", "Countess"]
    assert attio.ok("GET", f"{path}?show_historic=true") == written
    assert attio.person()["values"]["job_title"] == written[1:]
    assert receiver.events() == []


def test_an_entry_has_a_history_too(attio: Attio) -> None:
    """The same code with another path; a parent stays what it is."""
    sales = {"name": "Sales", "api_slug": "sales", "parent_object": "people"}
    attio.ok("POST", "/v2/lists", {"data": sales | {"workspace_access": None, "workspace_member_access": []}})
    number = {"title": "Seats", "description": None, "api_slug": "seats", "type": "number", "config": {}}
    flags = {"is_required": False, "is_unique": False, "is_multiselect": False}
    attio.ok("POST", "/v2/lists/sales/attributes", {"data": number | flags})
    parent = {"parent_object": "people", "parent_record_id": attio.person()["id"]["record_id"]}
    entry = attio.ok("POST", "/v2/lists/sales/entries", {"data": parent | {"entry_values": {}}})
    path = f"/v2/lists/sales/entries/{entry['id']['entry_id']}/attributes"

    assert [one["value"] for one in attio.ok("PUT", f"{path}/seats/values", body(past(3, "2022")))] == [3]
    refusal = attio.refused("PUT", f"{path}/parent_record/values", body(past("x", "2022")))
    assert refusal["code"] == "system_edit_unauthorized"


@pytest.mark.parametrize(
    ("slug", "values", "code"),
    [
        ("job_title", [], "validation_type"),
        ("job_title", [past("A", "2999")], "validation_type"),
        ("job_title", [past("A", "2022", "2021")], "validation_type"),
        ("job_title", [past("A", "soon")], "validation_type"),
        ("job_title", [past(1, "2022")], "validation_type"),
        ("job_title", [past("A", "2020"), past("B", "2021")], "multiple_values_for_single_value_attribute"),
        ("phone_numbers", [past("+442079460142", "2020"), past("+442079460142", "2021")], "duplicate_values"),
        ("email_addresses", [past("chidera@example.org", "2020")], "uniqueness_conflict"),
        ("created_at", [past("2020", "2020")], "system_edit_unauthorized"),
        (
            "company",
            [past({"target_object": "companies", "target_record_id": "x"}, "2020")],
            "system_edit_unauthorized",
        ),
    ],
)
def test_a_history_that_cannot_be_is_refused(attio: Attio, slug: str, values: list[Any], code: str) -> None:
    """Attio's codes, and nothing is lost."""
    path = f"{attio.path()}/attributes/{slug}/values"
    before = attio.ok("GET", path)
    assert attio.refused("PUT", path, body(*values))["code"] == code
    assert attio.ok("GET", path) == before


def test_the_loss_of_the_history_is_acknowledged(attio: Attio) -> None:
    """`replace_history` must be true."""
    wrong = {"data": {"values": [past("A", "2020")], "replace_history": False}}
    path = f"{attio.path()}/attributes/job_title/values"
    assert attio.refused("PUT", path, wrong)["validation_errors"][0]["path"] == ["data", "replace_history"]
