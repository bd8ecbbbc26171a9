"""The control API: access, credentials, leads, requests and the reset."""

from collections.abc import Callable

import pytest

from tests.unit.mock_alc.support import LEAD, REDIRECT, Alc, Receiver, basic


def test_the_control_api_is_shut_unless_asked_for(make_alc: Callable[..., Alc]) -> None:
    """W12: off by default."""
    shut = make_alc(control=False)
    assert shut.http.post("/_mock/tokens").status_code == 404
    assert shut.http.get("/healthz").get_json() == {"status": "ok"}


def test_the_control_api_answers_this_machine_only(alc: Alc) -> None:
    """W12: loopback peers; forwarding headers do not count."""
    away = {"REMOTE_ADDR": "192.0.2.7"}
    answer = alc.http.post("/_mock/tokens", environ_base=away, headers={"X-Forwarded-For": "127.0.0.1"})
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (403, "loopback_only")


FORWARDED = [
    {"X-Forwarded-For": "203.0.113.9"},
    {"x-forwarded-proto": "https"},
    {"Forwarded": "for=203.0.113.9"},
    {"Via": "1.1 nginx"},
    {"X-Real-IP": "127.0.0.1"},
    {"CF-Connecting-IP": "203.0.113.9"},
]


@pytest.mark.parametrize("headers", FORWARDED)
def test_what_a_proxy_here_forwards_is_not_from_this_machine(alc: Alc, headers: dict[str, str]) -> None:
    """W12: the peer is the proxy, so anybody could get tokens, pages of the console, and requests to this machine."""
    answer = alc.http.post("/_mock/tokens", headers=headers)
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (403, "loopback_only")
    assert alc.http.get("/scenarios", headers=headers).status_code == 404
    hook = {"name": "handler-1", "url": "http://127.0.0.1:22/", "event": "lead.processed"}
    auth = alc.auth()
    assert alc.http.post("/api/v1/webhooks", json=hook, headers=auth | headers).status_code == 422
    assert alc.http.post("/api/v1/webhooks", json=hook, headers=auth).status_code == 201


@pytest.mark.parametrize("headers", [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}])
def test_a_page_in_a_browser_here_cannot_use_the_control_api(alc: Alc, headers: dict[str, str]) -> None:
    """U1: it has no CSRF protection, so it refuses all web pages."""
    assert alc.http.post("/_mock/reset", headers=headers).status_code == 403


def test_tokens_come_without_a_browser_and_can_be_refreshed(alc: Alc) -> None:
    """They belong to the given client."""
    client = alc.client()
    tokens = alc.http.post("/_mock/tokens", json={"client_id": client["client_id"], "scope": "leads"}).get_json()
    assert tokens["scope"] == "leads"
    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    assert alc.http.post("/oauth/token", data=form, headers=basic(client)).status_code == 200


def test_access_tokens_expire_when_somebody_asks_for_it(alc: Alc) -> None:
    """All at once, and each is refreshed as if its time had come."""
    client = alc.client()
    tokens = alc.http.post("/_mock/tokens", json={"client_id": client["client_id"]}).get_json()
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}

    assert alc.http.get("/api/v1/leads", headers=bearer).status_code == 200
    assert alc.http.post("/_mock/tokens/expire").get_json() == {"expired": 1}
    assert alc.http.get("/api/v1/leads", headers=bearer).status_code == 401
    assert alc.http.post("/oauth/token", data=form, headers=basic(client)).status_code == 200


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("tokens", {"scope": "admin"}, 422),
        ("tokens", {"client_id": "nobody"}, 404),
        ("tokens", {"account": 7}, 422),
        ("clients", {}, 422),
        ("clients", {"redirect_uris": "https://a.example"}, 422),
        ("clients", {"redirect_uris": [], "token_endpoint_auth_method": "tls"}, 422),
        ("clients", {"redirect_uris": [], "scope": "admin"}, 422),
        ("clients", {"redirect_uris": ["http://[::1/cb"]}, 422),
        ("clients", {"redirect_uris": ["https://a.example:x/cb"]}, 422),
        ("leads/nothing/decide", {}, 404),
        ("leads/nothing/decide", {"interest": "maybe"}, 422),
        ("deliveries/nothing/resend", {}, 404),
        ("prospects", {}, 422),
    ],
)
def test_mistakes_at_the_control_api_are_explained(alc: Alc, path: str, body: dict[str, object], status: int) -> None:
    """The answer names the field and says what is wrong."""
    answer = alc.http.post(f"/_mock/{path}", json=body)
    assert answer.status_code == status
    assert answer.get_json()["error"]["message"]


@pytest.mark.parametrize(
    ("path", "body", "name"),
    [
        ("tokens", {"scopes": "leads"}, "scopes"),
        ("clients", {"redirect_uris": [REDIRECT], "auth_method": "none"}, "auth_method"),
        ("clients", {"redirect_uri": REDIRECT}, "redirect_uri"),
        ("prospects", {"prospectId": "1", "prospectName": "A", "prospectEmail": "a@b.example", "name": "A"}, "name"),
        ("seed", {"lead": []}, "lead"),
        ("seed", {"leads": [LEAD | {"record_id": "1"}]}, "leads[0].record_id"),
        ("seed", {"webhooks": [{"name": "a", "url": "https://a.example/", "events": "lead.processed"}]}, "].events"),
        ("leads/nothing/decide", {"intrest": "interested"}, "intrest"),
        ("scenarios/early", {"recordId": "1"}, "recordId"),
        ("clock", {"advance": 1, "unit": "s"}, "unit"),
    ],
)
def test_keys_that_are_not_known_are_refused_by_name(alc: Alc, path: str, body: dict[str, object], name: str) -> None:
    """A wrong spelling would be ignored, and the test that sends it would pass for no reason."""
    before = alc.http.get("/_mock/state").get_json()
    answer = alc.http.post(f"/_mock/{path}", json=body)
    error = answer.get_json()["error"]
    assert (answer.status_code, error["code"]) == (400, "unknown_fields")
    assert name in error["message"] and any(field.endswith(name) for field in error["fields"])
    assert alc.http.get("/_mock/state").get_json() == before


