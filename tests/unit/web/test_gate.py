"""The gate: who somebody is, what pages show them, and what is kept of what they do."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import responses
from flask import Flask
from flask.testing import FlaskClient

from alc_app.runtime.routes.sign_in import SESSION
from alc_app.runtime.services import Services
from alc_app.runtime.sign_in.people import Person
from alc_app.runtime.storage.event_log import append_event
from tests.support.fakes.provider import FalseProvider
from tests.support.sign_in import SIGN_IN
from tests.unit.web.conftest import BASE_URL, IMANI, ROBIN, client_of, make_app, post, token_of

CALLBACK = "/sign-in/callback"


@pytest.fixture(scope="module")
def provider() -> FalseProvider:
    return FalseProvider(BASE_URL)


@pytest.fixture(autouse=True)
def outside(provider: FalseProvider) -> Iterator[responses.RequestsMock]:
    """The provider, and nobody else."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        provider.answer_in(mock)
        yield mock


def begin(client: FlaskClient, path: str = "/sign-in") -> str:
    """Begin to sign in; returns where the browser is led."""
    answer = client.get(path, base_url=BASE_URL)
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"]


def come_back(client: FlaskClient, location: str) -> tuple[int, str]:
    """Follow the provider's redirect; returns the status, and where that leads or what it says."""
    parts = urlsplit(location)
    answer = client.get(f"{parts.path}?{parts.query}", base_url=BASE_URL)
    return answer.status_code, answer.headers.get("Location", answer.text)


def sign_in(app: Flask, provider: FalseProvider, sub: str = "robin", path: str = "/sign-in") -> FlaskClient:
    """A browser in which this person has signed in."""
    client = client_of(app, browser=True)
    status, _ = come_back(client, provider.choose(begin(client, path), sub))
    assert status == 303
    return client


def cookie_of(client: FlaskClient) -> str:
    """The session cookie's value."""
    found = client.get_cookie("alc_app_session", domain="127.0.0.1")
    return found.value if found else ""


def services_of(app: Flask) -> Services:
    found: Services = app.extensions["services"]
    return found


@pytest.mark.parametrize("path", ["/sign-in", f"{CALLBACK}?code=c0de&state=s"])
def test_a_link_to_the_sign_in_that_is_only_looked_at_begins_and_ends_nothing(guarded: Flask, path: str) -> None:
    """RFC 9110 9.3.2: mail scanners and monitors send HEAD."""
    looked = client_of(guarded, browser=True).head(path, base_url=BASE_URL)

    assert looked.status_code == 405
    assert "alc_app_flow_" not in str(looked.headers)


def test_the_code_of_a_callback_is_not_kept_for_after_the_sign_in(guarded: Flask) -> None:
    """O22: whoever is signed out has begun nothing that it could end."""
    asked = client_of(guarded, browser=True).get("/connections/alc/callback?code=c0de&state=s", base_url=BASE_URL)

    assert asked.headers["Location"] == "/sign-in?return_to=/"


def test_signing_in_leads_back_to_the_page_that_was_wanted(guarded: Flask, provider: FalseProvider) -> None:
    """Through the provider, with the query; the person's name is on the page."""
    client = client_of(guarded, browser=True)
    led = client.get("/workflows?record=1", base_url=BASE_URL).headers["Location"]
    assert led == "/sign-in?return_to=/workflows%3Frecord%3D1"

    back = come_back(client, provider.choose(begin(client, led), "robin"))

    assert back == (303, "/workflows?record=1")
    assert "Robin Marsh" in client.get("/workflows", base_url=BASE_URL).text


@pytest.mark.parametrize(
    "wanted",
    ["/people?q=" + "a" * 5000, "/people?q=" + "%C3%A9" * 200, "/" + "%C3%A9" * 400],
    ids=["query", "encoded query", "encoded path"],
)
def test_a_proxy_can_pass_on_the_redirect_to_the_sign_in(guarded: Flask, wanted: str) -> None:
    """However long the address is that was asked for: nginx answers 502 to headers of more than 4 KiB."""
    answer = client_of(guarded, browser=True).get(wanted, base_url=BASE_URL)

    assert answer.status_code == 303
    assert len(str(answer.headers)) < 4096


