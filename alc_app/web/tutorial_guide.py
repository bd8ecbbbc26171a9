"""What the tutorial asks for (`pages/guide.py`): the log of exchanges, and somebody who signs in at ALC."""

from __future__ import annotations

import logging
from typing import Any

import requests

from alc_app.pages import NotPossible
from alc_app.runtime.services import Services
from alc_app.web.browser_session import AccountUnknown, Visitor, allow_access, origin

log = logging.getLogger(__name__)


class Guide:
    """The guide of this house."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self.may_act = services.config.env == "development" and not services.config.uses_real_attio

    def messages_after(self, number: int) -> list[dict[str, Any]]:
        """The next messages of the log."""
        return self._services.exchanges.after(number)

    def note(self, label: str) -> None:
        """Note what the user did in the browser."""
        self._services.exchanges.note("User", "Attio UI", label)

    def log_in(self, address: str) -> str:
        """Walk through ALC's own pages as a browser would. Raises: NotPossible."""
        alc = self._services.config.alc_url
        if not self.may_act or origin(address) != origin(alc):
            raise NotPossible("Only the person can sign in here. Press Connect.")
        visitor = Visitor(stays_at=alc)
        try:
            page = allow_access(visitor, visitor.open(address), alc)
        except AccountUnknown:
            raise NotPossible("ALC's sign-in page names no account to use. Press Connect and sign in.") from None
        except requests.RequestException as error:
            log.warning("ALC's pages could not be walked through: %s", error)
            raise NotPossible("ALC did not answer. Check that it is running, then try again.") from None
        if origin(page.leads_to) != origin(self._services.config.base_url):
            raise NotPossible("ALC did not send the browser back. Press Connect and see what it says.")
        return page.leads_to
