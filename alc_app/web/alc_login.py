"""Sign in at ALC for the user, as "Do it for me" on the tutorial's page does."""

from __future__ import annotations

import logging

import requests

from alc_app.pages import NotPossible
from alc_app.web.browser_session import AccountUnknown, BrowserSession, allow_access, origin

log = logging.getLogger(__name__)


def log_in(location: str, *, alc_url: str, base_url: str) -> str:
    """Go through ALC's pages from `location` on, as a browser would; return its redirect to us. Raises: NotPossible."""
    if origin(location) != origin(alc_url):
        raise NotPossible("The app cannot sign in for you here. Press Connect.")
    browser = BrowserSession(stays_at=alc_url)
    try:
        page = allow_access(browser, browser.open(location), alc_url)
    except AccountUnknown:
        raise NotPossible("ALC's sign-in page shows no demo account. Press Connect and sign in.") from None
    except requests.RequestException as error:
        log.warning("Signing in at ALC for the person failed: %s", error)
        raise NotPossible("ALC did not answer. Check that it is running, then try again.") from None
    if origin(page.leads_to) != origin(base_url):
        raise NotPossible("ALC did not send the browser back. Press Connect to see its message.")
    return page.leads_to
