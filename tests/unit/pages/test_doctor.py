"""The doctor's page: quick to open, with the dead letters on it; the report comes when it is asked for."""

from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.support.fakes.workspace import DISEASED, UNSENT, UNSHOWN, FakeWorkspace


@pytest.fixture
def without_csrf(app: Flask) -> None:
    """What the page's scripts and forms send along is tested on its own."""
    app.config["WTF_CSRF_ENABLED"] = False


def test_the_page_is_drawn_without_checking_anything(browser_client: FlaskClient, workspace: FakeWorkspace) -> None:
    """Reading must not be slow, and a link that is followed by a robot must set nothing off."""
    html = browser_client.get("/doctor").text

    assert not workspace.done
    assert "No dead letters." in html


def test_dead_letters_are_on_it_with_what_can_be_done(browser_client: FlaskClient, workspace: FakeWorkspace) -> None:
    """What takes a person has no button to replay it."""
    workspace.letters = [UNSHOWN, UNSENT]

    html = browser_client.get("/doctor").text.partition("<template")[0]

    for text in (UNSHOWN.text, UNSHOWN.why, "lead:7", UNSENT.advice):
        assert text in html
    assert html.count('value="replay">') == 1
    assert html.count('value="replay" hidden>') == 1
    assert html.count('value="dismiss"') == 2


def test_a_dead_letter_that_a_person_decides_on_says_so_beside_its_button(
    browser_client: FlaskClient, workspace: FakeWorkspace
) -> None:
    """Nobody but a person starts a chat."""
    workspace.letters = [replace(UNSHOWN, caution="A replay may start a chat.")]

    html = browser_client.get("/doctor").text.partition("<template")[0]

    assert "A replay may start a chat." in html
    assert html.count('value="replay">') == 1


def test_a_dead_letter_is_text_and_never_markup(browser_client: FlaskClient, workspace: FakeWorkspace) -> None:
    """U2: a reason may repeat what another server said."""
    workspace.letters = [type(UNSHOWN)("lead:1", "<b>x</b>", "<script>", UNSHOWN.since, "")]

    html = browser_client.get("/doctor").text
    assert "&lt;b&gt;x" in html and "&lt;script&gt;" in html
    assert "<script>" not in html


def test_the_report_and_every_change_need_the_csrf_token(browser_client: FlaskClient, workspace: FakeWorkspace) -> None:
    """U1: they set off calls to others."""
    workspace.letters = [UNSHOWN]

    assert browser_client.post("/doctor/report", json={"mend": True}).status_code == 400
    assert browser_client.post("/doctor/dead-letters", data={"id": "lead:7", "do": "replay"}).status_code == 400
    assert not workspace.done


@pytest.mark.usefixtures("without_csrf")
@pytest.mark.parametrize(
    ("body", "done"), [({}, "examine"), ({"mend": True}, "mend"), ({"mend": "yes"}, "examine"), ([], "examine")]
)
def test_the_report_is_the_one_for_machines(
    browser_client: FlaskClient, workspace: FakeWorkspace, body: object, done: str
) -> None:
    """Nothing is mended unless that is what was asked for."""
    workspace.report = DISEASED

    assert [check["name"] for check in browser_client.post("/doctor/report", json=body).json["checks"]] == [
        "Workers",
        "Webhooks at ALC",
        "Clocks",
    ]
    assert workspace.done == [(done, "")]


@pytest.mark.usefixtures("without_csrf")
@pytest.mark.parametrize("verb", ["replay", "dismiss"])
def test_a_dead_letter_is_replayed_or_dismissed(
    browser_client: FlaskClient, workspace: FakeWorkspace, verb: str
) -> None:
    """And the page is shown again, without it."""
    workspace.letters = [UNSHOWN]

    answer = browser_client.post("/doctor/dead-letters", data={"id": "lead:7", "do": verb})

    assert (answer.status_code, answer.headers["Location"]) == (303, "/doctor")
    assert workspace.done == [(verb, "lead:7")]
    assert browser_client.get("/doctor/dead-letters.json").json == {"dead_letters": []}


@pytest.mark.usefixtures("without_csrf")
def test_a_dead_letter_that_is_gone_says_so(browser_client: FlaskClient, workspace: FakeWorkspace) -> None:
    """It was replayed in another tab."""
    answer = browser_client.post("/doctor/dead-letters", data={"id": "lead:7", "do": "replay"})

    assert answer.status_code == 409
    assert "There is no such dead letter." in answer.text
    assert browser_client.post("/doctor/dead-letters", data={"id": "lead:7", "do": "burn"}).status_code == 400
