"""Virtual time: days pass in milliseconds, and everything uses the same clock."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from mock_alc.config import PUBLISHED_SCHEDULE
from tests.unit.mock_alc.support import LEAD, Alc, Person, Receiver, authorize_url, returned


def move(alc: Alc, **how: Any) -> dict[str, Any]:
    """Move the clock with the control API."""
    answer = alc.http.post("/_mock/clock", json=how)
    assert answer.status_code == 200, answer.text
    return dict(answer.get_json())


def attempts(alc: Alc) -> list[dict[str, Any]]:
    """Return the attempts of the only delivery."""
    [delivery] = alc.deliveries()
    return list(delivery["attempts"])


def decided_lead(alc: Alc, receiver: Receiver) -> None:
    """Register a webhook and decide a lead; its delivery has not been sent."""
    auth = alc.auth()
    alc.hook(auth, receiver.url())
    alc.http.post(f"/_mock/leads/{alc.send_lead(auth)['id']}/decide")


def test_the_whole_retry_schedule_runs_at_once(alc: Alc, receiver: Receiver) -> None:
    """W2: every attempt at its published time within the jitter; nobody waits for the days that it takes."""
    receiver.answer(500)
    decided_lead(alc, receiver)
    assert move(alc, until="idle")["idle"] is True

    at = [datetime.fromisoformat(attempt["at"]) for attempt in attempts(alc)]
    waits = [(after - before).total_seconds() for before, after in pairwise(at)]
    assert len(at) == len(PUBLISHED_SCHEDULE)
    for wait, published in zip(waits, PUBLISHED_SCHEDULE[1:], strict=True):
        assert 0.8 * published - 0.01 <= wait <= 1.2 * published + 0.01
    assert [delivery["state"] for delivery in alc.deliveries()] == ["failed"]


def test_the_wire_shows_the_receivers_time(alc: Alc, receiver: Receiver) -> None:
    """R2: a receiver's own clock was not moved, so a delivery from next week is signed now."""
    alc.hook(alc.auth(), receiver.url())
    move(alc, advance=7 * 86_400)
    decided_lead_again(alc)
    move(alc, until="idle")
    assert int(receiver.received[0].headers["webhook-timestamp"]) == int(alc.clock().timestamp())
    told = datetime.fromisoformat(json.loads(receiver.received[0].body)["occurred_at"])
    assert told - alc.clock() == pytest.approx(timedelta(days=7), abs=timedelta(minutes=1))


def decided_lead_again(alc: Alc) -> None:
    """One more lead, decided."""
    alc.http.post(f"/_mock/leads/{alc.send_lead(alc.auth())['id']}/decide")


def test_an_advance_stops_where_something_is_due_and_no_further(alc: Alc, receiver: Receiver) -> None:
    """The agent decides after six seconds; each thing happens at its own instant, not at the end of the move."""
    auth = alc.auth()
    alc.hook(auth, receiver.url())
    lead = alc.send_lead(auth)
    before = move(alc, advance=5)
    assert receiver.received == []
    assert (before["idle"], before["ahead_by"]) == (False, 5)
    assert move(alc, advance=3_600)["idle"] is True
    [told] = alc.http.get("/_mock/leads").get_json()["leads"]
    assert told["id"] == lead["id"]
    created, decided = (datetime.fromisoformat(told[name]) for name in ("created_at", "decided_at"))
    assert decided - created == pytest.approx(timedelta(seconds=6), abs=timedelta(milliseconds=50))


def test_the_clock_can_be_set_and_is_real_again_after_a_reset(alc: Alc) -> None:
    """A reset also resets the clock, for the next test."""
    assert move(alc, set="2031-02-03T04:05:06Z")["now"] == "2031-02-03T04:05:06.000Z"
    assert alc.http.delete("/_mock/clock").get_json()["ahead_by"] == 0
    move(alc, advance=60)
    alc.http.post("/_mock/reset")
    assert alc.http.get("/_mock/clock").get_json()["ahead_by"] == 0


@pytest.mark.parametrize(
    "body",
    [{}, {"until": "then"}, {"advance": -1}, {"advance": "1 h"}, {"advance": True}, {"set": "now"},
     {"set": "2031-02-03T04:05:06"}, {"set": 7}, {"until": "idle", "at_most": -1}],
)  # fmt: skip
def test_a_time_that_is_none_is_refused_with_the_reason(alc: Alc, body: dict[str, Any]) -> None:
    """Each error names the field and says what is wrong."""
    answer = alc.http.post("/_mock/clock", json=body)
    assert answer.status_code == 422
    assert answer.get_json()["error"]["fields"]


def test_tokens_subscriptions_and_secret_overlap_obey_the_clock(
    make_alc: Callable[..., Alc], receiver: Receiver
) -> None:
    """Token lifetimes, secret overlap and subscription expiry."""
    alc = make_alc()
    auth = alc.auth()
    hook = alc.hook(auth, receiver.url(), expires_in=7_200)
    alc.http.post(f"/api/v1/webhooks/{hook['webhook_id']}/rotate-secret", headers=auth)
    decided_lead_again(alc)
    move(alc, until="idle")
    assert receiver.received[-1].signed_by(hook["secret"])

    move(alc, advance=3_601)
    assert alc.http.get("/api/v1/leads", headers=auth).status_code == 401
    assert status_of(alc, hook) == "active"
    move(alc, advance=3_600)
    assert status_of(alc, hook) == "expired"

    other = alc.hook(alc.auth(), receiver.url())
    alc.http.post(f"/api/v1/webhooks/{other['webhook_id']}/rotate-secret", headers=alc.auth())
    move(alc, advance=86_401)
    decided_lead_again(alc)
    move(alc, until="idle")
    assert not receiver.received[-1].signed_by(other["secret"])


def status_of(alc: Alc, hook: dict[str, Any]) -> str:
    """Return what the API says of a webhook."""
    return str(alc.http.get(f"/api/v1/webhooks/{hook['webhook_id']}", headers=alc.auth()).get_json()["status"])


def test_a_minutes_limit_is_over_after_a_minute_of_the_mocks_time(alc: Alc, person: Person) -> None:
    """A19: no test waits for a limit."""
    url = authorize_url(alc.client()["client_id"])
    statuses = [person.decide(url, "deny").status_code for _ in range(61)]
    assert statuses == [303] * 60 + [429]
    move(alc, advance=61)
    assert returned(person.decide(url, "deny"))["error"] == "access_denied"


def test_sustained_failure_disables_and_never_silently(
    alc: Alc, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    """W7: five days of nothing but failures; the API and the log say so, and a new lead queues no delivery."""
    auth = alc.auth()
    hook = alc.hook(auth, receiver.url())
    receiver.answer(500)
    for _day in range(6):
        alc.http.post("/api/v1/leads", json=LEAD, headers=alc.auth())
        move(alc, advance=86_400)
    shown = alc.http.get(f"/api/v1/webhooks/{hook['webhook_id']}", headers=alc.auth()).get_json()
    assert (shown["status"], shown["disabled_reason"]) == ("disabled", "Every delivery failed for days.")
    assert f"ALC disabled the webhook {hook['webhook_id']}" in caplog.text
    known = len(alc.deliveries())
    decided_lead_again(alc)
    move(alc, until="idle")
    assert len(alc.deliveries()) == known
