"""Faults in the answers of ALC: set over the control API, seen by a client of the public API."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from time import monotonic
from typing import Any

import pytest
import requests

from mock_alc.config import Config
from mock_alc.server import MockAlc
from tests.support.waiting import PATIENCE, eventually
from tests.unit.mock_alc.support import LEAD, REDIRECT, VERIFIER, Alc, Person, Receiver, authorize_url, basic, returned

LEADS = "POST /api/v1/leads"


def arm(alc: Alc, **fault: Any) -> dict[str, Any]:
    """Ask for a fault."""
    answer = alc.http.post("/_mock/faults", json=fault)
    assert answer.status_code == 201, answer.text
    return dict(answer.get_json())


def leads_of(alc: Alc) -> list[dict[str, Any]]:
    """Return what ALC has taken."""
    return list(alc.http.get("/_mock/leads").get_json()["leads"])


def test_the_next_answers_are_as_asked_and_then_all_is_well(alc: Alc) -> None:
    """W12: next N answers; by default nothing is done, and each answer tells what is left."""
    armed = arm(alc, route=LEADS, times=2, answer={"status": 503, "body": {"no": "way"}, "headers": {"X-Why": "test"}})
    auth = alc.auth()
    answers = [alc.http.post("/api/v1/leads", json=LEAD, headers=auth) for _ in range(3)]

    assert (armed["left"], armed["struck"]) == (2, 0)
    assert [answer.status_code for answer in answers] == [503, 503, 201]
    assert (answers[0].get_json(), answers[0].headers["X-Why"]) == ({"no": "way"}, "test")
    assert len(leads_of(alc)) == 1
    [used] = alc.http.get("/_mock/faults").get_json()["faults"]
    assert (used["struck"], used["left"]) == (2, 0)


def test_the_effect_may_happen_although_the_answer_says_otherwise(alc: Alc) -> None:
    """W12: after the effect; a client that trusts the answer sends twice."""
    arm(alc, route=LEADS, effect="done", answer={"status": 500})
    assert alc.http.post("/api/v1/leads", json=LEAD, headers=alc.auth()).status_code == 500
    assert len(leads_of(alc)) == 1


def test_only_the_matching_request_is_struck(alc: Alc) -> None:
    """A lab breaks its own lead and nobody else's."""
    arm(alc, route=LEADS, match={"recordId": "mine"}, times=None, answer={"status": 500})
    auth = alc.auth()
    for record_id, status in (("other", 201), ("mine", 500), ("mine", 500)):
        sent = alc.http.post("/api/v1/leads", json=LEAD | {"recordId": record_id}, headers=auth)
        assert sent.status_code == status


def test_the_first_ones_may_pass_and_chance_is_repeatable(alc: Alc) -> None:
    """W12: scripted and seeded."""
    auth = alc.auth()
    seen = []
    for _run in range(2):
        arm(alc, route=LEADS, times=None, skip=2, chance=0.5, seed=7, answer={"status": 500})
        seen.append([alc.http.post("/api/v1/leads", json=LEAD, headers=auth).status_code for _ in range(12)])
        alc.http.delete("/_mock/faults")
    assert seen[0] == seen[1]
    assert seen[0][:2] == [201, 201]
    assert {201, 500} == set(seen[0][2:])


def test_faults_strike_paths_with_an_id_and_any_method(alc: Alc) -> None:
    """One segment is a wildcard when written `{id}` or `*`."""
    arm(alc, route="DELETE /api/v1/webhooks/{id}", answer={"status": 204})
    arm(alc, route="* /api/v1/leads/*", answer={"status": 404})
    assert alc.http.delete("/api/v1/webhooks/wh_1").status_code == 204
    assert alc.http.get("/api/v1/leads/lead_1").status_code == 404


@pytest.mark.parametrize("status", [299, 499, 520, 599])
def test_a_status_without_a_name_is_sent(status: int) -> None:
    """Proxies answer such numbers, 520 for one; RFC 9110 15 lets any number from 100 to 599 be a status."""
    with MockAlc(Config(port=0, control=True)) as server:
        fault = {"route": LEADS, "answer": {"status": status, "body": "odd"}}
        assert requests.post(f"{server.url}/_mock/faults", json=fault, timeout=PATIENCE).status_code == 201
        answer = requests.post(f"{server.url}/api/v1/leads", json=LEAD, timeout=PATIENCE)
    assert (answer.status_code, answer.text) == (status, "odd")


@pytest.mark.parametrize("headers", [{"X-Why": "a\r\nX-Not: b"}, {"X-Why": "5 €"}, {"X Why": "b"}, {"": "b"}])
def test_a_header_that_cannot_be_sent_is_refused(alc: Alc, headers: dict[str, str]) -> None:
    """When it is asked for, rather than by a 500 or a broken connection later."""
    answer = alc.http.post("/_mock/faults", json={"route": LEADS, "answer": {"status": 500, "headers": headers}})
    assert answer.status_code == 422
    assert "cannot be sent" in answer.get_json()["error"]["fields"]["answer.headers"]


