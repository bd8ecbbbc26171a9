"""Records: create, read, update, overwrite, upsert, delete."""

from typing import Any

import pytest

from alc_app.mock_attio.store.records import Editor
from alc_app.mock_attio.store.tables import Attribute
from tests.unit.mock_attio.conftest import Attio

PEOPLE = "/v2/objects/people/records"
UPSERT = f"{PEOPLE}?matching_attribute=email_addresses"
ADA_PHONE = "+442079460142"


def phones(values: dict[str, list[dict[str, str]]]) -> list[str]:
    """Return the phone numbers among the values of a record."""
    return [value["phone_number"] for value in values["phone_numbers"]]


def test_a_record_carries_its_ids_its_link_and_every_attribute_set_or_not(attio: Attio) -> None:
    """The record shape of the API: unset attributes are empty lists."""
    person = attio.person()
    assert person["id"].keys() == {"workspace_id", "object_id", "record_id"}
    assert person["web_url"] == f"https://app.attio.com/halden/person/{person['id']['record_id']}"
    assert person["values"]["alc_status"] == []
    assert attio.ok("GET", f"{PEOPLE}/{person['id']['record_id']}") == person


def test_objects_and_attributes_answer_to_their_id_as_well_as_to_their_slug(attio: Attio) -> None:
    """Slugs and ids are interchangeable; replies always use slugs."""
    person = attio.person()
    attribute = attio.ok("GET", "/v2/objects/people/attributes/job_title")
    path = f"/v2/objects/{person['id']['object_id']}/records/{person['id']['record_id']}"
    values = attio.write("PATCH", path, {attribute["id"]["attribute_id"]: "Analyst"})
    assert values["job_title"][0]["value"] == "Analyst"


def test_the_writes_of_the_tutorial_are_understood(attio: Attio) -> None:
    """The seed's PATCH bodies, word for word: `alc_lead_id` and `alc_status` as lists of `{value}`."""
    values = attio.write("PATCH", attio.path(), {"alc_lead_id": [{"value": "lead_1"}]})
    assert values["alc_lead_id"][0]["value"] == "lead_1"
    values = attio.write("PATCH", attio.path(), {"alc_status": [{"value": "Complete"}]})
    assert values["alc_status"][0]["value"] == "Complete"


def test_patch_puts_new_values_of_a_multiselect_in_front(attio: Attio) -> None:
    """PATCH: existing values of a multiselect stay behind the new ones."""
    values = attio.write("PATCH", attio.path(), {"phone_numbers": ["+442079460150", "+442079460151"]})
    assert phones(values) == ["+442079460150", "+442079460151", ADA_PHONE]


def test_patch_with_an_empty_list_leaves_a_multiselect_but_clears_a_single_value(attio: Attio) -> None:
    """PATCH adds nothing to a multiselect; single values are cleared by [] or null."""
    values = attio.write("PATCH", attio.path(), {"phone_numbers": [], "job_title": [], "company": None})
    assert phones(values) == [ADA_PHONE]
    assert values["job_title"] == values["company"] == []


def test_put_makes_a_multiselect_exactly_the_list_given_in_its_order(attio: Attio) -> None:
    """PUT by id overwrites: what is not named goes, what stays moves to its place."""
    attio.write("PATCH", attio.path(), {"phone_numbers": ["+442079460150"]})
    values = attio.write("PUT", attio.path(), {"phone_numbers": ["+442079460151", ADA_PHONE]})
    assert phones(values) == ["+442079460151", ADA_PHONE]
    assert values["job_title"][0]["value"] == "Head of Analysis"


def test_upsert_adds_to_the_matching_attribute_and_overwrites_the_other_multiselects(attio: Attio) -> None:
    """The mixed rule of an upsert."""
    emails = ["ada@example.com", "countess@example.org"]
    values = attio.write("PUT", UPSERT, {"email_addresses": emails, "phone_numbers": ["+442079460150"]})
    assert {value["email_address"] for value in values["email_addresses"]} == set(emails)
    assert phones(values) == ["+442079460150"]
    assert values["name"][0]["full_name"] == "Ada Lovelace"


def test_upsert_creates_a_record_when_nobody_has_the_value(attio: Attio) -> None:
    """An upsert without a match is a creation."""
    values = attio.write("PUT", UPSERT, {"email_addresses": ["new@example.com"], "name": "Noether, Emmy"})
    assert values["name"][0]["full_name"] == "Emmy Noether"
    assert len(attio.names({})) == 26


def test_upsert_understands_the_plural_parameter_where_the_singular_is_absent(attio: Attio) -> None:
    """The seed writes `matching_attributes`."""
    path = f"{PEOPLE}?matching_attributes=email_addresses"
    assert attio.write("PUT", path, {"email_addresses": ["ada@example.com"]})["name"][0]["first_name"] == "Ada"


def test_upsert_can_match_the_record_id(attio: Attio) -> None:
    """`record_id` is a unique attribute of every object."""
    record_id = attio.person()["id"]["record_id"]
    path = f"{PEOPLE}?matching_attribute=record_id"
    values = attio.write("PUT", path, {"record_id": record_id, "job_title": "Countess"})
    assert values["job_title"][0]["value"] == "Countess"


