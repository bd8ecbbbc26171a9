"""The workflows' page: definitions and runs as text, and what can be done with them."""

from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.support.fakes.workflows import FAILED, GRACE, QUALIFY, WAITING
from tests.support.fakes.workspace import FakeWorkspace


@pytest.fixture
def without_csrf(app: Flask) -> None:
    """What the page's forms send along is tested on its own."""
    app.config["WTF_CSRF_ENABLED"] = False


def test_definitions_and_runs_are_on_it(browser_client: FlaskClient, workspace: FakeWorkspace) -> None:
    """Also without scripts."""
    workspace.runs = [FAILED, WAITING]
    html = browser_client.get("/workflows").text

    for text in (QUALIFY.description, "2. call", "Lead processed", "Grace Hopper", "The token may not.", "lead_7f2a"):
        assert text in html


def test_what_a_step_has_found_is_text_and_never_markup(browser_client: FlaskClient, workspace: FakeWorkspace) -> None:
    """U2: a summary is another server's text."""
    step = replace(FAILED.steps[0], found="<script>1", why="<script>2")
    workspace.runs = [replace(FAILED, person="<script>3", steps=[step])]

    html = browser_client.get("/workflows").text
    assert all(f"&lt;script&gt;{number}" in html for number in (1, 2, 3))
    assert "<script>" not in html


def test_a_crm_that_is_away_leaves_the_page(browser_client: FlaskClient, workspace: FakeWorkspace) -> None:
    """Runs can be read; the page asks the CRM for nothing unless a person is named."""
    workspace.runs, workspace.crm_is_away = [WAITING], True

    assert "Grace Hopper" in browser_client.get("/workflows").text
    assert browser_client.get(f"/workflows?record={GRACE}").status_code == 200
    assert browser_client.get("/workflows?person=ada&workflow=qualify").status_code == 503


def test_starting_and_switching_need_the_csrf_token(browser_client: FlaskClient, workspace: FakeWorkspace) -> None:
    """U1: a person is chatted with."""
    assert browser_client.post("/workflows/qualify/runs", data={"record_id": GRACE}).status_code == 400
    assert browser_client.post("/workflows/follow-up/switch", data={"on": "true"}).status_code == 400
    assert not workspace.started


@pytest.mark.usefixtures("without_csrf")
def test_a_run_is_started_and_shown(browser_client: FlaskClient, workspace: FakeWorkspace) -> None:
    """The page is shown again, at the run."""
    answer = browser_client.post("/workflows/qualify/runs", data={"record_id": GRACE})

    assert (answer.status_code, answer.headers["Location"]) == (303, "/workflows#run-77f0")
    assert [run["id"] for run in browser_client.get("/workflows.json").json["runs"]] == ["77f0"]


@pytest.mark.usefixtures("without_csrf")
def test_a_person_is_named_without_scripts(browser_client: FlaskClient, workspace: FakeWorkspace) -> None:
    """One match runs; several can be chosen from; none is said."""
    one = browser_client.post("/workflows/qualify/runs", data={"record_id": "", "person": "grace flow"})
    assert one.headers["Location"] == "/workflows#run-77f0"
    assert workspace.started == [("qualify", GRACE)]

    several = browser_client.post("/workflows/qualify/runs", data={"person": "e"}).headers["Location"]
    assert several == "/workflows?person=e&workflow=qualify#qualify"
    html = browser_client.get(several).text
    assert f'<option value="{GRACE}">Grace Hopper · Flow-Matic</option>' in html
    assert "More than one person matches “e”." in html

    nobody = browser_client.post("/workflows/qualify/runs", data={"person": "<b>"}).headers["Location"]
    assert "No one matches “&lt;b&gt;”." in browser_client.get(nobody).text
    assert len(workspace.started) == 1


@pytest.mark.usefixtures("without_csrf")
@pytest.mark.parametrize(
    ("path", "data", "status"),
    [
        ("/workflows/qualify/runs", {"record_id": "nobody"}, 400),
        ("/workflows/qualify/runs", {}, 400),
        ("/workflows/follow-up/runs", {"record_id": GRACE}, 409),
        ("/workflows/qualify/switch", {"on": "true"}, 409),
    ],
)
def test_what_cannot_be_done_says_why(
    browser_client: FlaskClient, workspace: FakeWorkspace, path: str, data: dict[str, str], status: int
) -> None:
    """In a sentence."""
    assert browser_client.post(path, data=data).status_code == status
    assert not workspace.started


@pytest.mark.usefixtures("without_csrf")
def test_a_trigger_is_switched_on_and_off(browser_client: FlaskClient, workspace: FakeWorkspace) -> None:
    """What is wanted is at once so; what is so follows."""
    for on in ("true", "false"):
        assert browser_client.post("/workflows/follow-up/switch", data={"on": on}).status_code == 303
        [_, told] = browser_client.get("/workflows.json").json["workflows"]
        assert told["is_wanted"] is (on == "true")
