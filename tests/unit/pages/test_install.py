"""The install page, in every state of the connection."""

import re
from dataclasses import replace
from typing import Any, get_args

import pytest
from flask.testing import FlaskClient
from markupsafe import escape

from alc_app.pages import CleanUp, ConnectionView
from alc_app.pages.install_notices import NOTICES
from alc_app.pages.view_models import ConnectionStatus
from tests.support.fakes.workspace import AT, CONNECTED, FakeWorkspace

CONNECT = 'href="/connections/alc/connect"'
DISCONNECT = 'action="/connections/alc/disconnect"'


@pytest.mark.parametrize(
    ("status", "connects", "disconnects"),
    [
        ("none", True, False),
        ("connecting", True, False),
        ("active", True, True),
        ("needs_reconnect", True, True),
        ("removing", False, False),
    ],
)
def test_what_can_be_done_depends_on_the_connection(
    browser_client: FlaskClient, workspace: FakeWorkspace, status: ConnectionStatus, connects: bool, disconnects: bool
) -> None:
    """Installation 1-2 and Removal 1: connect is a link, since a form could not be redirected to ALC."""
    workspace.view = replace(CONNECTED, status=status)
    html = browser_client.get("/apps/alc").text
    assert (CONNECT in html, DISCONNECT in html) == (connects, disconnects)


def test_disconnecting_carries_the_csrf_token_and_is_confirmed(browser_client: FlaskClient) -> None:
    """U1: without the token it is refused; with scripts it is asked about first."""
    html = browser_client.get("/apps/alc").text
    assert '<input type="hidden" name="csrf_token"' in html
    assert 'data-confirm="Disconnect Acme Lead Checker?"' in html
    assert browser_client.post("/connections/alc/disconnect").status_code == 400


def test_a_connection_is_shown_with_its_token_and_its_handlers(browser_client: FlaskClient) -> None:
    """Installation 4 and 7: whose it is, since when, until when, and what ALC calls."""
    html = browser_client.get("/apps/alc").text
    for text in (
        "demo@acmeleadchecker.test",
        "Issued <time",
        "20 Nov 2026, 10:12 UTC",
        "leads:write",
        "webhooks/lead_processed.py",
        "ID at ALC",
        "wh_7f2a",
        "12, the last",
    ):
        assert text in html


@pytest.mark.parametrize("status", get_args(ConnectionStatus))
def test_secrets_are_rotated_by_a_button_while_there_is_a_connection(
    browser_client: FlaskClient, workspace: FakeWorkspace, status: ConnectionStatus
) -> None:
    """R5: what it does stands beside it; without the CSRF token it is refused (U1)."""
    workspace.view = replace(CONNECTED, status=status)
    html = browser_client.get("/apps/alc").text

    assert ('action="/apps/alc/rotate-secrets"' in html) == (status == "active")
    assert ("so no delivery is lost" in html) == (status == "active")
    assert browser_client.post("/apps/alc/rotate-secrets").status_code == 400


def test_the_button_rotates_and_says_so(browser_client: FlaskClient, workspace: FakeWorkspace) -> None:
    """R5: a redirect, so that reloading the page does not rotate again."""
    token = re.search(r'name="csrf_token" value="([^"]+)"', browser_client.get("/apps/alc").text)
    assert token
    answer = browser_client.post("/apps/alc/rotate-secrets", data={"csrf_token": token.group(1)})

    assert (answer.status_code, answer.headers["Location"]) == (303, "/apps/alc?notice=rotating")
    assert workspace.done == [("rotate_secrets", "")]
    assert str(escape(NOTICES["rotating"].text)) in browser_client.get("/apps/alc?notice=rotating").text


def test_a_rotation_is_shown_until_its_overlap_has_ended(browser_client: FlaskClient, workspace: FakeWorkspace) -> None:
    """R5: that ALC is being told, why it could not be, and until when the previous secret is good."""

    def shown(**changes: Any) -> str:
        workspace.view = replace(CONNECTED, handlers=(replace(CONNECTED.handlers[0], **changes),))
        return browser_client.get("/apps/alc").text

    assert "<dt>Signing secret</dt>" not in shown()
    assert "The app is sending it to ALC. The previous secret still works." in shown(is_rotating=True)
    assert "failed: ALC cannot be reached. The app retries." in shown(
        is_rotating=True, rotate_why="ALC cannot be reached."
    )
    assert "The previous secret works until <time" in shown(previous_secret_until=AT)


def test_unfinished_clean_up_is_told_in_sentences(browser_client: FlaskClient, workspace: FakeWorkspace) -> None:
    """C10-C12: nothing that is left at ALC is kept from the person."""
    job = CleanUp("The webhook wh_1 is still registered at ALC.", AT, "ALC did not answer.", AT)
    workspace.view = ConnectionView("none", clean_up=(job,))
    html = browser_client.get("/apps/alc").text
    for text in (job.what, "The last attempt failed: ALC did not answer.", "The next attempt is at"):
        assert text in html


def test_a_connection_that_broke_says_why_and_what_to_do(browser_client: FlaskClient, workspace: FakeWorkspace) -> None:
    """O13: needs reconnect."""
    workspace.view = ConnectionView("needs_reconnect", message="ALC refused to renew the access token.")
    assert "ALC refused to renew the access token. Connect again" in browser_client.get("/apps/alc").text


@pytest.mark.parametrize("code", NOTICES)
def test_each_notice_is_shown_while_it_is_true(
    browser_client: FlaskClient, workspace: FakeWorkspace, code: str
) -> None:
    """After a redirect the page says how it went."""
    workspace.view = ConnectionView(NOTICES[code].when[0])
    assert str(escape(NOTICES[code].text)) in browser_client.get(f"/apps/alc?notice={code}").text


def test_a_notice_that_is_not_true_is_not_shown(browser_client: FlaskClient, workspace: FakeWorkspace) -> None:
    """U2: nobody can have this page say what is not so by sending an address."""
    workspace.view = ConnectionView("none")
    assert NOTICES["connected"].text not in browser_client.get("/apps/alc?notice=connected").text
    assert "call-this-number" not in browser_client.get("/apps/alc?notice=call-this-number").text
