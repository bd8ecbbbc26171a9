"""The person without a browser: what is read of a page."""

from __future__ import annotations

import pytest

from alc_app.web.browser_session import AccountUnknown, BrowserSession, Form, Page, allow_access, origin

ALC = "http://127.0.0.1:8001"
SIGN_IN = """
<meta name="csrf-token" content="t0ken">
<form action="/search"><input name="q"></form>
<form method="post"><input type="hidden" name="binding" value="b&amp;c"><input name="password" value=""></form>
<form method="POST" action="/oauth/authorize"><button name="decision" value="deny">No</button>
<button name="decision" value="allow">Yes</button></form>
"""


def test_a_form_is_read_as_it_is_filled_in() -> None:
    """A form that only searches is none that is sent; what a page says in entities is what it means."""
    page = Page(f"{ALC}/login", 200, SIGN_IN)

    consent = Page(page.url, 200, SIGN_IN[SIGN_IN.index('<form method="POST"') :]).form()

    assert page.form() == Form("", {"binding": "b&c", "password": ""})
    assert consent == Form("/oauth/authorize", choices={"decision": ["deny", "allow"]})
    assert Page(page.url, 200, "").form() is None
    assert page.meta("csrf-token") == "t0ken"
    assert page.meta("nothing") == ""


def test_without_an_account_on_the_page_nobody_signs_in() -> None:
    """A real ALC fills in nothing: no password is guessed or asked for."""
    with pytest.raises(AccountUnknown):
        allow_access(BrowserSession(), Page(f"{ALC}/login", 200, SIGN_IN), ALC)


@pytest.mark.parametrize(
    "page", [Page("http://127.0.0.1:8000/apps/alc", 200, SIGN_IN), Page(ALC, 303, "", leads_to="http://elsewhere/")]
)
def test_the_walk_ends_where_alc_does(page: Page) -> None:
    """Forms of other sites are left alone: the install page's would disconnect."""
    assert allow_access(BrowserSession(), page, ALC) is page


def test_an_origin_is_more_than_a_name() -> None:
    """Another port is somebody else."""
    assert origin("http://127.0.0.1:8001/a") != origin("http://127.0.0.1:8002/a")
    assert origin("http://127.0.0.1:8001@evil.example/") != origin(ALC)
