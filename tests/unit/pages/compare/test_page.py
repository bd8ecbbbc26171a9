"""The pages that show the tutorial's code beside ours, as Flask serves them."""

from __future__ import annotations

from html import unescape

import pytest
from flask.testing import FlaskClient

from alc_app.pages.compare.pairs import PAIRS
from tests.support.fakes.pages_app import create_pages_app
from tests.support.fakes.scripted_actions import Stage
from tests.support.fakes.workspace import FakeWorkspace


def test_the_overview_leads_to_every_file(browser_client: FlaskClient) -> None:
    """With how much is different."""
    html = browser_client.get("/compare").text
    assert all(f'href="/compare/{pair.name}"' in html for pair in PAIRS)
    assert "8 differences" in html and "Word for word" in html


@pytest.mark.parametrize(
    "path", [f"/compare/{pair.name}{more}" for pair in PAIRS for more in ("", "?as=python", "?as=x")]
)
def test_each_file_is_read_without_scripts(browser_client: FlaskClient, path: str) -> None:
    """Both names, both codes; the Python port only where there is one."""
    answer = browser_client.get(path)
    pair = next(pair for pair in PAIRS if pair.name in path)

    assert answer.status_code == 200
    assert f"alc_app/{pair.module}" in answer.text
    port = f"alc_app/labs/naive/{pair.module}"
    assert (port in answer.text) == (path.endswith("?as=python") and pair.port_path is not None)


def test_a_difference_links_to_its_lab_with_the_labs_title(browser_client: FlaskClient) -> None:
    """And to a step of the tutorial by its number."""
    html = unescape(browser_client.get("/compare/send-to-alc.server.ts").text)
    assert 'href="/labs/double-click"' in html and "See it break: Double click" in html

    html = unescape(browser_client.get("/compare/send-to-alc-record-action.ts").text)
    assert 'href="/tutorial?step=usage-5"' in html and "Step 12 of the tutorial" in html


def test_a_file_that_the_tutorial_does_not_have_is_not_found(browser_client: FlaskClient) -> None:
    """No path of this machine can be asked for."""
    assert browser_client.get("/compare/..%2Fsteps.py").status_code == 404
    assert browser_client.get("/compare/steps.py").status_code == 404


def test_without_labs_the_comparison_says_why_all_the_same() -> None:
    """In production nothing is broken on purpose, so nothing links there."""
    workspace = FakeWorkspace()
    workspace.labs = None  # as where there are none
    html = create_pages_app(workspace, Stage()).test_client().get("/compare/send-to-alc.server.ts").text

    assert "sends with each click" in html
    assert "/labs" not in html
