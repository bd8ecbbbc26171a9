"""Dead letters name the people that they are about."""

from __future__ import annotations

import json

import pytest

from alc_app.attio.host.doctor import DeadLetter
from alc_app.leads.models import Lead
from alc_app.runtime.services import WORKSPACE, Services
from alc_app.web.presenters.dead_letters import letters_of
from tests.support.chaos.proxy import ChaosProxy, answers

RECORD = "11111111-1111-4111-8111-111111111111"
QUERY = "POST /v2/objects/people/records/query"
ADA = {"id": {"record_id": RECORD}, "values": {"name": [{"full_name": r"Ada \1 Lovelace"}]}}


def never_received(services: Services) -> None:
    """Store a send that ALC has never received."""
    lead = {"workspace_id": WORKSPACE, "record_id": RECORD, "alc_record_id": RECORD, "created_at": 1.0}
    with services.database.transaction() as session:
        session.add(Lead(id="1", status="not_sent", why="ALC has never received it.", **lead))


def test_a_person_who_was_not_sent_is_named(services: Services, attio: ChaosProxy) -> None:
    """Nobody knows a person by the id of the record."""
    never_received(services)
    attio.always(QUERY, answers(200, json.dumps({"data": [ADA]}).encode(), ("Content-Type", "application/json")))

    [letter] = letters_of(services)

    assert (letter.text, letter.record_id) == (r"Sending Ada \1 Lovelace to ALC failed.", RECORD)


def test_without_the_crm_a_dead_letter_names_the_record(services: Services, attio: ChaosProxy) -> None:
    """The page of the doctor works while Attio is away."""
    never_received(services)
    attio.always(QUERY, answers(503, b"", ("Content-Type", "application/json")))

    assert [letter.text for letter in letters_of(services)] == [f"Sending the record {RECORD} to ALC failed."]


@pytest.mark.parametrize("text", ["The record r1 was not sent.", "Not sent: the record r1."])
def test_a_name_takes_the_place_of_the_record_wherever_it_stands(text: str) -> None:
    """At the beginning of a sentence, and in it."""
    letter = DeadLetter("1", text, "", 0.0, record_id="r1")

    assert "Ada" in letter.text_naming("Ada")
    assert "r1" not in letter.text_naming("Ada")