@pytest.mark.parametrize(
    "wanted",
    [
        "https://evil.example.com",
        "//evil.example.com",
        "/\\evil.example.com",
        "\\/evil.example.com",
        "/\t/evil.example.com",
        "/people\\..\\evil",
        "javascript:alert(1)",
        "",
        "people",
        "/sign-in?return_to=/sign-in",
        "/" + "x" * 5000,
        "/" + "é" * 400,
    ],
)
def test_a_sign_in_leads_nowhere_else(guarded: Flask, provider: FalseProvider, wanted: str) -> None:
    """U6: only to a path of this app."""
    client = client_of(guarded, browser=True)
    location = client.get("/sign-in", query_string={"return_to": wanted}, base_url=BASE_URL).headers["Location"]

    assert come_back(client, provider.choose(location, "robin")) == (303, "/")


def test_the_session_is_new_after_the_sign_in(guarded: Flask, provider: FalseProvider) -> None:
    """U4: a cookie that somebody has planted or seen before is worth nothing afterwards, its CSRF token included."""
    client = client_of(guarded, browser=True)
    location = begin(client)
    planted = cookie_of(client)

    come_back(client, provider.choose(location, "robin"))

    assert cookie_of(client) != planted
    other = client_of(guarded)
    other.set_cookie("alc_app_session", planted, domain="127.0.0.1")
    assert other.get("/apps/alc", base_url=BASE_URL).status_code == 401


@pytest.mark.parametrize(
    ("path", "url", "name"),
    [
        ("/signed-out", "", "alc_app_session="),
        ("/signed-out", "https://app.example.com", "__Host-alc_app="),
        ("/sign-in", "", "alc_app_flow_"),
        ("/sign-in", "https://app.example.com", "__Host-alc_app_flow_"),
    ],
)
def test_each_cookie_is_for_this_server_alone(new_home: Callable[[], Path], path: str, url: str, name: str) -> None:
    """U4, O2: no script reads it, no other site sends it, and behind https no other host can set it."""
    for app in make_app(new_home(), url=url, **SIGN_IN):
        answer = app.test_client().get(path, base_url=url or BASE_URL)
        [cookie] = answer.headers.getlist("Set-Cookie")

        assert cookie.startswith(name)
        assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= {*cookie.split("; ")}
        assert ("Secure" in cookie) == bool(url)
        assert "Domain" not in cookie


def test_signing_in_again_ends_the_session_before(guarded: Flask, provider: FalseProvider) -> None:
    """U4: in this browser; and the person may be another one."""
    client = sign_in(guarded, provider, "robin")
    before = cookie_of(client)

    come_back(client, provider.choose(begin(client), "imani"))

    assert "Imani Castellanos" in client.get("/apps/alc", base_url=BASE_URL).text
    stolen = client_of(guarded)
    stolen.set_cookie("alc_app_session", before, domain="127.0.0.1")
    assert stolen.get("/apps/alc", base_url=BASE_URL).status_code == 401


