"""What holds for every page and answer."""

import logging
from collections.abc import Callable

import pytest

from mock_alc.web.app_hooks import CSRF_EXEMPT
from tests.unit.mock_alc.support import Alc, Person, hidden_fields

EXEMPT_ROUTES = {
    "/oauth/token",
    "/oauth/revoke",
    "/api/v1/leads",
    "/api/v1/webhooks",
    "/api/v1/webhooks/<webhook_id>",
    "/api/v1/webhooks/<webhook_id>/refresh",
    "/api/v1/webhooks/<webhook_id>/rotate-secret",
    "/api/v1/webhooks/<webhook_id>/test",
}
CHANGES = {"POST", "PUT", "PATCH", "DELETE"}


def changing_routes(alc: Alc) -> dict[str, str]:
    """Map each route that changes something to its blueprint."""
    return {
        rule.rule: rule.endpoint.partition(".")[0]
        for rule in alc.app.url_map.iter_rules()
        if CHANGES & (rule.methods or set())
    }


def test_exactly_these_routes_are_exempt_from_csrf(alc: Alc) -> None:
    """U1: token, revoke, the Bearer API and the control API."""
    exempt = {rule for rule, room in changing_routes(alc).items() if room in CSRF_EXEMPT}
    assert {rule for rule in exempt if not rule.startswith("/_mock/")} == EXEMPT_ROUTES


def test_every_other_change_needs_the_token(alc: Alc) -> None:
    """U1: with a signed-in browser, from wherever the request comes."""
    person = Person(alc.browser())
    person.sign_in()
    guarded = [rule for rule, room in changing_routes(alc).items() if room not in CSRF_EXEMPT]
    assert len(guarded) == 15
    for rule in guarded:
        path = rule.replace("<lead_id>", "x").replace("<webhook_id>", "x").replace("<delivery_id>", "x")
        assert person.browser.post(path, data={"interest": "interested"}).status_code == 400, rule


@pytest.mark.parametrize("path", ["/login", "/nothing", "/api/v1/leads", "/oauth/authorize", "/_mock/state"])
def test_every_answer_has_the_headers(alc: Alc, path: str) -> None:
    """U3, U5: pages, errors and the API alike."""
    headers = alc.http.get(path).headers
    assert headers["X-Request-Id"].startswith("req_")
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cache-Control"] == "no-store"
    policy = headers["Content-Security-Policy"]
    for part in (
        "default-src 'none'",
        "script-src 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "form-action 'self'",
    ):
        assert part in policy
    assert "unsafe" not in policy and "Strict-Transport-Security" not in headers


def test_pages_hold_nothing_inline(alc: Alc) -> None:
    """U3: the policy would block it."""
    person = Person(alc.browser())
    person.sign_in()
    alc.send_lead(alc.auth())
    for path in ("/", "/webhooks", "/deliveries"):
        page = person.browser.get(path).text
        assert "style=" not in page and "onclick" not in page and "<style" not in page


def test_the_session_cookie_is_ours_alone(alc: Alc, make_alc: Callable[..., Alc]) -> None:
    """U4: its own name, HttpOnly, Lax; __Host- and Secure behind https."""
    cookie = alc.http.get("/login").headers["Set-Cookie"]
    assert cookie.startswith("mock_alc_session=") and "HttpOnly" in cookie and "SameSite=Lax" in cookie
    public = make_alc(url="https://alc.example.com", control=False)
    secure = public.browser().get("/login", base_url="https://alc.example.com")
    assert (
        secure.headers["Set-Cookie"].startswith("__Host-mock_alc_session=") and "Secure" in secure.headers["Set-Cookie"]
    )
    assert "Strict-Transport-Security" in secure.headers


def test_behind_a_proxy_a_form_must_come_from_this_origin(make_alc: Callable[..., Alc]) -> None:
    """U1, U5: the proxy passes https on as plain http; the configured URL says what browsers see."""
    browser = make_alc(url="https://alc.example.com", control=False).browser()
    headers = {"Host": "alc.example.com"}
    page = browser.get("/login", headers=headers)
    assert "Strict-Transport-Security" in page.headers
    form = hidden_fields(page) | {"email": "nobody@example.com", "password": "wrong"}

    elsewhere = browser.post("/login", data=form, headers=headers | {"Referer": "http://alc.example.com/login"})
    own = browser.post("/login", data=form, headers=headers | {"Referer": "https://alc.example.com/login"})

    assert (elsewhere.status_code, "referrer" in elsewhere.text) == (400, True)
    assert "referrer" not in own.text


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "alc.example.com:1@evil.example"])
def test_a_forged_host_is_refused(alc: Alc, host: str) -> None:
    """U7: also what a rebound name would send."""
    for path in ("/login", "/_mock/state", "/.well-known/oauth-authorization-server"):
        assert alc.http.get(path, headers={"Host": host}).status_code == 400


@pytest.mark.parametrize("host", ["10.0.0.11:8001", "balancer.internal", "[::1]:8001", "[fe80::1", "evil.example", ""])
def test_the_health_check_is_answered_for_any_host(alc: Alc, host: str) -> None:
    """Load balancers ask by address, with HEAD too."""
    for ask in (alc.http.get, alc.http.head):
        assert ask("/healthz", headers={"Host": host}).status_code == 200


def test_a_mock_at_an_ipv6_address_answers_for_it(make_alc: Callable[..., Alc]) -> None:
    """U7: in a Host header the address stands in brackets."""
    http = make_alc(host="::1", port=8001).http
    assert http.get("/login", headers={"Host": "[::1]:8001"}).status_code == 200
    assert http.get("/login", headers={"Host": "[::2]:8001"}).status_code == 400


def test_a_form_that_is_too_large_is_refused(alc: Alc) -> None:
    """U9: as a page, with a request id."""
    person = Person(alc.browser())
    answer = person.browser.post("/login", data=hidden_fields(person.browser.get("/login")) | {"email": "x" * 70_000})
    assert answer.status_code == 413
    assert answer.headers["X-Request-Id"] in answer.text


def test_a_fault_of_ours_is_a_plain_500(make_alc: Callable[..., Alc]) -> None:
    """U9: no stack, no SQL; the id is in the answer."""
    alc = make_alc()

    def fail() -> None:
        raise ZeroDivisionError

    alc.app.view_functions["leads_api.list_leads"] = fail  # a view that only fails
    alc.app.config["PROPAGATE_EXCEPTIONS"] = False
    answer = alc.http.get("/api/v1/leads")
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (500, "internal_server_error")
    assert "ZeroDivision" not in answer.text


def test_chatty_libraries_do_not_log_tokens(alc: Alc) -> None:
    """U8: Authlib at DEBUG writes issued tokens, urllib3 query strings."""
    assert alc.app.name == "mock_alc"
    assert not any(logging.getLogger(name).isEnabledFor(logging.DEBUG) for name in ("authlib", "urllib3"))


@pytest.mark.parametrize(
    "path", ["/api/v1/leads", "/api/v1/webhooks", "/oauth/token", "/oauth/revoke", "/_mock/tokens", "/_mock/faults"]
)
@pytest.mark.parametrize("body", ["[" * 1000, "[" * 60_000, '{"a":' * 9_000 + "1" + "}" * 9_000], ids=["1", "2", "3"])
def test_a_body_that_is_nested_too_deeply_to_be_read_is_refused(alc: Alc, path: str, body: str) -> None:
    """R9: Python's own reader gives up at some thousand brackets; that is no fault of the server."""
    answer = alc.http.post(path, data=body, headers={**alc.auth(), "Content-Type": "application/json"})

    assert 400 <= answer.status_code < 500