@pytest.mark.parametrize(
    ("route", "trouble"),
    [
        (LEADS, "oauth_error"),
        (LEADS, "short_lived_tokens"),
        ("GET /oauth/authorize", "expired_code"),
        ("POST /oauth/revoke", "short_lived_tokens"),
    ],
)
def test_a_trouble_of_oauth_is_refused_where_it_would_do_nothing(alc: Alc, route: str, trouble: str) -> None:
    """It would count as applied, and the test would prove nothing."""
    answer = alc.http.post("/_mock/faults", json={"route": route, "trouble": trouble})
    assert answer.status_code == 422
    assert answer.get_json()["error"]["fields"]["trouble"].startswith(f"The trouble {trouble} is for: ")


@pytest.mark.parametrize("form", ["seconds", "http-date"])
def test_429_says_when_to_come_back_in_either_form(alc: Alc, form: str) -> None:
    """W12, RFC 9110 10.2.3."""
    arm(alc, route=LEADS, trouble="rate_limited", seconds=90, retry_after_as=form)
    answer = alc.http.post("/api/v1/leads", json=LEAD, headers=alc.auth())
    assert answer.status_code == 429
    said = answer.headers["Retry-After"]
    if form == "seconds":
        assert said == "90"
    else:
        assert abs(parsedate_to_datetime(said) - datetime.now(UTC) - timedelta(seconds=90)) < timedelta(seconds=5)


@pytest.mark.parametrize("trouble", ["garbage", "truncated"])
def test_a_spoilt_body_comes_with_the_right_status(alc: Alc, trouble: str) -> None:
    """The lead exists, and the client cannot read its id."""
    arm(alc, route=LEADS, trouble=trouble)
    answer = alc.http.post("/api/v1/leads", json=LEAD, headers=alc.auth())
    assert answer.status_code == 201
    assert answer.get_json(silent=True) is None
    assert len(leads_of(alc)) == 1


def test_oauth_errors_come_where_oauth_has_them(alc: Alc, person: Person) -> None:
    """Denied in the redirect, with state and iss; invalid_grant at the token endpoint; a code that is too old."""
    client = alc.client()
    url = authorize_url(client["client_id"])
    arm(alc, route="GET /oauth/authorize", trouble="oauth_error", error="access_denied")
    denied = returned(person.browser.get(url))
    assert (denied["error"], denied["state"], "iss" in denied) == ("access_denied", "xyz", True)

    arm(alc, route="POST /oauth/token", trouble="oauth_error", match={"grant_type": "refresh_token"})
    refresh = alc.http.post("/_mock/tokens", json={"client_id": client["client_id"]}).get_json()["refresh_token"]
    form = {"grant_type": "refresh_token", "refresh_token": refresh}
    answers = [alc.http.post("/oauth/token", data=form, headers=basic(client)) for _ in range(2)]
    assert (answers[0].status_code, answers[0].get_json()["error"]) == (400, "invalid_grant")
    assert answers[1].status_code == 200

    arm(alc, route="POST /oauth/authorize", trouble="expired_code", skip=1)  # The first post signs in.
    code = person.code(url)
    assert redeem(alc, client, code).get_json()["error"] == "invalid_grant"


def redeem(alc: Alc, client: dict[str, Any], code: str) -> Any:
    """Trade a code for tokens."""
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT, "code_verifier": VERIFIER}
    return alc.http.post("/oauth/token", data=form, headers=basic(client))


def test_tokens_may_be_short_lived(alc: Alc, person: Person) -> None:
    """W12: expiring tokens; what `expires_in` says is true."""
    client = alc.client()
    arm(alc, route="POST /oauth/token", trouble="short_lived_tokens", seconds=5)
    tokens = redeem(alc, client, person.code(authorize_url(client["client_id"]))).get_json()
    auth = {"Authorization": f"Bearer {tokens['access_token']}"}
    assert tokens["expires_in"] == 5
    assert alc.http.get("/api/v1/leads", headers=auth).status_code == 200
    alc.clock.advance(6)
    assert alc.http.get("/api/v1/leads", headers=auth).status_code == 401


@pytest.mark.parametrize(
    ("fault", "field"),
    [
        ({}, "fault"),
        ({"route": LEADS, "delivery": "*", "trouble": "lost"}, "fault"),
        ({"route": LEADS}, "fault"),
        ({"route": LEADS, "trouble": "lost"}, "fault"),
        ({"route": LEADS, "trouble": "answer"}, "fault"),
        ({"route": "leads", "trouble": "drop"}, "fault"),
        ({"route": "POST /_mock/reset", "trouble": "drop"}, "route"),
        ({"route": "POST /api/v1/lead", "trouble": "drop"}, "route"),
        ({"route": LEADS, "trouble": "drop", "often": 3}, "often"),
        ({"route": LEADS, "trouble": "drop", "times": 0}, "times"),
    ],
)
def test_a_fault_that_cannot_strike_is_refused_with_the_reason(alc: Alc, fault: dict[str, Any], field: str) -> None:
    """A slip of the pen would never strike, and prove nothing."""
    answer = alc.http.post("/_mock/faults", json=fault)
    assert answer.status_code == 422
    assert field in answer.get_json()["error"]["fields"]