def test_a_callback_works_once_and_in_its_own_browser(guarded: Flask, provider: FalseProvider) -> None:
    """O2, O3: a link that signs somebody in as somebody else is refused, and so is a replay."""
    client, victim = client_of(guarded, browser=True), client_of(guarded, browser=True)
    location = provider.choose(begin(client), "robin")
    begin(victim)

    assert come_back(victim, location)[0] == 400
    assert come_back(client, location)[0] == 303
    status, text = come_back(client, location)
    assert status == 400
    assert "was already used" in text


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"iss": "https://evil.example.com"}, 400),
        ({"iss": None}, 400),
        ({"state": "made-up"}, 400),
        ({"code": None}, 400),
        ({"code": None, "error": "access_denied"}, 403),
        ({"code": "made-up"}, 503),
    ],
)
def test_a_callback_that_is_not_the_providers_signs_nobody_in(
    guarded: Flask, provider: FalseProvider, changed: dict[str, str | None], status: int
) -> None:
    """O2, O4, O5: RFC 9207 too, because this provider says that it names itself."""
    client = client_of(guarded, browser=True)
    query = parse_qs(urlsplit(provider.choose(begin(client), "robin")).query)
    given = {name: values[0] for name, values in query.items()} | changed
    answer = client.get(
        CALLBACK, query_string={name: value for name, value in given.items() if value}, base_url=BASE_URL
    )

    assert answer.status_code == status
    assert "Robin" not in answer.text
    assert client.get("/apps/alc", base_url=BASE_URL).status_code == 303


def test_a_provider_that_is_away_is_not_told_as_one_that_lies(
    guarded: Flask, provider: FalseProvider, outside: responses.RequestsMock
) -> None:
    """A person who reads "cannot be reached" tries again, and is right."""
    client = client_of(guarded, browser=True)
    location = provider.choose(begin(client), "robin")
    outside.reset()

    status, text = come_back(client, location)

    assert status == 503
    assert "The sign-in provider cannot be reached." in text


def test_a_connect_flow_is_not_ended_by_a_sign_in(guarded: Flask, provider: FalseProvider) -> None:
    """O22: nor the other way round; each callback ends flows of its own kind."""
    client = client_of(guarded, "admin", browser=True)
    location = provider.choose(begin(client), "robin")
    query = urlsplit(location).query

    assert client.get(f"/connections/alc/callback?{query}", base_url=BASE_URL).status_code == 400
    assert come_back(client, location)[0] == 303