@pytest.mark.parametrize(
    ("path", "values", "code"),
    [
        (PEOPLE, {"email_addresses": ["ada@example.com"]}, "validation_type"),
        (
            f"{PEOPLE}?matching_attribute=phone_numbers",
            {"phone_numbers": [ADA_PHONE]},
            "matching_attribute_definition_not_unique",
        ),
        (f"{PEOPLE}?matching_attribute=nope", {}, "value_not_found"),
        (UPSERT, {"name": "Nobody"}, "validation_type"),
        (UPSERT, {"email_addresses": ["ada@example.com", "chidera@example.org"]}, "multiple_match_results"),
    ],
)
def test_an_upsert_that_cannot_match_says_why(attio: Attio, path: str, values: dict[str, object], code: str) -> None:
    """The errors of upsert matching."""
    assert attio.refused("PUT", path, {"data": {"values": values}})["code"] == code


def test_a_unique_value_belongs_to_one_record_only(attio: Attio) -> None:
    """A creation or update that takes another record's email address is refused and changes nothing."""
    body = {"data": {"values": {"job_title": "Thief", "email_addresses": ["Ada@example.com"]}}}
    for method, path in (("POST", PEOPLE), ("PATCH", attio.path(1)), ("PUT", attio.path(1))):
        error = attio.refused(method, path, body)
        assert (error["status_code"], error["code"]) == (400, "uniqueness_conflict")
        assert 'A value provided for attribute with slug "email_addresses" conflicts' in error["message"]
        assert error["message"].endswith(f"Conflicting record IDs: {attio.person(0)['id']['record_id']}")
    assert attio.person(1)["values"]["job_title"][0]["value"] == "VP Operations"


def test_a_conflict_in_a_custom_unique_attribute_is_named_by_it(attio: Attio) -> None:
    """An upsert matches by one unique attribute and may conflict in another."""
    attio.add_attribute("badge", "text", is_unique=True)
    attio.write("PATCH", attio.path(1), {"badge": "7"})
    body = {"data": {"values": {"badge": "7", "email_addresses": ["ada@example.com"]}}}
    error = attio.refused("PUT", UPSERT, body)
    assert (error["status_code"], error["code"]) == (400, "uniqueness_conflict")
    assert '"badge"' in error["message"]
    assert attio.write("PATCH", attio.path(1), {"badge": "7"})["badge"][0]["value"] == "7"


def test_a_value_taken_after_the_check_is_refused_alike(attio: Attio, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two writes at once: the database finds the conflict, and the second attempt names it."""
    check, calls = Editor._refuse_taken, list[str]()

    def blind_once(self: Editor, attribute: Attribute, keys: list[str | None]) -> None:
        if attribute.api_slug == "email_addresses" and not calls:
            calls.append("blind")
            return
        check(self, attribute, keys)

    monkeypatch.setattr(Editor, "_refuse_taken", blind_once)
    error = attio.refused("POST", PEOPLE, {"data": {"values": {"email_addresses": ["ada@example.com"]}}})
    assert (error["status_code"], error["code"], calls) == (400, "uniqueness_conflict", ["blind"])


def test_a_unique_value_that_was_given_up_can_be_taken(attio: Attio) -> None:
    """Values of the past do not count for uniqueness."""
    attio.write("PUT", attio.path(), {"email_addresses": []})
    assert attio.write("POST", PEOPLE, {"email_addresses": ["ada@example.com"]})["name"] == []


def test_a_deleted_record_is_gone_and_nothing_refers_to_it(attio: Attio) -> None:
    """DELETE answers an empty object; afterwards the id is unknown, and references to it are gone."""
    company = attio.person()["values"]["company"][0]["target_record_id"]
    assert attio.send("DELETE", f"/v2/objects/companies/records/{company}").get_json() == {}
    assert attio.refused("GET", f"/v2/objects/companies/records/{company}")["code"] == "not_found"
    assert attio.refused("DELETE", f"/v2/objects/companies/records/{company}")["status_code"] == 404
    assert attio.person()["values"]["company"] == []


@pytest.mark.parametrize(
    "record_id",
    ["3e0be7bf-d59f-4485-839c-e641c22f046b", "not-an-id", "{bf071e1f-6035-429d-b874-d83ea64ea13b}", "%00", "💥"],
)
def test_an_id_that_no_record_has_is_refused_in_attios_shape(attio: Attio, record_id: str) -> None:
    """Unknown and malformed ids are client errors on every route."""
    body: dict[str, Any] = {"data": {"values": {}}}
    for method in ("GET", "PATCH", "PUT", "DELETE"):
        attio.refused(method, f"{PEOPLE}/{record_id}", body if method != "GET" else None)


def test_a_record_belongs_to_one_object(attio: Attio) -> None:
    """A person is not found among the companies."""
    path = attio.path().replace("/people/", "/companies/")
    assert attio.refused("GET", path)["code"] == "not_found"


def test_the_entries_of_a_record_are_an_empty_list(attio: Attio) -> None:
    """The stand-in has no lists."""
    assert attio.ok("GET", f"{attio.path()}/entries?limit=10.0&offset=0") == []
    assert attio.refused("GET", f"{attio.path()}/entries?limit=many")["code"] == "validation_type"
