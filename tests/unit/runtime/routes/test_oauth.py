"""Connect, and what the install page is asked to say when it fails."""

from __future__ import annotations

import pytest
import requests
import responses
from flask import Blueprint, Flask
from flask.testing import FlaskClient

from alc_app.pages.install_notices import NOTICES as TEXTS
from alc_app.runtime.oauth_client import OAuthBadAnswer, OAuthDenied, OAuthFailed
from alc_app.runtime.routes import oauth
from alc_app.runtime.routes.oauth import NOTICES
from alc_app.runtime.services import Services
from tests.support.fakes.engine import FakeEngine
from tests.unit.runtime.conftest import METADATA, METADATA_BODY

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
        ({"status": 503}, "alc_bad_answer"),
    ],
)
def test_an_answer_that_is_not_understood_is_not_told_as_an_outage(
    web: FlaskClient, alc: responses.RequestsMock, prepared: dict[str, object], notice: str
) -> None:
    """A person who reads "could not be reached" looks for a server that runs."""
    alc.replace("GET", METADATA, **prepared)

    location = web.get(CONNECT, base_url="http://127.0.0.1:8000").headers["Location"]

    assert location.endswith(f"/apps/alc?notice={notice}")


@pytest.mark.parametrize(
    ("error", "notice"),
    [
        (OAuthBadAnswer("It has no token."), "alc_bad_answer"),
        (OAuthFailed("It is away."), "alc_unreachable"),
        (OAuthDenied("No."), "failed"),
    ],
)
def test_how_a_token_request_failed_is_told(
    web: FlaskClient, engine: FakeEngine, error: OAuthFailed, notice: str
) -> None:
    """The run on the worker names its error, and the page tells an odd answer from none."""
    engine.answer = {"error": error.to_json()}
    engine.runs["connect:1"] = ("connect", (), "lifecycle")
    with web.session_transaction() as session:
        session["connecting"] = "connect:1"

    location = web.get("/connections/alc/ended").headers["Location"]

    assert location.endswith(f"/apps/alc?notice={notice}")


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
    assert "session=" in then.headers["Set-Cookie"]


@pytest.mark.usefixtures("alc")
def test_no_other_host_is_led_elsewhere(web: FlaskClient) -> None:
    """Only names of this machine; and a script, which stays where it is, gets ALC's address as before."""
    by_name = web.get(CONNECT, base_url="http://app.test").headers["Location"]
    by_script = web.get(CONNECT, base_url="http://localhost:8000", headers={"Accept": "application/json"})

    assert by_name.startswith("https://alc.test/")
    assert by_script.get_json()["location"].startswith("https://alc.test/")
