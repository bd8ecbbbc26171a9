"""Connect, and what the install page is asked to say when it fails."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
import requests
import responses
from flask import Blueprint, Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from alc_app.attio.host.errors import SerializableError
from alc_app.clients.alc_api import AlcBusy
from alc_app.pages.install_notices import NOTICES as TEXTS
from alc_app.runtime.oauth_client import OAuthBadAnswer, OAuthBusy, OAuthDenied, OAuthFailed
from alc_app.runtime.routes import oauth
from alc_app.runtime.routes.browser import MAX_FLOWS
from alc_app.runtime.routes.oauth import NOTICES
from alc_app.runtime.services import Services
from tests.support.fakes.engine import FakeEngine
from tests.unit.runtime.conftest import METADATA, METADATA_BODY

APP = "http://127.0.0.1:8000"
CONNECT = "/connections/alc/connect"


@pytest.fixture
def web(services: Services, engine: FakeEngine) -> FlaskClient:
    """The routes, and an install page to lead to."""
    app = Flask(__name__)
    app.secret_key = "test"
    pages = Blueprint("pages", __name__)
    pages.add_url_rule("/apps/alc", "install", lambda: "")
    app.register_blueprint(pages)
    app.register_blueprint(oauth.blueprint(services))
    return app.test_client()


@pytest.mark.parametrize(
    ("prepared", "notice"),
    [
        ({"body": requests.ConnectionError("refused")}, "alc_unreachable"),
        ({"json": METADATA_BODY | {"issuer": "https://other.test"}}, "alc_bad_answer"),
        ({"body": "<html>"}, "alc_bad_answer"),
        ({"status": 404}, "alc_bad_answer"),
        ({"status": 503}, "alc_busy"),
        ({"status": 429}, "alc_busy"),
    ],
)
def test_an_answer_that_is_not_understood_is_not_told_as_an_outage(
    web: FlaskClient, alc: responses.RequestsMock, prepared: dict[str, object], notice: str
) -> None:
    """A person who reads "could not be reached" looks for a server that runs."""
    alc.replace("GET", METADATA, **prepared)

    location = web.get(CONNECT, base_url="http://127.0.0.1:8000").headers["Location"]

    assert location.endswith(f"/apps/alc?notice={notice}")


@pytest.mark.usefixtures("alc")
@pytest.mark.parametrize(
    ("error", "notice"),
    [
        (OAuthBadAnswer("It has no token."), "alc_bad_answer"),
        (OAuthBusy("Later."), "alc_busy"),
        (AlcBusy("Later."), "alc_busy"),
        (OAuthFailed("It is away."), "alc_unreachable"),
        (OAuthDenied("No."), "failed"),
    ],
)
def test_how_a_connect_failed_is_told(
    web: FlaskClient, engine: FakeEngine, error: SerializableError, notice: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The run on the worker names its error, and the page tells an odd answer from none. So does the log."""
    assert come_back(web, engine, "", {"error": error.to_json()}).endswith(f"/apps/alc?notice={notice}")
    assert f"did not end as connected: {error.message}" in caplog.text


def come_back(web: FlaskClient, engine: FakeEngine, next_path: str, answer: dict[str, object], **callback: str) -> str:
    """Connect with `next=`, return from ALC, wait for the run; return where the browser is led in the end."""
    begun = web.get(CONNECT, query_string={"next": next_path}, base_url=APP).headers["Location"]
    state = parse_qs(urlsplit(begun).query)["state"][0]
    engine.answer = answer
    query = {"state": state, "iss": "https://alc.test", **(callback or {"code": "c"})}
    return web.get("/connections/alc/callback", query_string=query, base_url=APP).headers["Location"]


@pytest.mark.usefixtures("alc")
@pytest.mark.parametrize(
    ("asked", "led_to"),
    [
        ("/people/1?offer=send-to-alc", "/people/1?offer=send-to-alc"),
        ("/tutorial", "/tutorial"),
        ("https://evil.test/", "/apps/alc?notice=connected"),
        ("//evil.test/", "/apps/alc?notice=connected"),
        ("/\\evil.test/", "/apps/alc?notice=connected"),
        ("/\t/evil.test/", "/apps/alc?notice=connected"),
        ("/connections/alc/connect", "/apps/alc?notice=connected"),
    ],
)
def test_connecting_returns_to_the_page_that_it_was_begun_for(
    web: FlaskClient, engine: FakeEngine, asked: str, led_to: str
) -> None:
    """U6: only to a page of this app, and never in circles."""
    assert come_back(web, engine, asked, {"ok": None}).removeprefix(APP) == led_to


@pytest.mark.usefixtures("alc")
def test_a_connection_that_fails_keeps_the_page_to_return_to(web: FlaskClient, engine: FakeEngine) -> None:
    """The install page says why, and its Connect leads back all the same: after an error, and after a no."""
    failed = come_back(web, engine, "/people/1", {"error": OAuthFailed("It is away.").to_json()})
    denied = come_back(web, engine, "/people/1", {"ok": None}, error="access_denied")

    assert failed.endswith("/apps/alc?notice=alc_unreachable&next=/people/1")
    assert denied.endswith("/apps/alc?notice=denied&next=/people/1")


def answer_to(state: str) -> dict[str, str]:
    """ALC's answer, in the address of the callback."""
    return {"state": state, "iss": "https://alc.test", "code": "c"}


