"""How a message of the log is told: in the tutorial's words, at its step, whatever strangers have sent."""

import pytest

from alc_app.pages.sequence import describe


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


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ('{"data": {"values": {"alc_status": "Pending"}}}', 'mark record "Pending"'),
        ('{"data": {"values": {"alc_status": [{"value": "Pending"}]}}}', 'mark record "Pending"'),
        ('{"data": {"values": {"alc_status": []}}}', "write the record"),
        ('{"data": []}', "write the record"),
        ("not JSON", "write the record"),
        ("[" * 100_000, "write the record"),
    ],
    ids=range(6),
)
def test_a_write_names_the_status_that_it_carries(body: str, words: str) -> None:
    """Usage 9, Later 11; and R9: no body lets a page stumble."""
    told = describe(message("Webhook", "Attio API", "PATCH /v2/objects/people/records/1", request={"body": body}))
    assert told["words"] == f"with ATTIO_API_TOKEN to {words}"
    assert describe(message("ALC", "Webhook", "Calls the app's webhook", request={"body": body}))["step"] == "Later 10"
