"""A person at the browser, without the browser: follows links, fills in forms, presses buttons, reads the page."""

from __future__ import annotations

import html
import json
import re
from typing import Any
from urllib.parse import urljoin

import requests

from tests.support.waiting import eventually

Effect = dict[str, Any]


class User:
    """Somebody who uses the workspace. Cookies are kept; every answer is what a browser would get."""

    def __init__(self, app_url: str) -> None:
        self.app_url = app_url
        self.session = requests.Session()
        self.session.trust_env = False

    def get(self, path: str) -> requests.Response:
        """Open a page of the app."""
        return self.session.get(urljoin(self.app_url, path), timeout=60)

    def post(self, path: str, **kwargs: Any) -> requests.Response:
        """Post what a script of the page would post."""
        headers = {"X-CSRFToken": self.csrf_token(), **kwargs.pop("headers", {})}
        return self.session.post(urljoin(self.app_url, path), headers=headers, timeout=60, **kwargs)

    def csrf_token(self) -> str:
        """The token of the page."""
        return _found(r'<meta name="csrf-token" content="([^"]+)"', self.get("/apps/alc").text)

    def connect_alc(self, decision: str = "allow") -> requests.Response:
        """Installation 2-4: Connect, sign in at ALC with the account that its page names, allow; back on our page."""
        page = self.get("/connections/alc/connect")
        if 'name="password"' in page.text:
            page = self._submit(page)
        assert "asks for access" in page.text, page.text
        return self._submit(page, decision=decision)

    def disconnect_alc(self) -> requests.Response:
        """Removal: press Disconnect and confirm."""
        page = self.get("/apps/alc")
        assert "Disconnect" in page.text, "The install page shows no Disconnect."
        return self._submit(page, action="/connections/alc/disconnect")

    def catch_up(self) -> requests.Response:
        """Press "Catch up now" on the install page."""
        return self._submit(self.get("/apps/alc"), action="/apps/alc/catch-up")

    def change_settings(self, **values: str | None) -> requests.Response:
        """Fill in fields of the settings' page and press Save; None switches one off."""
        return self._submit(self.get("/settings"), action="/settings", **values)

    def is_connected(self) -> bool:
        """Does the install page offer to disconnect?"""
        return "/connections/alc/disconnect" in self.get("/apps/alc").text

    def click_send(self, record_id: str) -> list[Effect]:
        """Usage 3: press "Send to ALC" on a person's page; returns everything that happens on the screen."""
        response = self.post(f"/people/{record_id}/actions/send-to-alc", stream=True)
        assert response.status_code == 200, response.text
        return [json.loads(line) for line in response.iter_lines()]

    def field(self, record_id: str, name: str) -> str:
        """What the record page shows in a field, such as "ALC status"."""
        page = self.get(f"/people/{record_id}")
        assert page.status_code == 200, page.text
        shown = _found(rf"</svg>\s*{re.escape(name)}</dt><dd>(.*?)</dd>", page.text)
        return html.unescape(re.sub(r"<[^>]+>", "", shown)).strip()

    def sees_status(self, record_id: str, status: str) -> None:
        """Wait until the record page shows this status."""
        eventually(
            lambda: self.field(record_id, "ALC status") == status,
            what=lambda: f"ALC status is {self.field(record_id, 'ALC status')!r}, expected {status!r}",
        )

    def _submit(self, page: requests.Response, action: str = "", **extra: str | None) -> requests.Response:
        form = page.text
        if action:
            form = _found(rf'(<form[^>]*action="{re.escape(action)}".*?</form>)', page.text)
        fields = dict(_input(tag) for tag in re.findall(r"<input[^>]+>", form) if _is_sent(tag))
        target = urljoin(page.url, action) if action else page.url
        return self.session.post(target, data={**fields, **extra}, timeout=60, headers={"Referer": page.url})


def _is_sent(tag: str) -> bool:
    """Does a browser send it? A box that is not checked it does not."""
    return 'type="checkbox"' not in tag or " checked" in tag


def _input(tag: str) -> tuple[str, str]:
    value = re.search(r'value="([^"]*)"', tag)
    return _found(r'name="([^"]+)"', tag), html.unescape(value.group(1)) if value else ""


def _found(pattern: str, text: str) -> str:
    match = re.search(pattern, text, re.DOTALL)
    assert match, f"Nothing matches {pattern} in:\n{text[:3000]}"
    return match.group(1)
