"""The access page, and what each role is shown of the others."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient

from alc_app.pages.view_models import AccessAction, AccessPerson, AccessView, ConnectionView
from tests.support.fakes.workspace import AT, FakeWorkspace, record_id

EVIL = "<script>alert(1)</script>"


def test_it_lists_people_and_what_they_did_as_text(browser_client: FlaskClient, workspace: FakeWorkspace) -> None:
    """U2: names and addresses come from the provider."""
    workspace.listed = AccessView(
        [AccessPerson("1", EVIL, "robin@example.com", "admin", AT)], [AccessAction(AT, EVIL, "Saved the settings")]
    )
    page = browser_client.get("/access").text

    assert EVIL not in page
    assert page.count("&lt;script&gt;alert(1)&lt;/script&gt;") == 2
    assert "robin@example.com" in page
    assert "Saved the settings" in page


def test_a_button_ends_the_sessions_of_a_person(browser_client: FlaskClient, workspace: FakeWorkspace) -> None:
    """By a form, so that it works without scripts."""
    [token] = re.findall(r'name="csrf-token" content="([^"]+)"', browser_client.get("/access").text)

    answer = browser_client.post("/access/end-sessions", data={"csrf_token": token, "id": "1"})

    assert answer.headers["Location"] == "/access"
    assert workspace.done == [("end_sessions", "1")]


@pytest.mark.parametrize("path", ["/people", f"/people/{record_id(1)}", "/apps/alc", "/workflows", "/tutorial"])
def test_a_members_pages_offer_nothing_that_is_refused(
    browser_client: FlaskClient, workspace: FakeWorkspace, path: str
) -> None:
    """U12: no link and no form of theirs leads to a 403, nor does the strip of the tutorial that they have begun."""
    workspace.role = "member"
    browser_client.get("/tutorial")
    page = browser_client.get(path).text

    for refused in (
        "/settings",
        "/doctor",
        "/inspector",
        "/connections/alc/",
        "/apps/alc/",
        "/access",
        "/labs",
        "/runs",
        "/tutorial/reset",
    ):
        assert f'href="{refused}' not in page
        assert f'action="{refused}' not in page


def test_a_member_is_told_to_ask_an_admin_to_connect(browser_client: FlaskClient, workspace: FakeWorkspace) -> None:
    """U12: nobody is told to press what they may not."""
    workspace.role, workspace.view = "member", ConnectionView("none")
    page = browser_client.get("/apps/alc").text

    assert "Ask an admin to connect it." in page
    assert "Press “Connect”" not in page


def test_whoever_can_sign_out_has_a_button_for_it(browser_client: FlaskClient, workspace: FakeWorkspace) -> None:
    """Not in the demo, where nobody has signed in, nor behind a proxy."""
    assert "/sign-out" not in browser_client.get("/people").text

    workspace.can_sign_out = True

    assert 'action="/sign-out"' in browser_client.get("/people").text