def test_one_fault_or_all_can_be_cleared_and_a_reset_clears_all(alc: Alc) -> None:
    """DELETE answers what is left."""
    first, second = (arm(alc, route=LEADS, answer={"status": status}) for status in (500, 502))
    left = alc.http.delete(f"/_mock/faults/{first['id']}").get_json()["faults"]
    assert [fault["id"] for fault in left] == [second["id"]]
    assert alc.http.delete(f"/_mock/faults/{first['id']}").status_code == 404
    alc.http.post("/_mock/reset")
    assert alc.http.get("/_mock/faults").get_json() == {"faults": []}


@pytest.fixture(scope="module")
def server() -> Iterator[MockAlc]:
    """A mock behind a real socket."""
    with MockAlc() as running:
        yield running


@pytest.fixture
def bearer(server: MockAlc) -> dict[str, str]:
    """An access token for an empty mock."""
    server.reset()
    tokens = requests.post(f"{server.url}/_mock/tokens", timeout=PATIENCE).json()
    return {"Authorization": f"Bearer {tokens['access_token']}"}


@pytest.mark.parametrize(("trouble", "leads"), [("drop", 0), ("cut", 1)])
@pytest.mark.parametrize("effect", [None, "none", "done"])
def test_a_connection_ends_before_or_after_the_effect(
    server: MockAlc, bearer: dict[str, str], trouble: str, leads: int, effect: str | None
) -> None:
    """W12: drop before and after the effect, cut."""
    server.services.faults.add({"route": LEADS, "trouble": trouble, "effect": effect})
    with pytest.raises(requests.exceptions.RequestException):
        requests.post(f"{server.url}/api/v1/leads", json=LEAD, headers=bearer, timeout=PATIENCE)
    found = requests.get(f"{server.url}/_mock/leads", timeout=PATIENCE).json()["leads"]
    assert len(found) == {None: leads, "none": 0, "done": 1}[effect]


def test_a_late_or_slow_answer_arrives_whole(server: MockAlc, bearer: dict[str, str]) -> None:
    """W12: latency is real time, as the caller's deadline is."""
    for fault in ({"latency": 0.2}, {"trouble": "slow", "seconds": 0.2}):
        server.services.faults.add({"route": LEADS, **fault})
        began = monotonic()
        answer = requests.post(f"{server.url}/api/v1/leads", json=LEAD, headers=bearer, timeout=PATIENCE)
        assert answer.status_code == 201
        assert answer.json()["record_id"] == LEAD["recordId"]
        assert monotonic() - began > 0.15


def test_a_held_answer_is_let_go_when_its_fault_is_cleared(server: MockAlc, bearer: dict[str, str]) -> None:
    """`hold` waits for a delivery; here the latency that bounds it would be a minute."""
    server.services.faults.add({"route": LEADS, "trouble": "hold", "latency": 60})
    with ThreadPoolExecutor() as pool:
        answer = pool.submit(requests.post, f"{server.url}/api/v1/leads", json=LEAD, headers=bearer, timeout=PATIENCE)
        eventually(lambda: requests.get(f"{server.url}/_mock/leads", timeout=PATIENCE).json()["leads"])
        requests.delete(f"{server.url}/_mock/faults", timeout=PATIENCE)
        assert answer.result().status_code == 201


def test_an_early_verdict_lets_only_its_own_answer_go(server: MockAlc, bearer: dict[str, str]) -> None:
    """Scenario `early`: the delivery is answered first, whatever else ALC delivers meanwhile."""
    order: list[str] = []
    listening = Receiver()
    listening.next_answer = lambda _path: (order.append("delivered"), (200, {}, b""))[1]
    hook = {"name": "h", "url": listening.url(), "event": "lead.processed"}
    requests.post(f"{server.url}/api/v1/webhooks", json=hook, headers=bearer, timeout=PATIENCE)
    requests.post(f"{server.url}/_mock/scenarios/early", timeout=PATIENCE)
    requests.post(f"{server.url}/api/v1/leads", json=LEAD, headers=bearer, timeout=PATIENCE)
    order.append("answered")
    listening.close()
    assert order == ["delivered", "answered"]
    faults = server.services.faults
    faults.add({"route": LEADS, "trouble": "hold", "latency": 30})
    held = faults.for_request("POST", "/api/v1/leads", LEAD)
    assert held
    faults.release_holds("somebody else's")
    assert not held.released.is_set()
    faults.release_holds(LEAD["recordId"])
    assert held.released.is_set()
