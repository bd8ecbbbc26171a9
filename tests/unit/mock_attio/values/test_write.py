"""Values as they are written: every shorthand, and what is refused."""

from typing import Any

import pytest

from tests.unit.mock_attio.conftest import Attio

ACCEPTED = [
    ("text", "x", {"value": "x"}),
    ("text", {"value": "x"}, {"value": "x"}),
    ("number", 3, {"value": 3.0}),
    ("checkbox", "true", {"value": True}),
    ("checkbox", {"value": False}, {"value": False}),
    ("rating", 5, {"value": 5}),
    ("date", "2026-02", {"value": "2026-02-01"}),
    ("timestamp", "2026-02-03T04:05+01:00", {"value": "2026-02-03T03:05:00.000000000Z"}),
    ("select", "Blue", {"title": "Blue"}),
    ("select", {"option": "Blue"}, {"title": "Blue"}),
    ("status", {"status": "Blue"}, {"title": "Blue"}),
    ("email-address", " New@Example.Com ", {"email_address": "new@example.com", "email_local_specifier": "new"}),
    ("email-address", "a@mail.example.co.uk", {"email_root_domain": "example.co.uk"}),
    ("phone-number", "+1 (202) 555-0143", {"phone_number": "+12025550143", "country_code": "US"}),
    ("phone-number", "+447700900123", {"phone_number": "+447700900123", "country_code": "GB"}),
    ("domain", "https://www.Example.com/about", {"domain": "example.com", "root_domain": "example.com"}),
    ("location", "Austin, Texas, US", {"locality": "Austin", "region": "Texas", "country_code": "US"}),
    ("actor-reference", "robin@example.com", {"referenced_actor_type": "workspace-member"}),
    (
        "record-reference",
        {"target_object": "companies", "domains": ["kestrel.example.com"]},
        {"target_object": "companies"},
    ),
    ("record-reference", {"target_object": "companies", "name": "Kestrel Robotics"}, {"target_object": "companies"}),
    ("record-reference", "kestrel.example.com", {"target_object": "companies"}),
    ("domain", "https://example.com?from=mail#top", {"domain": "example.com"}),
    ("currency", "4.99", {"currency_value": 4.99, "currency_code": "USD"}),
    ("currency", {"currency_value": "-4"}, {"currency_value": -4}),
]

REFUSED = [
    ("text", 5),
    ("text", True),
    ("number", "5"),
    ("number", True),
    ("number", 10**400),
    ("checkbox", 1),
    ("rating", 6),
    ("rating", 2.5),
    ("date", "soon"),
    ("timestamp", "0001-01-01T00:00+05:00"),
    ("select", "Green"),
    ("select", {"value": "Blue"}),
    ("status", {"status_id": "Blue"}),
    ("email-address", "ada@crm.test"),
    ("email-address", "ada@localhost"),
    ("email-address", "ada"),
    ("phone-number", "020 7946 0142"),
    ("phone-number", "+15555550123"),
    ("phone-number", {"phone_number": "+442079460142"}),
    ("domain", "not a domain"),
    ("location", {"locality": "London"}),
    ("actor-reference", "nobody@example.com"),
    ("record-reference", {"target_object": "companies", "target_record_id": "nope"}),
    ("record-reference", {"target_object": "people", "email_addresses": ["ada@example.com"]}),
    ("record-reference", {"target_object": "companies", "name": "Nobody's"}),
    ("record-reference", {"target_object": "companies", "primary_location": "London"}),
    ("record-reference", {"target_object": "companies", "target_record_reference": {"match": {"name": "Kestrel"}}}),
    ("record-reference", "kestrel"),
    ("currency", "4,99"),
    ("currency", "NaN"),
]


def with_attribute(attio: Attio, kind: str) -> None:
    """Give people an attribute `x` of this type, with the choice "Blue" and references to companies."""
    configs: dict[str, Any] = {
        "record-reference": {"record_reference": {"allowed_objects": ["companies"]}},
        "currency": {"currency": {"default_currency_code": "USD", "display_type": "symbol"}},
    }
    attio.add_attribute("x", kind, config=configs.get(kind, {}))
    if kind in {"select", "status"}:
        plural = "options" if kind == "select" else "statuses"
        attio.ok("POST", f"/v2/objects/people/attributes/x/{plural}", {"data": {"title": "Blue"}})


@pytest.mark.parametrize(("kind", "written", "read"), ACCEPTED)
def test_a_value_is_accepted_and_normalised(attio: Attio, kind: str, written: object, read: dict[str, Any]) -> None:
    """Each accepted form, bare, as an object, and in a list."""
    with_attribute(attio, kind)
    for form in (written, [written]):
        value = attio.write("PATCH", attio.path(), {"x": form})["x"][0]
        content = value.get("option") or value.get("status") or value
        assert {key: content[key] for key in read} == read


@pytest.mark.parametrize(("kind", "written"), REFUSED)
def test_a_value_of_the_wrong_kind_is_refused(attio: Attio, kind: str, written: object) -> None:
    """Refused with `validation_type` or `value_not_found`, and a message that names the attribute or the value."""
    with_attribute(attio, kind)
    error = attio.refused("PATCH", attio.path(), {"data": {"values": {"x": written}}})
    assert error["code"] in {"validation_type", "value_not_found"}
    assert attio.person()["values"]["x"] == []


def test_a_reference_by_a_value_of_several_records_is_refused(attio: Attio) -> None:
    """Attio: it fails unless exactly one record is found."""
    attio.ok("POST", "/v2/objects/companies/records", {"data": {"values": {"name": "Kestrel Robotics"}}})
    named = {"company": {"target_object": "companies", "name": "Kestrel Robotics"}}
    error = attio.refused("PATCH", attio.path(), {"data": {"values": named}})
    assert (error["status_code"], error["code"]) == (400, "multiple_match_results")


