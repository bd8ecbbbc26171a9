"""How a message of the log is told: in the tutorial's words, at its step, whatever strangers have sent."""

import pytest

from alc_app.pages.sequence import as_step, describe


def message(sender: str, receiver: str, label: str, **detail: object) -> dict[str, object]:
    return {"sender": sender, "receiver": receiver, "label": label, "detail": detail}


@pytest.mark.parametrize(
    ("sender", "receiver", "label", "words", "step"),
    [
        ("User", "Attio UI", "Clicks button", "Clicks button", "Usage 3"),
        ("Server Function", "ALC", "POST /api/v1/leads", "POST request", "Usage 8"),
        ("Server Function", "ALC", "POST /oauth/token", "Refreshes the token", ""),
        ("Server Function", "Record Action", "returns", "Returns success", "Usage 10"),
        ("ALC", "Webhook", "Calls the app's webhook", "Calls the app's webhook", "Later 10"),
        ("ALC", "Server Function", "201 Created", "201 Created", ""),
    ],
)
def test_a_message_is_told_as_the_tutorial_tells_it(
    sender: str, receiver: str, label: str, words: str, step: str
) -> None:
    """What the tutorial does not know keeps its own label."""
    told = describe(message(sender, receiver, label))
    assert (told["words"], told["step"]) == (words, step)


@pytest.mark.parametrize("variant", [("neutral", "Usage 5"), ("success", "Usage 12")])
def test_the_two_toasts_are_two_steps(variant: tuple[str, str]) -> None:
    """Usage 5 and 12 call the same function."""
    told = describe(message("Record Action", "Attio UI", "show_toast()", arguments={"variant": variant[0]}))
    assert told["step"] == variant[1]


PATCH = "PATCH /v2/objects/people/records/1"
ODD = ['{"data": []}', '{"data": {"values": []}}', "not JSON", "[" * 100_000]


def write(body: str, sender: str = "Webhook", label: str = PATCH) -> tuple[object, object]:
    """The words and the step of a write to a record."""
    told = describe(message(sender, "Attio API", label, request={"body": body}))
    return told["words"], told["step"]


def test_a_write_of_a_status_names_it_and_is_a_step_of_the_tutorial() -> None:
    """Usage 9, Later 11."""
    body = '{"data": {"values": {"alc_lead_id": "lead_1", "alc_status": "Pending"}}}'
    words = 'with ATTIO_API_TOKEN to mark record "Pending"'

    assert as_step(words) == 'Marks record "Pending"'
    assert write(body) == (words, "Later 11")
    assert write(body.replace('"Pending"', '[{"value": "Pending"}]')) == (words, "Later 11")
    assert write(body, "Server Function") == (words, "Usage 9")
    assert write(body, "Recurring Job") == (words, "")


def test_a_write_of_other_attributes_names_them_and_is_no_step() -> None:
    """A better name of a person is no result of a chat."""
    body = '{"data": {"values": {"name": "Hopper, Grace", "email_addresses": ["g@example.com"]}}}'
    words = "with ATTIO_API_TOKEN to write name, email addresses"

    assert as_step(words) == "Writes name, email addresses"
    assert write(body) == (words, "")
    assert write(body, label="PUT /v2/objects/people/records?matching_attribute=email_addresses") == (words, "")


def test_a_status_that_is_cleared_is_no_step() -> None:
    """Whatever form the empty value has."""
    for empty in ("null", "[]", "[0]", '""'):
        assert write(f'{{"data": {{"values": {{"alc_status": {empty}}}}}}}') == (
            "with ATTIO_API_TOKEN to write alc status",
            "",
        )


@pytest.mark.parametrize("body", ODD, ids=range(len(ODD)))
def test_a_write_that_cannot_be_read_claims_no_status(body: str) -> None:
    """R9: no body lets a page stumble."""
    assert write(body) == ("with ATTIO_API_TOKEN to write the record", "")


@pytest.mark.parametrize(
    ("body", "step"),
    [
        ('{"event": "lead.processed", "status": "Complete"}', "Later 10"),
        ('{"record_id": "1", "status": "Complete"}', "Later 10"),  # as the tutorial's
        ('{"event": "prospect_updated", "data": {}}', ""),
        ('{"event": "webhook.test"}', ""),
        ('{"event": ["lead\\n"]}', ""),
        *((body, "Later 10") for body in ODD),
    ],
    ids=range(9),
)
def test_only_a_result_is_the_tutorials_call_of_the_webhook(body: str, step: str) -> None:
    """Later 10: other events that ALC sends are none."""
    assert describe(message("ALC", "Webhook", "Calls the app's webhook", request={"body": body}))["step"] == step
