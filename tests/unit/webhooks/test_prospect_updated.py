"""Seeds 000 and 001's handler: Attio's real parameter and body, checked fields, and what no retry can mend."""

from __future__ import annotations

import json

import pytest

from alc_app.attio import Request, Response
from alc_app.attio.http import BadRequest
from alc_app.attio.settings import set_settings
from alc_app.clients.alc_api import AlcAnswerLost
from alc_app.clients.attio_api import AttioApiError
from alc_app.leads import sends
from alc_app.settings.schema import schema
from alc_app.webhooks.prospect_updated import prospect_updated
from tests.support.fakes.runtime import FakeRuntime, Fault, Outside, answer_lost, says, unreachable

RECORD = "11111111-1111-4111-8111-111111111111"
DATA = {"prospectId": "prospect_1", "prospectName": "Ada King Lovelace", "prospectEmail": "ada@example.com"}
BODY = {"event": "prospect_updated", "data": DATA}
PUT = "PUT /v2/objects/people/records?matching_attribute=email_addresses"
MADE = says(200, {"data": {"id": {"record_id": RECORD}, "values": {}}})


def deliver(body: object) -> Response:
    """One verified delivery."""
    return prospect_updated(Request(json.dumps(body).encode()))


@pytest.mark.parametrize(
    ("name", "first", "last"), [("Ada King Lovelace", "Ada King", "Lovelace"), ("Ada", "Ada", ""), (" A B ", "A", "B")]
)
def test_seed_000_the_person_is_asserted_by_the_address(
    runtime: FakeRuntime, outside: Outside, name: str, first: str, last: str
) -> None:
    """Seeds 000 and 001 with Attio's `matching_attribute`, `values` and the names of its fields."""
    outside.fault(PUT, MADE)

    assert deliver({**BODY, "data": {**DATA, "prospectName": name}}) == Response(None, status=200)

    values = {
        "name": {"first_name": first, "last_name": last, "full_name": name.strip()},
        "email_addresses": [{"email_address": "ada@example.com"}],
    }
    assert outside.sent(PUT) == [{"data": {"values": values}}]


def test_whom_we_have_sent_is_known_by_the_record(runtime: FakeRuntime, outside: Outside) -> None:
    """TUTORIAL: a new address makes no second person."""
    lead = sends.open_send(RECORD).id
    sends.mark_sent(lead, "lead_1")

    assert deliver({**BODY, "data": {**DATA, "prospectId": "lead_1"}}).status == 200

    assert outside.written == [(RECORD, {"name": "Lovelace, Ada King", "email_addresses": ["ada@example.com"]})]


@pytest.mark.parametrize(
    "data", [{}, {**DATA, "prospectEmail": ""}, {**DATA, "prospectName": None}, {**DATA, "prospectId": 7}], ids=str
)
def test_a_prospect_that_is_not_whole_is_a_bad_request(runtime: FakeRuntime, outside: Outside, data: object) -> None:
    """R10: the field is named, and nothing is done."""
    with pytest.raises(BadRequest, match=r"data\."):
        deliver({**BODY, "data": data})
    assert not outside.calls


def test_an_unknown_event_is_acknowledged(runtime: FakeRuntime, outside: Outside) -> None:
    """R11: ALC may send more kinds one day; a body that is no object is refused."""
    assert deliver({"event": "prospect_sang"}).status == 200
    assert deliver([]).status == 400
    assert not outside.calls


@pytest.mark.parametrize("fault", [unreachable, answer_lost, says(503), says(429), says(401), says(403)])
def test_what_attio_cannot_take_now_is_tried_again(runtime: FakeRuntime, outside: Outside, fault: Fault) -> None:
    """C3: the run fails, and the inbox has it run again, also if a permission is missing: somebody can give it."""
    outside.fault(PUT, fault)

    with pytest.raises(AttioApiError):
        deliver(BODY)


def test_what_attio_refuses_is_a_dead_letter(runtime: FakeRuntime, outside: Outside) -> None:
    """No retry can mend an address that Attio does not take."""
    outside.fault(PUT, says(400, {"message": "This is not an email address."}))

    assert deliver(BODY).status == 422


def test_a_record_that_is_gone_is_let_go(runtime: FakeRuntime, outside: Outside) -> None:
    """C5: there is nobody to update."""
    lead = sends.open_send(RECORD).id
    sends.mark_sent(lead, "lead_1")
    outside.fault("PATCH", says(404, {"message": "Gone."}))

    assert deliver({**BODY, "data": {**DATA, "prospectId": "lead_1"}}).status == 200


def test_a_prospect_that_may_be_a_lead_of_ours_is_taken_up_later(runtime: FakeRuntime, outside: Outside) -> None:
    """C2: ALC has our POST, and its answer is lost. A new address would make a second person."""
    lead = sends.open_send(RECORD).id
    sends.record_post_attempt(lead)
    body = {**BODY, "data": {**DATA, "prospectId": "lead_1"}}

    with pytest.raises(AlcAnswerLost):
        deliver(body)
    assert not outside.calls

    sends.mark_sent(lead, "lead_1")
    runtime.restart("the delivery again")
    deliver(body)
    assert [record_id for record_id, _ in outside.written] == [RECORD]


def test_people_of_other_apps_on_the_account_are_left_out_if_the_workspace_says_so(
    runtime: FakeRuntime, outside: Outside
) -> None:
    """R12, C16: ALC tells every app of every prospect of the account."""
    set_settings(schema, "add_unknown_prospects", False)

    assert deliver(BODY).status == 200
    assert not outside.calls
