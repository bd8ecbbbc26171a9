"""What if: the choices of an arrow, the page of a story that an address names, and its file."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from alc_app.pages import blueprint
from tests.support.fakes import pages_app
from tests.support.fakes.labs import CHOICES, FILE, REFERENCE
from tests.support.fakes.scripted_actions import Stage
from tests.support.fakes.workspace import FakeWorkspace, record_id

RECORD = f"/people/{record_id(1)}"
OFFER = 'id="what-if"'


@pytest.fixture
def without_labs(workspace: FakeWorkspace, monkeypatch: pytest.MonkeyPatch) -> Flask:
    """The pages as production has them."""
    monkeypatch.setattr(pages_app, "blueprint", lambda workspace, labs: blueprint(workspace))
    return pages_app.create_pages_app(workspace, Stage())


def test_an_arrow_has_its_choices_or_none(browser_client: FlaskClient) -> None:
    """Each with the story that it plays."""
    for message, choices in ((2, CHOICES), (3, [])):
        found = browser_client.get(f"/labs/what-if.json?message={message}").get_json()
        assert found == {"choices": [{"story": story, "says": says} for story, says in choices]}


def test_the_page_of_a_story_reads_without_scripts_and_has_its_file(browser_client: FlaskClient) -> None:
    """The address says whether the tutorial's code plays, too."""
    page = browser_client.get(f"/labs/what-if?story={REFERENCE}&sides=ours").text
    assert CHOICES[0][1] in page
    assert 'id="with-naive" checked' not in page
    assert 'id="with-naive" checked' in browser_client.get(f"/labs/what-if?story={REFERENCE}").text
    saved = browser_client.get(f"/labs/what-if/story.json?story={REFERENCE}")
    assert saved.get_json() == {**FILE, "promise": ""}
    assert saved.headers["Content-Disposition"] == 'attachment; filename="story.json"'


def test_without_labs_nothing_is_offered(browser_client: FlaskClient, without_labs: Flask) -> None:
    """The panel of an arrow has no empty place for it, and there are no pages."""
    assert OFFER in browser_client.get(RECORD).text
    production = without_labs.test_client()
    assert OFFER not in production.get(RECORD).text
    assert "peek" in production.get(RECORD).text
    assert production.get("/labs/what-if.json?message=2").status_code == 404


def test_the_link_of_a_story_can_be_copied(browser_client: FlaskClient) -> None:
    """A story in a file of one's own has no address."""
    assert 'data-link="/labs/stories/nothing_left"' in browser_client.get("/labs/stories/nothing_left").text
    assert "copy-link" not in browser_client.get("/labs/stories").text
