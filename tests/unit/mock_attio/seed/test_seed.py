"""The demo data."""

import phonenumbers
import pytest

from alc_app.mock_attio.app import create_app
from alc_app.mock_attio.seed.people import PEOPLE
from tests.unit.mock_attio.conftest import Attio, Clock, config_for


def test_the_demo_begins_with_a_person_whose_lead_goes_well(attio: Attio) -> None:
    """First in order of creation: a good name and one phone number that ends in neither 8 nor 9."""
    values = attio.person()["values"]
    assert values["name"][0]["full_name"] == "Ada Lovelace"
    (phone,) = values["phone_numbers"]
    assert phone["phone_number"][-1] not in "89"


def test_the_cast_shows_every_case_that_the_app_must_meet() -> None:
    """C6: one phone, several, none; no name; and numbers that end in 8 and in 9."""
    phones = [phone for person in PEOPLE for phone in person.phones]
    assert len(PEOPLE) == 25
    assert {min(len(person.phones), 2) for person in PEOPLE} == {0, 1, 2}
    assert any(person.name is None for person in PEOPLE)
    assert {phone[-1] for phone in phones} >= {"8", "9"}
    regions = {phonenumbers.region_code_for_number(phonenumbers.parse(phone)) for phone in phones}
    assert regions >= {"GB", "US", "DE", "FR", "IN", "BR", "JP", "NG"}


@pytest.mark.parametrize("phone", [phone for person in PEOPLE for phone in person.phones])
def test_every_seeded_number_is_valid(phone: str) -> None:
    """Checked against the numbering plans."""
    assert phonenumbers.is_valid_number(phonenumbers.parse(phone))


def test_every_seeded_address_is_at_a_domain_kept_for_examples() -> None:
    """RFC 2606: example.com and example.org; no mail can reach anyone."""
    addresses = [email for person in PEOPLE for email in person.emails]
    assert {address.rpartition("@")[2] for address in addresses} == {"example.com", "example.org"}
    assert len(addresses) == len(set(addresses))


@pytest.mark.parametrize(("kind", "plural"), [("select", "options"), ("status", "statuses")])
def test_the_status_attribute_is_of_the_configured_type(kind: str, plural: str) -> None:
    """`status_type`: a plain string is accepted by each of the three, and the choices are there."""
    clock = Clock()
    app = create_app(config_for(clock, status_type=kind))
    attio = Attio(app, clock)
    choices = attio.ok("GET", f"/v2/objects/people/attributes/alc_status/{plural}")
    assert [choice["title"] for choice in choices] == ["Requested", "Pending", "Complete", "Failed"]
    value = attio.write("PATCH", attio.path(), {"alc_status": "Pending"})["alc_status"][0]
    assert value[{"select": "option", "status": "status"}[kind]]["title"] == "Pending"
    app.extensions["mock_attio"].database.close()
