"""What the inspector makes of the messages of the log: method, path, status, event and person, a column each."""

from typing import Any

import pytest

from alc_app.pages.inspector_rows import event_of, has_words, record_id_of, request_rows

ADA, GRACE = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"


def message(number: int, label: str, **more: Any) -> dict[str, Any]:
    """A message of the log."""
    usual = {"id": number, "at": 1_800_000_000.0, "kind": "call", "call": "", "trace_id": "t1", "sender": "Webhook"}
    return {**usual, "receiver": "Attio API", "label": label, "words": label, "detail": {}, **more}


def http(method: str, path: str, body: str = "") -> dict[str, Any]:
    """The details of a request."""
    return {"request": {"method": method, "url": f"http://127.0.0.1:8002{path}?x=1", "body": body}}


def test_a_request_is_taken_apart_into_its_columns() -> None:
    """The status has its phrase and its colour; a query is left out of the path."""
    path = f"/v2/objects/people/records/{ADA}"
    call = message(1, f"PATCH {path}", call="c1", detail=http("PATCH", path))
    answer = message(2, "403 Forbidden", kind="answer", call="c1", detail={"failed": True, "ms": 11.6})

    [row] = request_rows([call], [call, answer])

    assert (row.method, row.path, row.status, row.tone, row.took) == ("PATCH", path, "403 Forbidden", "bad", "12 ms")
    assert row.record_id == ADA


def test_a_call_without_an_answer_waits_and_one_that_raised_has_failed() -> None:
    """Calls within the app have no method; what expects no answer has no status."""
    waiting, raised, note = (
        message(1, "run_query()", call="c1"),
        message(2, "x()", call="c2"),
        message(3, "Clicks button"),
    )
    error = message(4, "raises AlcRefused", kind="answer", call="c2", detail={"failed": True})

    rows = request_rows([note, raised, waiting], [waiting, raised, note, error])

    assert [(row.path, row.method, row.status, row.tone) for row in rows] == [
        ("Clicks button", "", "", "neutral"),
        ("x()", "", "Failed", "bad"),
        ("run_query()", "", "Waiting", "waiting"),
    ]
    assert [row.why for row in rows] == ["", "AlcRefused", ""]


def test_a_call_that_names_nobody_belongs_to_the_person_of_its_trace() -> None:
    """Unless the trace is about several people, as a bulk send is."""
    body = f'{{"recordId": "{ADA}", "name": "Ada"}}'
    click, lead = (
        message(1, "Clicks button"),
        message(2, "POST /api/v1/leads", detail=http("POST", "/api/v1/leads", body)),
    )
    assert [row.record_id for row in request_rows([lead, click], [click, lead])] == [ADA, ADA]

    path = f"/v2/objects/people/records/{GRACE}"
    other = message(3, f"PATCH {path}", detail=http("PATCH", path))
    both = request_rows([other, lead, click], [click, lead, other])
    assert [row.record_id for row in both] == [GRACE, ADA, ""]


@pytest.mark.parametrize(
    ("body", "event"),
    [
        ('{"event": "lead.processed", "record_id": "r"}', "lead.processed"),
        ('{"webhook_id": "w", "events": [{"event_type": "record.updated", "id": {}}]}', "record.updated"),
        ('{"event": 1}', ""),
        ('{"events": []}', ""),
        ("[]", ""),
        ("<html>", ""),
        ("[" * 100_000, ""),
    ],
)
def test_the_event_of_a_body_is_its_name_or_nothing(body: str, event: str) -> None:
    """Anybody may have written the body."""
    assert event_of(body) == event


def test_a_record_is_found_in_bodies_of_alc_and_of_attio() -> None:
    """With and without a space, in either spelling."""
    for body in (f'{{"recordId":"{ADA}"}}', f'{{"record_id": "{ADA}"}}', f'{{"id": {{"record_id": "{ADA}"}}}}'):
        assert record_id_of({"body": body}) == ADA
    assert record_id_of({"body": '{"record_id": "r"}', "url": None}) == ""


def test_words_are_looked_for_in_what_a_row_shows() -> None:
    """Not in the names of its fields."""
    [row] = request_rows([message(1, "run_query()")], [])
    assert has_words("QUERY webhook", row)
    assert not has_words("status", row)
    assert has_words("lead_7", row, body='{"lead_id": "lead_7"}')
