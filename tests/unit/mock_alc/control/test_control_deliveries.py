"""`GET /_mock/deliveries`: filters and pages."""

from typing import Any

import pytest

from mock_alc.base.paging import every_delivery
from tests.unit.mock_alc.support import Alc, Receiver


def ids(alc: Alc, query: str) -> list[str]:
    """The deliveries of one answer."""
    return [delivery["id"] for delivery in alc.http.get(f"/_mock/deliveries{query}").get_json()["deliveries"]]


@pytest.fixture
def sent(alc: Alc) -> dict[str, Any]:
    """Two verdicts and a prospect, for a webhook of each event; nobody has taken any of them."""
    auth = alc.auth()
    hooks = [alc.hook(auth, "http://127.0.0.1:9/", event=event) for event in ("lead.processed", "prospect.updated")]
    leads = [alc.send_lead(auth, recordId=record_id) for record_id in ("ada", "bea")]
    for lead in leads:
        alc.http.post(f"/_mock/leads/{lead['id']}/decide")
    prospect = {"prospectId": "ada", "prospectName": "Ada", "prospectEmail": "ada@example.com"}
    alc.http.post("/_mock/prospects", json=prospect)
    return {"leads": leads, "hooks": hooks, "all": alc.deliveries()}


def test_deliveries_are_chosen_by_lead_event_webhook_and_state(alc: Alc, sent: dict[str, Any]) -> None:
    """The answer stays small for clients that limit its size."""
    verdicts = [delivery["id"] for delivery in sent["all"] if delivery["event"] == "lead.processed"]
    [prospect] = [delivery for delivery in sent["all"] if delivery["id"] not in verdicts]
    by_lead = alc.http.get(f"/_mock/deliveries?lead_id={sent['leads'][1]['id']}").get_json()["deliveries"]
    assert [delivery["body"]["record_id"] for delivery in by_lead] == ["bea"]
    assert ids(alc, "?event=prospect.updated") == [prospect["id"]]
    assert ids(alc, f"?webhook_id={sent['hooks'][0]['webhook_id']}") == verdicts
    assert len(ids(alc, "?state=pending")) == 3
    assert ids(alc, "?state=delivered") == ids(alc, "?event=prospect.updated&lead_id=ada") == []


def test_deliveries_come_in_pages(alc: Alc, sent: dict[str, Any]) -> None:
    """`next_after` of a page is `after` of the next one, and null on the last."""
    page = alc.http.get("/_mock/deliveries?limit=2").get_json()
    assert [delivery["id"] for delivery in page["deliveries"]] == [delivery["id"] for delivery in sent["all"][:2]]
    rest = alc.http.get(f"/_mock/deliveries?limit=2&after={page['next_after']}").get_json()
    assert [delivery["id"] for delivery in rest["deliveries"]] == [sent["all"][2]["id"]]
    assert rest["next_after"] is None


@pytest.mark.parametrize(
    ("query", "status", "word"),
    [
        ("lead=1", 422, "lead_id"),
        ("state=done", 422, "cancelled"),
        ("limit=0", 400, "limit"),
        ("limit=501", 400, "500"),
        ("after=nothing", 404, "delivery"),
    ],
)
def test_a_slip_in_the_question_is_named(alc: Alc, query: str, status: int, word: str) -> None:
    """Ignored, it would find too many deliveries, or none."""
    answer = alc.http.get(f"/_mock/deliveries?{query}")
    assert (answer.status_code, word in answer.text) == (status, True)


def test_whoever_wants_all_goes_through_the_pages() -> None:
    """As `mock-alc listen` and the fixtures need it after thousands of deliveries."""
    pages = {
        "deliveries?event=e&limit=500": {"deliveries": [{"id": "a"}], "next_after": "a"},
        "deliveries?event=e&limit=500&after=a": {"deliveries": [{"id": "b"}], "next_after": None},
    }
    assert every_delivery(pages.__getitem__, event="e", lead_id=None) == [{"id": "a"}, {"id": "b"}]


def test_an_attempt_shows_what_was_sent_and_where(alc: Alc, receiver: Receiver) -> None:
    """Headers, the body if a fault has changed it, and by how much a fault has moved the timestamp."""
    auth = alc.auth()
    alc.hook(auth, receiver.url())
    for trouble in ("tampered_body", "stale"):
        alc.clock.advance(1)  # deliveries of one moment have no order
        alc.http.post("/_mock/faults", json={"delivery": "lead.processed", "trouble": trouble})
        alc.http.post(f"/_mock/leads/{alc.send_lead(auth)['id']}/decide")
        alc.work()
    tampered, stale = alc.deliveries()
    [attempt], [late] = tampered["attempts"], stale["attempts"]
    assert tampered["url"] == receiver.url()
    assert (attempt["fault"], attempt["sent"]["shift"]) == ("tampered_body", 0)
    assert attempt["sent"]["body"] == receiver.received[0].body.decode()
    assert attempt["sent"]["headers"]["webhook-id"] == tampered["id"]
    assert (late["sent"]["shift"], late["sent"]["body"]) == (-3_600, None)
