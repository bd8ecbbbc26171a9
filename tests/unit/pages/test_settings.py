"""The settings' page: a form that says what was saved, and loses nothing that was typed."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.support.fakes.workspace import FakeWorkspace

SHOWN = {"was:automatic": "false", "was:days": "14", "days": "14"}
"""What the form says when nothing was touched; a switch that is off says nothing."""


@pytest.fixture
def without_csrf(app: Flask) -> None:
    """What the form sends along is tested on its own."""
    app.config["WTF_CSRF_ENABLED"] = False


def typed(html: str, name: str) -> str:
    """What stands in a text field."""
    found = re.search(rf'id="{name}" name="{name}" value="([^"]*)"', html)
    assert found
    return found.group(1)


def test_each_setting_says_what_holds_and_whether_somebody_has_set_it(
    browser_client: FlaskClient, workspace: FakeWorkspace
) -> None:
    """A default is not a choice: it may change with the next start."""
    workspace.set_values = {"automatic": True}
    html = browser_client.get("/settings").text

    assert typed(html, "days") == "14"
    assert (html.count("Set here"), html.count("The default")) == (1, 1)
    assert re.search(r'name="automatic" value="true"[^>]* checked', html)


def test_saving_needs_the_csrf_token(browser_client: FlaskClient, workspace: FakeWorkspace) -> None:
    """U1: a stranger's page could have everybody sent."""
    assert browser_client.post("/settings", data=SHOWN | {"automatic": "true"}).status_code == 400
    assert workspace.set_values == {}


@pytest.mark.usefixtures("without_csrf")
def test_what_was_changed_is_saved_and_said(browser_client: FlaskClient, workspace: FakeWorkspace) -> None:
    """Only that: what was left as it is stays a default."""
    answer = browser_client.post("/settings", data=SHOWN | {"automatic": "true"})

    assert answer.status_code == 303
    assert workspace.set_values == {"automatic": True}
    html = browser_client.get(answer.headers["Location"]).text
    assert "Saved. Send automatically: on." in html
    assert "Wait for a result: 14" not in html


@pytest.mark.usefixtures("without_csrf")
def test_what_another_person_has_set_meanwhile_stays(browser_client: FlaskClient, workspace: FakeWorkspace) -> None:
    """Two tabs: the form of the second one was drawn before the first one was saved."""
    workspace.set_values = {"automatic": True}

    browser_client.post("/settings", data=SHOWN | {"days": "30"})

    assert workspace.set_values == {"automatic": True, "days": 30}


@pytest.mark.usefixtures("without_csrf")
def test_saving_nothing_says_so(browser_client: FlaskClient, workspace: FakeWorkspace) -> None:
    """A person who presses Save is always answered."""
    answer = browser_client.post("/settings", data=SHOWN)

    assert workspace.set_values == {}
    assert "Nothing changed." in browser_client.get(answer.headers["Location"]).text


@pytest.mark.usefixtures("without_csrf")
@pytest.mark.parametrize("days", ["", "0", "91", "a week", "1.5", "-3", "\u0663", "9" * 5000, "<b>"])
def test_a_mistake_is_told_beside_its_field_and_nothing_is_lost(
    browser_client: FlaskClient, workspace: FakeWorkspace, days: str
) -> None:
    """Nothing is saved by halves: the switch is still as the person has put it, and so is what was typed."""
    answer = browser_client.post("/settings", data=SHOWN | {"automatic": "true", "days": days})
    html = answer.text

    assert (answer.status_code, workspace.set_values) == (422, {})
    assert "Enter a whole number between 1 and 90." in html
    assert re.search(r'aria-describedby="[^"]*days-error"[^>]* aria-invalid="true"', html)
    assert typed(html, "days") == days.replace("<", "&lt;").replace(">", "&gt;")
    assert re.search(r'name="automatic" value="true"[^>]* checked', html)
    assert 'name="was:automatic" value="false"' in html


@pytest.mark.usefixtures("without_csrf")
def test_everything_goes_back_to_its_default(browser_client: FlaskClient, workspace: FakeWorkspace) -> None:
    """Whatever stands in the form."""
    workspace.set_values = {"automatic": True, "days": 30}

    answer = browser_client.post("/settings", data={"do": "defaults", "days": "many"})

    assert workspace.set_values == {}
    assert "Saved. Wait for a result: 14 days, the default." in browser_client.get(answer.headers["Location"]).text


def test_an_address_that_names_anything_else_says_nothing_of_it(browser_client: FlaskClient) -> None:
    """U2: nothing of an address is echoed."""
    assert "elsewhere" not in browser_client.get("/settings?saved=elsewhere").text