def keep_cookies(web: FlaskClient, answer: TestResponse) -> str:
    """Have the browser keep the cookies of an answer; return the state of the flow that it began."""
    for cookie in answer.headers.getlist("Set-Cookie"):
        name, _, value = cookie.partition(";")[0].partition("=")
        web.set_cookie(name, value, domain="127.0.0.1")
    return parse_qs(urlsplit(answer.headers["Location"]).query)["state"][0]


@pytest.mark.usefixtures("alc")
def test_two_tabs_that_connect_at_once_both_succeed(web: FlaskClient, engine: FakeEngine) -> None:
    """O2: both began before either had an answer, so neither request had the other's cookies."""
    engine.answer = {"ok": None}
    tabs = [web.application.test_client().get(CONNECT, base_url=APP) for _ in range(2)]
    states = [keep_cookies(web, tab) for tab in tabs]

    shown = [web.get("/connections/alc/callback", query_string=answer_to(state), base_url=APP) for state in states]

    assert [answer.headers["Location"] for answer in shown] == ["/apps/alc?notice=connected"] * 2


@pytest.mark.usefixtures("alc")
def test_a_link_that_is_only_looked_at_uses_up_nothing(web: FlaskClient, engine: FakeEngine) -> None:
    """O2, RFC 9110 9.3.2: mail scanners and monitors send HEAD, with no wish to connect anything."""
    engine.answer = {"ok": None}
    looked = web.head(CONNECT, base_url=APP)
    query = answer_to(keep_cookies(web, web.get(CONNECT, base_url=APP)))

    scanned = web.head("/connections/alc/callback", query_string=query, base_url=APP)
    used = web.get("/connections/alc/callback", query_string=query, base_url=APP)

    assert [(one.status_code, one.headers["Allow"]) for one in (looked, scanned)] == [(405, "GET, OPTIONS")] * 2
    assert used.headers["Location"] == "/apps/alc?notice=connected"


@pytest.mark.usefixtures("alc")
def test_each_of_two_tabs_that_connect_at_once_shows_how_its_own_run_ended(web: FlaskClient) -> None:
    """Both show their progress before either run has ended; and nobody else is told how they ended."""
    tabs = [web.application.test_client().get(CONNECT, base_url=APP) for _ in range(2)]
    states = [keep_cookies(web, tab) for tab in tabs]
    page = {"base_url": APP, "headers": {"Sec-Fetch-Mode": "navigate"}}
    progress = [web.get("/connections/alc/callback", query_string=answer_to(state), **page) for state in states]
    runs = [answer.headers["Location"].partition("connecting=")[2] for answer in progress]

    def ended(browser: FlaskClient) -> list[str]:
        ends = [browser.get(f"/connections/alc/ended?connecting={run}", base_url=APP) for run in runs]
        return [answer.headers["Location"] for answer in ends]

    assert ended(web) == ["/apps/alc?notice=connected"] * 2
    assert ended(web.application.test_client()) == ["/apps/alc"] * 2


@pytest.mark.usefixtures("alc")
def test_a_flow_ends_only_in_the_browser_that_began_it(web: FlaskClient) -> None:
    """O2: whoever is sent a callback of somebody else's flow is refused."""
    begun = web.get(CONNECT, base_url=APP).headers["Location"]
    query = {"state": parse_qs(urlsplit(begun).query)["state"][0], "iss": "https://alc.test", "code": "c"}

    other = web.application.test_client().get("/connections/alc/callback", query_string=query, base_url=APP)

    assert other.status_code == 400


@pytest.mark.usefixtures("alc")
def test_a_browser_keeps_few_flows(web: FlaskClient) -> None:
    """A request with the cookies of many would be too large for a proxy in front of the app."""
    for _ in range(3 * MAX_FLOWS):
        web.get(CONNECT, base_url=APP)

    flows = [name for name in _cookies(web) if name.startswith("alc_app_flow_")]
    assert len(flows) == MAX_FLOWS


def _cookies(web: FlaskClient) -> list[str]:
    """The names of the cookies that the browser would send."""
    with web.session_transaction(base_url=APP):
        return [cookie.key for cookie in (web._cookies or {}).values()]


def test_every_notice_has_a_text() -> None:
    """A code that the page does not know would be shown as nothing."""
    assert set(NOTICES.values()) <= set(TEXTS)


@pytest.mark.usefixtures("alc")
@pytest.mark.parametrize("host", ["localhost:8000", "[::1]:8000", "localhost:9000"])
def test_another_name_of_this_machine_is_led_to_the_apps_own_address_first(web: FlaskClient, host: str) -> None:
    """ALC sends the browser back to that address, and a cookie belongs to one host (O3)."""
    first = web.get(CONNECT, base_url=f"http://{host}").headers["Location"]
    assert first == f"http://127.0.0.1:8000{CONNECT}"

    then = web.get(CONNECT, base_url="http://127.0.0.1:8000")
    assert then.headers["Location"].startswith("https://alc.test/oauth/authorize?")
    assert any(cookie.startswith("alc_app_flow_") for cookie in then.headers.getlist("Set-Cookie"))


@pytest.mark.usefixtures("alc")
def test_no_other_host_is_led_elsewhere(web: FlaskClient) -> None:
    """Only names of this machine; and a script, which stays where it is, gets ALC's address as before."""
    by_name = web.get(CONNECT, base_url="http://app.test").headers["Location"]
    by_script = web.get(CONNECT, base_url="http://localhost:8000", headers={"Accept": "application/json"})

    assert by_name.startswith("https://alc.test/")
    assert by_script.get_json()["location"].startswith("https://alc.test/")
