"""Values as they are read: envelopes, and the history that writes leave."""

from tests.unit.mock_attio.conftest import Attio

ENVELOPE = {"active_from", "active_until", "created_by_actor", "attribute_type"}


def test_every_value_has_the_envelope_and_the_keys_of_its_type(attio: Attio) -> None:
    """Envelope and extra keys of each type that a seeded person has."""
    values = attio.person()["values"]
    keys = {slug: values[slug][0].keys() - ENVELOPE for slug in values if values[slug]}
    assert all(value[0].keys() >= ENVELOPE for value in values.values() if value)
    assert keys["name"] == {"first_name", "last_name", "full_name"}
    assert keys["phone_numbers"] == {"original_phone_number", "phone_number", "country_code"}
    assert keys["company"] == {"target_object", "target_record_id"}
    assert keys["created_by"] == {"referenced_actor_type", "referenced_actor_id"}
    assert values["company"][0]["target_object"] == "companies"


def test_a_select_is_read_with_its_whole_option(attio: Attio) -> None:
    """`option` holds the composite id, the title, and whether it is archived."""
    company = attio.ok("POST", "/v2/objects/companies/records/query", {"limit": 1})[0]
    option = company["values"]["categories"][0]["option"]
    assert option["title"] == "Software"
    assert option["id"].keys() == {"workspace_id", "object_id", "attribute_id", "option_id"}


def test_a_replaced_value_stays_in_the_history_the_oldest_first(attio: Attio) -> None:
    """`show_historic=true` shows the values of the past with `active_until`."""
    path = attio.path()
    attio.write("PATCH", path, {"alc_status": "Pending"})
    attio.clock.advance(60)
    attio.write("PATCH", path, {"alc_status": "Complete"})
    past, present = attio.ok("GET", f"{path}/attributes/alc_status/values?show_historic=true")
    assert (past["value"], present["value"]) == ("Pending", "Complete")
    assert past["active_until"] == present["active_from"] > past["active_from"]
    assert attio.ok("GET", f"{path}/attributes/alc_status/values") == [present]


def test_writing_the_same_again_leaves_no_history(attio: Attio) -> None:
    """C4: level-triggered writers repeat themselves; the record does not change by that."""
    path = attio.path()
    before = attio.write("PATCH", path, {"alc_status": "Pending", "phone_numbers": ["+44 20 7946 0142"]})
    attio.clock.advance(60)
    after = attio.write("PUT", path, {"alc_status": [{"value": "Pending"}], "phone_numbers": ["+442079460142"]})
    assert before == after
    assert len(attio.ok("GET", f"{path}/attributes/alc_status/values?show_historic=true")) == 1


def test_a_value_says_which_token_wrote_it(attio: Attio) -> None:
    """`created_by_actor` of a write over the API is the token."""
    value = attio.write("PATCH", attio.path(), {"alc_status": "Pending"})["alc_status"][0]
    assert value["created_by_actor"]["type"] == "api-token"


def test_show_historic_takes_true_or_false(attio: Attio) -> None:
    """Other words are a query parameter error."""
    error = attio.refused("GET", f"{attio.path()}/attributes/name/values?show_historic=maybe")
    assert error["message"] == "Query params validation error."
