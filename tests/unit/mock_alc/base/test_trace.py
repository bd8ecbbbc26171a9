"""ALC's part in a trace: honoured, given back, kept with the lead, and sent with what the lead leads to."""

import json
import re
from typing import Any

import pytest

from mock_alc.base import trace
from mock_alc.base.database import Database
from tests.unit.mock_alc.support import LEAD, Alc, Receiver

TRACE_ID, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
HEADER = f"00-{TRACE_ID}-{PARENT}-01"


@pytest.mark.parametrize("header", [HEADER, f"01-{TRACE_ID}-{PARENT}-03-more"])
def test_a_trace_goes_on_under_a_span_of_its_own(header: str) -> None:
    """Trace Context 3.2 and 4.3: version 00 is written, and the one flag that is known."""
    assert re.fullmatch(rf"00-{TRACE_ID}-(?!{PARENT})[0-9a-f]{{16}}-01", trace.continue_trace(header))


@pytest.mark.parametrize(
    "header", [None, "", "nonsense", f"ff-{HEADER[3:]}", f"{HEADER}-more", f"00-{'0' * 32}-{PARENT}-01", HEADER.upper()]
)
def test_a_header_that_is_not_valid_begins_a_new_trace(header: str | None) -> None:
    """Trace Context 3.2.2.5."""
    assert re.fullmatch(rf"00-(?!{TRACE_ID})[0-9a-f]{{32}}-[0-9a-f]{{16}}-01", trace.continue_trace(header))


def test_every_answer_says_its_trace_and_the_control_door_shows_it(alc: Alc) -> None:
    """Refusals too."""
    answer = alc.http.get("/api/v1/leads", headers={"traceparent": HEADER})

    assert answer.status_code == 401
    assert trace.id_of(answer.headers["traceparent"]) == TRACE_ID
    assert alc.http.get("/_mock/requests").get_json()["requests"][-1]["trace_id"] == TRACE_ID
    assert trace.id_of(alc.http.get("/healthz").headers["traceparent"]) != TRACE_ID


def test_a_webhook_and_its_retries_go_on_with_the_trace_of_the_lead(alc: Alc, receiver: Receiver) -> None:
    """One trace from the POST to the delivery; each attempt is another span of it."""
    auth = alc.auth()
    alc.hook(auth, receiver.url())
    receiver.answer(500, 200)
    lead: Any = alc.http.post("/api/v1/leads", json=LEAD, headers={**auth, "traceparent": HEADER}).get_json()
    alc.http.post(f"/_mock/leads/{lead['id']}/decide", headers={"traceparent": HEADER.replace("4bf9", "aaaa")})

    alc.work()
    alc.clock.advance(10)
    alc.work()

    sent = [request.headers["traceparent"] for request in receiver.received]
    assert [trace.id_of(header) for header in sent] == [TRACE_ID, TRACE_ID]
    assert len({HEADER, *sent}) == 3
    assert lead["id"] in json.dumps(alc.http.get("/_mock/deliveries").get_json())
    assert [d["trace_id"] for d in alc.http.get("/_mock/deliveries").get_json()["deliveries"]] == [TRACE_ID]


def test_a_file_of_an_older_version_gets_the_columns_that_have_come_since(tmp_path: Any) -> None:
    """Who pulls a new version does not have to throw the demo's data away."""
    database = Database(f"sqlite:///{tmp_path / 'old.db'}")
    database.create_tables()
    with database.write() as session:
        session.connection().exec_driver_sql("ALTER TABLE lead DROP COLUMN traceparent")

    database.create_tables()

    with database.read() as session:
        assert session.connection().exec_driver_sql("SELECT traceparent FROM lead").all() == []
    database.close()
