"""The client for Attio: the error for each answer, what goes out, and that an unreadable answer is an error too."""

import pytest

from alc_app.clients import attio_api
from alc_app.clients.attio_api import AnswerLost, AttioApiError, AttioRefused, Forbidden, NotFound
from tests.support.fakes.runtime import Fault, Outside, never_answers, says, unreachable

RECORD = {"id": {"record_id": "x"}, "values": {}}
VALIDATION = {
    "message": "Body payload validation error.",
    "validation_errors": [
        {"path": ["data", "values", "alc_status"], "message": "Not a known option."},
        {"path": ["data", 0], "message": "Required."},
    ],
}


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (says(404), NotFound),
        (says(403), Forbidden),
        (says(400), AttioRefused),
        (says(422), AttioRefused),
        (says(302), AttioRefused),
        (says(401), AttioApiError),
        (says(409), AttioApiError),
        (says(429), AttioApiError),
        (says(500), AttioApiError),
        (says(503), AttioApiError),
        (unreachable, AttioApiError),
        (never_answers, AnswerLost),
    ],
)
def test_each_failure_becomes_an_error_of_the_client(
    outside: Outside, fault: Fault, error: type[AttioApiError]
) -> None:
    """C5, R21: what may pass is the plain error; what will not is a refusal."""
    outside.fault("PATCH", fault)

    with pytest.raises(AttioApiError) as raised:
        attio_api.update_record("people", "record", {"alc_status": "Pending"})
    assert type(raised.value) is error


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (
            VALIDATION,
            "Body payload validation error. data.values.alc_status: Not a known option. data.0: Required.",
        ),
        ({"message": "Record not found."}, "Record not found."),
        ({"message": "No.", "validation_errors": [{}]}, "Attio answered with status 400."),
        ({"validation_errors": None}, "Attio answered with status 400."),
        ([], "Attio answered with status 400."),
        ("<html>", "Attio answered with status 400."),
        ("[" * 100_000, "Attio answered with status 400."),
    ],
)
def test_messages_carry_the_paths_of_what_is_wrong(outside: Outside, body: object, message: str) -> None:
    """Errors teach: "Body payload validation error." alone helps nobody."""
    outside.fault("PATCH", says(400, body))

    with pytest.raises(AttioRefused) as raised:
        attio_api.update_record("people", "record", {})
    assert raised.value.message == message


@pytest.mark.parametrize("status", [400, 409])
def test_a_value_that_another_record_has_is_refused_for_good(outside: Outside, status: int) -> None:
    """C5: it stays so, however often it is tried. Attio answers 400; some of its routes and clients say 409."""
    message = 'The value "ada@example.com" provided for attribute with slug "email_addresses" conflicts with one.'
    outside.fault("PUT", says(status, {"code": "uniqueness_conflict", "message": message}))

    with pytest.raises(AttioRefused) as raised:
        attio_api.assert_record("people", "email_addresses", {"email_addresses": ["ada@example.com"]})
    assert raised.value.message == message


def test_a_concurrent_write_is_tried_again(outside: Outside) -> None:
    """C5: 409 as such means that another write was in the way."""
    outside.fault("PATCH", says(409, {"code": "concurrent_write_conflict", "message": "Try again."}))

    with pytest.raises(AttioApiError) as raised:
        attio_api.update_record("people", "record", {})
    assert not isinstance(raised.value, AttioRefused)


def test_attios_http_date_is_a_wait(outside: Outside) -> None:
    """R21: Attio sends a date; one in the past is no wait."""
    outside.fault("PATCH", says(429, Retry_After="Wed, 21 Oct 2015 07:28:00 GMT"))

    with pytest.raises(AttioApiError) as raised:
        attio_api.update_record("people", "record", {})
    assert raised.value.retry_after == 0


@pytest.mark.parametrize("body", ["", "{", "null", "[]", '"data"', "[" * 100_000, "{}"])
def test_a_2xx_that_cannot_be_read_is_an_error_of_the_client(outside: Outside, body: str) -> None:
    """R21: the pages and the setup catch AttioApiError, and never see a KeyError."""
    outside.fault("GET", says(200, body))

    with pytest.raises(AttioApiError, match="cannot read"):
        attio_api.get_record("people", "record")