@pytest.mark.parametrize(
    ("written", "first", "last", "full"),
    [
        ("Lovelace, Ada", "Ada", "Lovelace", "Ada Lovelace"),
        ("Ada", "Ada", "", "Ada"),
        (
            {"first_name": "Ada", "last_name": "King", "full_name": "Ada King, Countess"},
            "Ada",
            "King",
            "Ada King, Countess",
        ),
        ({"first_name": "Ada", "last_name": "", "full_name": "Ada"}, "Ada", "", "Ada"),
    ],
)
def test_names_are_parsed(attio: Attio, written: object, first: str, last: str, full: str) -> None:
    """Both forms of a personal name."""
    name = attio.write("PATCH", attio.path(1), {"name": written})["name"][0]
    assert (name["first_name"], name["last_name"], name["full_name"]) == (first, last, full)


NAME = {"first_name": "Ada", "last_name": "Lovelace", "full_name": "Ada Lovelace"}


@pytest.mark.parametrize("part", NAME)
@pytest.mark.parametrize("method", ["POST", "PATCH", "PUT"])
def test_a_name_needs_its_three_parts(attio: Attio, method: str, part: str) -> None:
    """Attio's docs: the object form has all three; a client that leaves one out must learn it here."""
    path = "/v2/objects/people/records" if method == "POST" else attio.path(1)
    without = {key: text for key, text in NAME.items() if key != part}
    for written in (without, without | {part: None}, [without]):
        error = attio.refused(method, path, {"data": {"values": {"name": written}}})
        assert (error["status_code"], error["code"]) == (400, "validation_type")
        [problem] = error["validation_errors"]
        assert problem["path"] == [part] and problem["expected"] == "string"
    attio.write(method, path, {"name": NAME})


def test_each_missing_part_of_a_name_is_named(attio: Attio) -> None:
    """As Attio does it: a client sees all that is wrong at once."""
    error = attio.refused("PATCH", attio.path(1), {"data": {"values": {"name": [{"value": "Ada Lovelace"}]}}})
    found = [(problem["path"], problem["message"], problem["received"]) for problem in error["validation_errors"]]
    assert found == [([part], "Required", "undefined") for part in NAME]


def test_a_national_number_needs_its_country(attio: Attio) -> None:
    """`country_code` makes a national number whole; the message without one is Attio's own."""
    number = {"original_phone_number": "030 23125118", "country_code": "DE"}
    assert (
        attio.write("PATCH", attio.path(), {"phone_numbers": [number]})["phone_numbers"][0]["phone_number"]
        == "+493023125118"
    )
    error = attio.refused("PATCH", attio.path(), {"data": {"values": {"phone_numbers": ["030 23125118"]}}})
    problem = error["validation_errors"][0]
    assert problem["message"] == "Invalid phone number, possibly due to missing country information"
    assert problem["path"] == [0, "original_phone_number"]


@pytest.mark.parametrize(
    ("values", "code", "message"),
    [
        ({"nope": "x"}, "value_not_found", 'Cannot find attribute with slug/ID "nope".'),
        ({"job_title": ["a", "b"]}, "multiple_values_for_single_value_attribute", None),
        (
            {"email_addresses": "a@example.com"},
            "validation_type",
            'An invalid value was passed to attribute with slug "email_addresses".',
        ),
        ({"created_at": "2026"}, "immutable_value", None),
        ({"last_interaction": "2026"}, "immutable_value", None),
    ],
)
def test_the_container_rules_hold(attio: Attio, values: dict[str, Any], code: str, message: str | None) -> None:
    """Unknown attributes, too many values, scalars for a multiselect, and what only Attio writes."""
    error = attio.refused("PATCH", attio.path(), {"data": {"values": values}})
    assert error["code"] == code
    assert message in {None, error["message"]}


def test_the_same_value_twice_in_one_list_is_one_value(attio: Attio) -> None:
    """Duplicates inside one array, however they are spelled."""
    emails = ["x@example.com", {"email_address": "X@example.com"}]
    assert len(attio.write("POST", "/v2/objects/people/records", {"email_addresses": emails})["email_addresses"]) == 1


def test_a_required_attribute_must_not_be_empty(attio: Attio) -> None:
    """`missing_value` on creation without it, and on clearing it."""
    attio.add_attribute("x", "text", is_required=True)
    assert attio.refused("POST", "/v2/objects/people/records", {"data": {"values": {}}})["code"] == "missing_value"
    assert attio.write("PATCH", attio.path(), {"job_title": "Still fine"})
    assert attio.refused("PATCH", attio.path(), {"data": {"values": {"x": None}}})["code"] == "missing_value"


def test_an_amount_takes_its_currency_from_the_attribute(attio: Attio) -> None:
    """Currency: at most 4 decimals; the code comes from the attribute's config."""
    attio.add_attribute(
        "x", "currency", config={"currency": {"default_currency_code": "EUR", "display_type": "symbol"}}
    )
    value = attio.write("PATCH", attio.path(), {"x": 12.5})["x"][0]
    assert (value["currency_value"], value["currency_code"]) == (12.5, "EUR")
    assert attio.refused("PATCH", attio.path(), {"data": {"values": {"x": 1.23456}}})["code"] == "validation_type"


def test_long_texts_are_kept_whole_and_found_by_equality(attio: Attio) -> None:
    """The index holds a digest of what is too long for it."""
    text = "α" * 5_000
    attio.write("PATCH", attio.path(), {"description": text})
    assert attio.names({"filter": {"description": text}}) == ["Ada Lovelace"]
    assert attio.names({"filter": {"description": text + "β"}}) == []
