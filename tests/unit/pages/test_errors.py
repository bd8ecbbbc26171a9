"""Error answers: pages for people, JSON for programs, and nothing about the inside."""

import pytest
from flask import Flask, abort
from flask.testing import FlaskClient

from alc_app.runtime.routes.browser import StartOver
from tests.support.fakes.pages_app import REQUEST_ID
from tests.support.fakes.workspace import FakeWorkspace, record_id


@pytest.fixture(autouse=True)
def failing_routes(app: Flask) -> None:
    @app.get("/abort/<int:code>")
    def fail(code: int) -> str:
        abort(code)

    @app.get("/start-over")
    def start_over() -> str:
        raise StartOver("This was used before.", "Connect again.")

    @app.get("/fault")
    def fault() -> str:
        raise RuntimeError("SELECT secret FROM tokens")


@pytest.mark.parametrize("code", [400, 403, 404, 405, 410, 413, 500, 503])
def test_an_error_is_a_page_with_a_request_id(browser_client: FlaskClient, code: int) -> None:
    """U9: the right status, a plain page, and what to quote when asking for help."""
    answer = browser_client.get(f"/abort/{code}")
    assert answer.status_code == code
    assert answer.mimetype == "text/html"
    assert REQUEST_ID in answer.text


def test_a_program_is_told_in_json(app: Flask) -> None:
    """U9: whoever does not ask for HTML gets the error as data."""
    error = app.test_client().get("/nowhere").get_json()["error"]
    assert error["code"] == "not_found"
    assert error["message"].startswith("No page has this address.")
    assert error["request_id"] == REQUEST_ID


def test_a_callback_that_is_refused_has_its_own_advice(app: Flask) -> None:
    """O2: it works once, so "reload the page" would contradict "connect again"."""
    answer = app.test_client().get("/start-over")
    assert answer.status_code == 400
    assert answer.get_json()["error"]["message"] == "This was used before. Connect again."


@pytest.mark.parametrize("accept", ["text/html", "application/json"])
def test_a_fault_shows_nothing_of_the_inside(app: Flask, accept: str) -> None:
    """U9: no stack, no SQL."""
    answer = app.test_client().get("/fault", headers={"Accept": accept})
    assert answer.status_code == 500
    assert "SELECT" not in answer.text
    assert "RuntimeError" not in answer.text


@pytest.mark.parametrize("path", [f"/people/{record_id(99)}", f"/people/{record_id(99)}/activity.json"])
def test_an_unknown_person_is_a_404_that_says_why(browser_client: FlaskClient, path: str) -> None:
    """A record may be deleted while somebody has its address."""
    answer = browser_client.get(path)
    assert answer.status_code == 404
    assert "may have been deleted in the CRM" in answer.text


@pytest.mark.parametrize("path", ["/people", f"/people/{record_id(1)}"])
def test_a_crm_that_is_away_is_a_503_with_a_way_to_try_again(
    browser_client: FlaskClient, workspace: FakeWorkspace, path: str
) -> None:
    """The page says what happened and what to do, and links to itself."""
    workspace.crm_is_away = True
    answer = browser_client.get(path)
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "5"
    assert "The CRM could not be reached" in answer.text
    assert '<a class="button primary" href="">Try again</a>' in answer.text


def test_a_wrong_method_still_names_the_right_ones(browser_client: FlaskClient) -> None:
    """The headers of the error stay on its page."""
    answer = browser_client.delete("/people")
    assert answer.status_code == 405
    assert "GET" in answer.headers["Allow"]


def test_a_post_without_the_token_is_refused_with_the_reason(browser_client: FlaskClient) -> None:
    """U1, U9: what the library found, and what the person should do."""
    answer = browser_client.post(f"/people/{record_id(1)}/actions/send-to-alc")
    assert answer.status_code == 400
    assert "The CSRF token is missing." in answer.text
    assert "reload the page and try again" in answer.text


def test_a_forged_host_is_refused_in_json(browser_client: FlaskClient) -> None:
    """U7: nothing of the forged name comes back, not even in a link."""
    answer = browser_client.get("/people", base_url="http://evil.example")
    assert answer.status_code == 400
    assert answer.is_json
    assert "evil.example" not in answer.text
