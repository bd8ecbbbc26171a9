"""The webhook handler: the tutorial's answers, strictly checked fields, and no write that nobody asked for."""

import json

import pytest

from alc_app.attio import Request, Response
from alc_app.attio.http import BadRequest
from alc_app.leads import sends
from alc_app.webhooks.lead_processed import lead_processed
from tests.support.fakes.runtime import FakeRuntime, Outside

RECORD = "11111111-1111-4111-8111-111111111111"
MINIMAL = {"record_id": RECORD, "status": "Complete"}
WHOLE = {
    **MINIMAL,
    "event": "lead.processed",
    "lead_id": "lead_1",
    "interest": "interested",
    "summary": "Wants a call.",
    "occurred_at": "2026-11-20T12:00:00Z",
}


@pytest.fixture(autouse=True)
def pending(runtime: FakeRuntime) -> str:
    """A lead that ALC is at."""
    lead = sends.open_send(RECORD).id
    sends.mark_sent(lead, "lead_1")
    return lead


def deliver(body: object) -> Response:
    """One verified delivery."""
    return lead_processed(Request(json.dumps(body).encode()))


def test_a_verdict_reaches_the_record(outside: Outside) -> None:
    """Later 10-11: 200 with no body, and one PATCH."""
    assert deliver(WHOLE) == Response(None, status=200)

    values = {"alc_lead_id": "lead_1", "alc_status": "Complete", "alc_interest": "interested"}
    assert outside.written == [(RECORD, values)]


def test_the_tutorials_body_works_word_for_word(outside: Outside) -> None:
    """4.1: `record_id` and `status`, and nothing else."""
    assert deliver(MINIMAL) == Response(None, status=200)

    assert outside.values(RECORD)["alc_status"] == "Complete"


@pytest.mark.parametrize("extra", [{}, {"lead_id": "lead_2"}])
def test_a_record_id_in_capitals_is_the_same(extra: dict[str, str], outside: Outside) -> None:
    """R12, RFC 9562 4: a database of ALC may write UUIDs so. The result was acknowledged and ignored."""
    record = "abcdefab-cdef-4abc-8def-abcdefabcdef"
    sends.mark_sent(sends.open_send(record).id, "lead_2")

    assert deliver({**MINIMAL, **extra, "record_id": record.upper()}).status == 200
    assert outside.values(record)["alc_status"] == "Complete"


def test_fields_that_are_new_are_ignored(outside: Outside) -> None:
    """R10: ALC may say more one day."""
    assert deliver({**WHOLE, "mood": {"score": 7}}).status == 200
    assert outside.values(RECORD)["alc_status"] == "Complete"


@pytest.mark.parametrize("body", [{}, {"record_id": RECORD}, {"status": "Complete"}, {**MINIMAL, "status": ""}])
def test_a_body_without_record_or_status_is_the_tutorials_bad_request(body: object, outside: Outside) -> None:
    """Later 10: `new Response("Bad Request", {status: 400})`."""
    assert deliver(body) == Response("Bad Request", status=400)
    assert not outside.calls


@pytest.mark.parametrize("body", [[], "x", 7, None, True])
def test_a_body_that_is_no_object_is_refused(body: object) -> None:
    """R9: arrays and scalars at the top level."""
    assert deliver(body).status == 400


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("status", "Done"),
        ("status", "Pending"),
        ("status", ["Complete"]),
        ("record_id", 7),
        ("record_id", "../../webhooks"),
        ("record_id", "%2e%2e%2fwebhooks"),
        ("record_id", f"{RECORD}?a=b"),
        ("record_id", f"{RECORD}/"),
        ("record_id", f"{RECORD}\n"),
        ("lead_id", "a/b"),
        ("lead_id", "a b"),
        ("lead_id", "x" * 65),
        ("interest", "maybe"),
        ("summary", "x" * 4001),
        ("occurred_at", "yesterday"),
        ("occurred_at", "2026-11-20T12:00:00"),
    ],
)
def test_a_bad_field_is_named_and_its_value_is_not(field: str, value: object, outside: Outside) -> None:
    """R10, R13: refused by form, before anything is looked up or any URL is built."""
    with pytest.raises(BadRequest) as refused:
        deliver({**WHOLE, field: value})

    assert str(refused.value).startswith(f"{field}: ")
    assert str(value) not in str(refused.value)
    assert not outside.calls


@pytest.mark.parametrize("event", ["lead.created", "prospect_updated", ""])
def test_an_event_that_is_not_known_is_acknowledged(event: object, runtime: FakeRuntime, outside: Outside) -> None:
    """R11: 2xx, and nothing is done, whatever else the body holds."""
    before = len(runtime.steps)

    assert deliver({"event": event, "record_id": "../.."}).status == 200
    assert not outside.calls
    assert len(runtime.steps) == before


@pytest.mark.parametrize("foreign", [{"lead_id": "lead_9"}, {"record_id": RECORD.replace("1", "2")}])
def test_a_lead_of_somebody_else_is_acknowledged_and_ignored(foreign: dict[str, str], outside: Outside) -> None:
    """R12: the record that is written is the one of our own row."""
    assert deliver({**WHOLE, **foreign}).status == 200
    assert not outside.calls


def test_a_verdict_that_comes_twice_is_written_once(outside: Outside) -> None:
    """R14: 2xx both times."""
    assert [deliver(WHOLE).status, deliver(WHOLE).status] == [200, 200]
    assert len(outside.written) == 1