@pytest.mark.parametrize("query", ["leads?recordId=1", "requests?aftr=1", "requests?after=last", "deliveries?stat=x"])
def test_filters_that_are_not_known_are_refused_by_name(alc: Alc, query: str) -> None:
    """They would be ignored too, and everything would be listed."""
    answer = alc.http.get(f"/_mock/{query}")
    name = query.partition("?")[2].partition("=")[0]
    assert (answer.status_code, list(answer.get_json()["error"]["fields"])) == (422, [name])


def test_the_clock_is_moved_in_one_way(alc: Alc) -> None:
    """Of two ways, one would be ignored."""
    answer = alc.http.post("/_mock/clock", json={"advance": 1, "until": "idle"})
    assert answer.status_code == 422
    assert answer.get_json()["error"]["fields"]["clock"].startswith("Send one of: ")


def test_the_configured_client_is_there_from_the_start_and_after_a_reset(make_alc: Callable[..., Alc]) -> None:
    """Settings `client_id`, `client_secret` and `redirect_uris`."""
    alc = make_alc(client_id="app", client_secret="s3cret", redirect_uris=(REDIRECT,))
    alc.client(client_id="other")
    alc.http.post("/_mock/reset")
    assert alc.http.get("/_mock/state").get_json()["clients"] == ["app"]
    assert alc.http.post("/_mock/tokens").get_json()["client_id"] == "app"


def test_reset_forgets_everything_and_cancels_what_waits(alc: Alc, receiver: Receiver) -> None:
    """Tests start one server, and reset it before each test."""
    auth = alc.auth()
    alc.hook(auth, receiver.url())
    alc.http.post(f"/_mock/leads/{alc.send_lead(auth)['id']}/decide")
    alc.send_lead(auth)
    assert alc.http.get("/_mock/state").get_json()["idle"] is False
    alc.http.post("/_mock/reset")
    alc.clock.advance(100)
    alc.work()
    assert receiver.received == []
    state = alc.http.get("/_mock/state").get_json()
    assert state == {"leads": {}, "deliveries": {}, "webhooks": {}, "clients": [], "requests": 0, "idle": True}
    assert alc.http.get("/_mock/requests").get_json() == {"requests": []}
    assert alc.http.get("/api/v1/leads", headers=auth).status_code == 401


def test_received_requests_are_shown_with_bodies_and_without_secrets(alc: Alc) -> None:
    """U8: secrets are masked."""
    auth, client = alc.auth(), alc.client(client_secret="canary-secret")
    alc.send_lead(auth | {"Idempotency-Key": "intent-1"})
    form = {"grant_type": "refresh_token", "refresh_token": "canary-refresh", "client_secret": "canary-secret"}
    alc.http.post("/oauth/token", data=form)
    alc.http.post(
        "/oauth/token", data=b"refresh_token=canary-refresh", content_type="text/plain", headers=basic(client)
    )
    alc.http.get("/oauth/authorize?code=canary-code")
    answer = alc.http.get("/_mock/requests")
    lead, token, *_ = answer.get_json()["requests"]
    assert (lead["body"]["recordId"], lead["headers"]["Idempotency-Key"], lead["status"]) == ("rec-1", "intent-1", 201)
    assert (lead["headers"]["Authorization"], token["body"]["refresh_token"]) == ("Bearer ***", "***")
    for canary in ("canary", auth["Authorization"].split()[1], basic(client)["Authorization"].split()[1]):
        assert canary not in answer.text


def test_answers_are_shown_without_secrets(alc: Alc) -> None:
    """U8: what was answered is known, and tokens and secrets are masked in it; the code of an error is none."""
    auth = alc.auth()
    alc.http.post("/api/v1/leads", json={}, headers=auth)
    secret = alc.hook(auth, "http://127.0.0.1:9/")["secret"]
    page = alc.http.get("/_mock/requests")
    refused, registered = page.get_json()["requests"]
    assert (refused["answer"]["error"]["code"], refused["retry_after"]) == ("validation_failed", 0)
    assert refused["answer_headers"] == {"Content-Type": "application/json"}
    assert (registered["answer"]["secret"], secret in page.text) == ("***", False)
    assert refused["grant"] == registered["grant"] and refused["grant"].startswith("grant_")


def test_a_request_shows_what_a_fault_did_to_it(alc: Alc) -> None:
    """The trouble, whether ALC did what was asked, and how long the answer asks to wait."""
    auth = alc.auth()
    fault = {"route": "POST /api/v1/leads", "trouble": "rate_limited", "seconds": 7}
    alc.http.post("/_mock/faults", json=fault)
    alc.send_lead(auth)
    alc.send_lead(auth)
    limited, sent = alc.http.get("/_mock/requests").get_json()["requests"]
    assert (limited["trouble"], limited["took_effect"], limited["retry_after"]) == ("rate_limited", False, 7)
    assert "trouble" not in sent