def test_somebody_whom_no_rule_names_is_told_so(
    guarded: Flask, provider: FalseProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """U4: the provider knows them, and this workspace does not."""
    client = client_of(guarded, browser=True)
    location = provider.choose(begin(client), "imani")
    monkeypatch.setattr(provider, "tamper", lambda claims: claims.update(email="eve@example.com"))

    status, text = come_back(client, location)

    assert status == 403
    assert "You are signed in as eve@example.com, who may not use this workspace." in text
    assert "csrf-token" in text
    assert "Robin Marsh" not in text


def test_somebody_whom_no_rule_names_any_more_is_signed_out_everywhere(
    guarded: Flask, provider: FalseProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """U4: the provider has just said that they have left. Others stay signed in."""
    here, elsewhere, other = (sign_in(guarded, provider, sub) for sub in ("imani", "imani", "robin"))
    location = provider.choose(begin(here), "imani")
    monkeypatch.setattr(provider, "tamper", lambda claims: claims.update(email_verified=False))

    assert come_back(here, location)[0] == 403

    found = [each.get("/apps/alc", base_url=BASE_URL).status_code for each in (here, elsewhere, other)]
    assert found == [303, 303, 200]


def test_signing_out_ends_the_session_here_and_at_the_provider(guarded: Flask, provider: FalseProvider) -> None:
    """U4: the cookie opens nothing any more; the page leads on to the provider, with the id token."""
    client = sign_in(guarded, provider)
    stolen = cookie_of(client)

    status, page = post(client, "/sign-out")

    assert status == 200
    assert "https://login.example.com/sign-out?id_token_hint=ey" in page
    for cookie in (cookie_of(client), stolen):
        other = client_of(guarded)
        other.set_cookie("alc_app_session", cookie, domain="127.0.0.1")
        assert other.get("/apps/alc", base_url=BASE_URL).status_code == 401
    assert client.get("/signed-out", base_url=BASE_URL).status_code == 200


def test_a_stranger_sees_nothing_of_the_workspace(guarded: Flask) -> None:
    """Error pages and the signed-out page have no sidebar, no script and no data."""
    client = client_of(guarded, browser=True)
    for path in ("/signed-out", CALLBACK):
        page = client.get(path, base_url=BASE_URL).text
        assert "<h1>" in page
        for part in ('class="sidebar"', "<script", 'id="palette"', "/people", "ALC console"):
            assert part not in page


def test_a_member_is_shown_what_a_member_may(guarded: Flask) -> None:
    """The page asks the same table: no links to what is refused, and a reason where a button would be."""
    admin, member = (client_of(guarded, role, browser=True) for role in ("admin", "member"))
    pages = [client.get("/apps/alc", base_url=BASE_URL).text for client in (admin, member)]

    for link in ("/settings", "/doctor", "/inspector", "/access", "/connections/alc/connect"):
        assert [f'href="{link}"' in page for page in pages] == [True, False], link
    assert ["Only an admin can connect" in page for page in pages] == [False, True]
    assert all("Sign out" in page for page in pages)


def test_what_people_ask_for_is_kept_and_shown(guarded: Flask, caplog: pytest.LogCaptureFixture) -> None:
    """Settings, replays, clicks: who and when, in the log too, before it is done."""
    caplog.set_level("INFO")
    robin, imani = (client_of(guarded, role, browser=True) for role in ("admin", "member"))
    post(robin, "/settings", do="defaults")
    post(robin, "/inspector/deliveries", id="nothing")
    post(imani, "/tutorial/close")

    kept = [(one.person_id, one.route) for one in services_of(guarded).people.actions(3)]
    assert kept == [
        ("imani", "POST /tutorial/close"),
        ("robin", "POST /inspector/deliveries"),
        ("robin", "POST /settings"),
    ]
    assert "Robin Marsh (robin@example.com): /settings" in caplog.text
    page = robin.get("/access", base_url=BASE_URL).text
    assert "Imani Castellanos" in page
    assert "Processed a delivery again" in page


def test_an_admin_ends_the_sessions_of_somebody(guarded: Flask) -> None:
    """U4: at once, wherever they are signed in."""
    robin, imani = (client_of(guarded, role, browser=True) for role in ("admin", "member"))

    assert post(robin, "/access/end-sessions", id="imani")[0] == 303

    assert imani.get("/apps/alc", base_url=BASE_URL).status_code == 303
    assert robin.get("/apps/alc", base_url=BASE_URL).status_code == 200


def test_a_stream_ends_with_the_session_and_sends_nothing_after_it(guarded: Flask) -> None:
    """U4: also if the session is ended elsewhere, while the page is open."""
    services = services_of(guarded)
    client = client_of(guarded, "member")
    stream = iter(client.get("/events", base_url=BASE_URL, buffered=False).response)
    assert next(stream) == b"retry: 1000\n\n"

    services.sessions.end_all(IMANI.id)
    with services.database.transaction() as session:
        append_event(session, "record", {"record_id": "secret"}, 0.0)

    assert list(stream) == []


def test_a_member_gets_no_exchanges_in_the_stream(guarded: Flask) -> None:
    """They have the bodies of what others have sent; the table gives them to admins."""
    exchanges, found = services_of(guarded).exchanges, {}
    for role in ("admin", "member"):
        stream = iter(client_of(guarded, role).get("/events", base_url=BASE_URL, buffered=False).response)
        next(stream)
        exchanges.add("User", "Attio UI", "Clicks button")
        with services_of(guarded).database.transaction() as session:
            append_event(session, "record", {}, 0.0)
        lines = [next(stream).decode().split("\n") for _ in range(2 if role == "admin" else 1)]
        found[role] = sorted(line[0] if "event:" in line[0] else line[1] for line in lines)

    assert found == {"admin": ["event: exchange", "event: record"], "member": ["event: record"]}


def test_a_question_is_answered_by_whoever_was_asked(guarded: Flask) -> None:
    """U12: an action that waits for Robin goes on for Robin only."""
    robin, imani = (client_of(guarded, role, browser=True) for role in ("admin", "member"))
    path, record_id = "/people/bulk-actions/bulk-send-to-alc", "00000000-0000-0000-0000-000000000001"

    def ask(client: FlaskClient, where: str, body: object) -> tuple[int, list[dict[str, str]]]:
        headers = {"X-CSRFToken": token_of(client), "Accept": "application/json"}
        answer = client.post(where, json=body, headers=headers, base_url=BASE_URL)
        lines = answer.text.splitlines() if answer.status_code == 200 else []
        return answer.status_code, [json.loads(line) for line in lines]

    _, effects = ask(robin, path, {"record_ids": [record_id]})
    resume = f"/actions/runs/{effects[-1]['resume']}"
    assert ask(imani, resume, {"answer": True})[0] == 410
    assert ask(robin, resume, {"answer": False})[0] == 200


class TestBehindAProxy:
    """ALC_APP_AUTH=proxy: each request says who it is."""

    @pytest.fixture(scope="class")
    def proxied(self, new_home: Callable[[], Path]) -> Iterator[Flask]:
        rules = {"admins": "robin@example.com", "members": "groups=sales"}
        yield from make_app(new_home(), auth="proxy", proxies="10.0.0.1", **rules)

    def get(self, app: Flask, path: str, peer: str = "10.0.0.1", **headers: str) -> tuple[int, str]:
        """Ask as the proxy does."""
        given = {"Accept": "text/html", **{name.replace("_", "-"): value for name, value in headers.items()}}
        answer = app.test_client().get(path, headers=given, environ_base={"REMOTE_ADDR": peer}, base_url=BASE_URL)
        return answer.status_code, answer.text

    def test_the_proxy_says_who_somebody_is(self, proxied: Flask) -> None:
        """Their name is on the page, and they are remembered."""
        status, page = self.get(proxied, "/settings", X_Forwarded_Email="robin@example.com")

        assert (status, "robin@example.com" in page, "Sign out" in page) == (200, True, False)
        assert services_of(proxied).people.all()[0].email == "robin@example.com"

    def test_groups_give_a_role(self, proxied: Flask) -> None:
        """A member may not see the settings."""
        who = {"X_Forwarded_Email": "ada@example.com", "X_Forwarded_Groups": "all, sales"}
        assert self.get(proxied, "/apps/alc", **who)[0] == 200
        assert self.get(proxied, "/settings", **who)[0] == 403

    def test_nobody_else_may_say_it(self, proxied: Flask) -> None:
        """U7: a header from another address, or none at all, is 401 with a sentence; nobody is led in circles."""
        for peer, who in (("192.0.2.7", {"X_Forwarded_Email": "robin@example.com"}), ("10.0.0.1", {})):
            status, page = self.get(proxied, "/settings", peer, **who)
            assert status == 401
            assert "did not identify you" in page

    def test_somebody_without_a_role_is_told_so(self, proxied: Flask) -> None:
        """403, and not 401: to sign in again would not help."""
        status, page = self.get(proxied, "/apps/alc", X_Forwarded_Email="eve@example.com")
        assert status == 403
        assert "may not use this workspace" in page


def test_a_session_of_other_rules_is_none(tmp_path: Path, guarded: Flask) -> None:
    """U4: ALC_APP_ADMINS was changed, and everybody signs in anew."""
    client = client_of(guarded, "admin")
    services = services_of(guarded)
    assert client.get("/apps/alc", base_url=BASE_URL).status_code == 200
    with client.session_transaction(base_url=BASE_URL) as session:
        session_id = session[SESSION]

    assert services.sessions.person(session_id) == Person(**vars(ROBIN))
    services.sessions._rules_hash = "other"
    try:
        assert client.get("/apps/alc", base_url=BASE_URL).status_code == 401
    finally:
        services.sessions._rules_hash = services.roles.hash