@pytest.mark.parametrize("body", ["", "<html>", "{}", {"data": None}, {"data": {"id": {"record_id": "x"}}}])
def test_a_2xx_without_a_record_says_nothing_of_a_write(outside: Outside, body: object) -> None:
    """I1: a proxy's page, or a server that is not Attio. The record has to be written again."""
    outside.fault("P", *[says(200, body)] * 2)

    with pytest.raises(AttioApiError, match="cannot read"):
        attio_api.update_record("people", "record", {"alc_status": "Complete"})
    with pytest.raises(AttioApiError, match="cannot read"):
        attio_api.assert_record("people", "email_addresses", {"email_addresses": ["ada@example.com"]})


@pytest.mark.parametrize("data", [None, {}, "x", [None], ["x"], [{}], [{"id": {"record_id": "x"}, "values": {"a": 1}}]])
def test_records_of_another_shape_are_an_error_of_the_client(outside: Outside, data: object) -> None:
    """R21: whoever reads the records never sees a KeyError."""
    outside.fault("POST", *[says(200, {"data": data})] * 2)

    with pytest.raises(AttioApiError, match="cannot read"):
        attio_api.query_records("people")
    if data != [RECORD | {"values": {"a": 1}}]:  # a hit has no values
        with pytest.raises(AttioApiError, match="cannot read"):
            attio_api.search_records("people", "ada", limit=1)


@pytest.mark.parametrize("body", ["", "[]", "<html>"])
def test_an_unreadable_self_is_an_error_of_the_client(outside: Outside, body: str) -> None:
    """The same for `/v2/self`, which has no `data`."""
    outside.fault("GET", says(200, body))

    with pytest.raises(AttioApiError, match="cannot read"):
        attio_api.identify()


def test_values_go_out_as_plain_strings_with_the_installations_token(outside: Outside) -> None:
    """Usage 9: text, select and status attributes all take them."""
    attio_api.update_record("people", "record", {"alc_status": "Pending"})

    [(method, path, body, headers)] = outside.calls
    assert (method, path) == ("PATCH", "/v2/objects/people/records/record")
    assert body == {"data": {"values": {"alc_status": "Pending"}}}
    assert headers == {"Authorization": "Bearer attio-token"}


@pytest.mark.parametrize(
    ("record_id", "path"), [("../../webhooks", "..%2F..%2Fwebhooks"), ("%2e%2e", "%252e%252e"), ("a?b", "a%3Fb")]
)
def test_ids_cannot_leave_their_place_in_the_path(outside: Outside, record_id: str, path: str) -> None:
    """R13: quoted, whatever they hold."""
    attio_api.update_record("people", record_id, {})

    assert outside.calls[0][1] == f"/v2/objects/people/records/{path}"


def test_what_is_not_there_is_none(outside: Outside) -> None:
    """Usage 6: a person that does not exist is no error to whoever asks for it."""
    outside.fault("GET", *[says(404, {"message": "Not found."})] * 4)

    assert attio_api.get_record("people", "x") is None
    assert attio_api.get_object("people") is None
    assert attio_api.get_attribute("people", "x") is None
    assert attio_api.get_member("x") is None


def test_an_id_that_cannot_exist_is_none(outside: Outside) -> None:
    """Attio answers 400, not 404, where an id is no UUID."""
    problem = {"code": "invalid_string", "path": ["record_id"], "message": "Invalid uuid"}
    body = {"message": "Path params validation error.", "validation_errors": [problem]}
    outside.fault("GET", *[says(400, body)] * 2)

    assert attio_api.get_record("people", "x") is None
    assert attio_api.get_member("x") is None


def test_lists_come_without_their_envelope(outside: Outside) -> None:
    """Attio wraps everything in `data`."""
    outside.fault("POST", says(200, {"data": [RECORD]}))
    outside.fault("GET", says(200, {"data": [{"title": "Pending"}]}))

    assert attio_api.query_records("people", limit=1) == [RECORD]
    assert outside.sent("POST") == [{"limit": 1}]
    assert attio_api.list_titles("people", "alc_status", "options") == ["Pending"]


def test_the_history_of_a_value_is_asked_for_whole(outside: Outside) -> None:
    """`show_historic=true` is what makes it a history."""
    outside.fault("GET", says(200, {"data": []}))

    assert attio_api.value_history("people", "record", "alc_status") == []
    path = "/v2/objects/people/records/record/attributes/alc_status/values?show_historic=true"
    assert outside.calls[0][1] == path
