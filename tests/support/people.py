"""A user of the app without a browser: follows links, submits forms, presses buttons and reads pages, over HTTP."""

from __future__ import annotations

import html
import json
import re
from typing import Any
from urllib.parse import urljoin

import requests

from tests.support.waiting import eventually

Effect = dict[str, Any]
TOKEN = re.compile(r'<meta name="csrf-token" content="([^"]+)"')


class User:
    """A user of the workspace, with a cookie session."""

    def __init__(self, app_url: str) -> None:
        """Use the app at this origin."""
        self.app_url = app_url
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.hooks["response"].append(self._see_page)
        self._token = ""

    def sign_in(self, sub: str, path: str = "/people") -> requests.Response:
        """Open a page, choose this person at the demo's provider, and return the page that it leads back to."""
        page = self.get(path)
        assert "Who are you?" in page.text, page.text
        return self._submit(page, sub=sub)

    def sign_out(self) -> requests.Response:
        """Press "Sign out", and go where the page leads: to the provider, and back."""
        page = self.post("/sign-out")
        return self.session.get(html.unescape(_found(r'content="0;url=([^"]+)"', page.text)), timeout=60)

    def get(self, path: str) -> requests.Response:
        """Open a page of the app."""
        return self.session.get(urljoin(self.app_url, path), timeout=60)

    def post(self, path: str, **kwargs: Any) -> requests.Response:
        """Send a POST request with the CSRF token of the page that was seen last, as its scripts do."""
        ours = {"X-CSRFToken": self._token or self.csrf_token(), "Referer": f"{self.app_url}/apps/alc"}
        headers = {**ours, **kwargs.pop("headers", {})}
        return self.session.post(urljoin(self.app_url, path), headers=headers, timeout=60, **kwargs)

    def csrf_token(self) -> str:
        """Return the CSRF token of the install page."""
        return _found(TOKEN.pattern, self.get("/apps/alc").text)

    def connect_alc(self, decision: str = "allow") -> requests.Response:
        """Press Connect, sign in at ALC with the account that its page names, and allow or deny: Installation 2-4."""
        page = self.get("/connections/alc/connect")
        if 'name="password"' in page.text:
            page = self._submit(page)
        assert "asks for access" in page.text, page.text
        return self._submit(page, decision=decision)

    def disconnect_alc(self) -> requests.Response:
        """Press Disconnect and confirm."""
        page = self.get("/apps/alc")
        assert "Disconnect" in page.text, "The install page shows no Disconnect."
        return self._submit(page, action="/connections/alc/disconnect")

    def catch_up(self) -> requests.Response:
        """Press "Catch up now" on the install page."""
        return self._submit(self.get("/apps/alc"), action="/apps/alc/catch-up")

    def rotate_secrets(self) -> requests.Response:
        """Press "Rotate secrets" on the install page."""
        return self._submit(self.get("/apps/alc"), action="/apps/alc/rotate-secrets")

    def is_rotating(self) -> bool:
        """Return whether the install page shows a new secret of which ALC has not been told yet."""
        return "The app is sending it to ALC" in self.get("/apps/alc").text

    def change_settings(self, **values: str | None) -> requests.Response:
        """Fill in fields of the settings page and press Save; None switches a checkbox off."""
        return self._submit(self.get("/settings"), action="/settings", **values)

    def is_connected(self) -> bool:
        """Return whether the install page shows a connection."""
        return "/connections/alc/disconnect" in self.get("/apps/alc").text

    def click_send(self, record_id: str) -> list[Effect]:
        """Press "Send to ALC" on a person's page, and return every effect on the screen: Usage 3."""
        response = self.post(f"/people/{record_id}/actions/send-to-alc", stream=True)
        assert response.status_code == 200, response.text
        return [json.loads(line) for line in response.iter_lines()]

    def field(self, record_id: str, name: str) -> str:
        """Return what the record page shows in a field, such as "ALC status"."""
        page = self.get(f"/people/{record_id}")
        assert page.status_code == 200, page.text
        shown = _found(rf"</svg>\s*{re.escape(name)}</dt><dd>(.*?)</dd>", page.text)
        return html.unescape(re.sub(r"<[^>]+>", "", shown)).strip()

    def wait_for_status(self, record_id: str, status: str) -> None:
        """Wait until the record page shows this status."""
        eventually(
            lambda: self.field(record_id, "ALC status") == status,
            what=lambda: f"ALC status is {self.field(record_id, 'ALC status')!r}, expected {status!r}",
        )

    def _see_page(self, response: requests.Response, **_: object) -> None:
        if response.headers.get("Content-Type", "").startswith("text/html") and (found := TOKEN.search(response.text)):
            self._token = found.group(1)

    def _submit(self, page: requests.Response, action: str = "", **extra: str | None) -> requests.Response:
        form = page.text
        if action:
            form = _found(rf'(<form[^>]*action="{re.escape(action)}".*?</form>)', page.text)
        fields = dict(_input(tag) for tag in re.findall(r"<input[^>]+>", form) if _is_sent(tag))
        target = urljoin(page.url, action) if action else page.url
        return self.session.post(target, data={**fields, **extra}, timeout=60, headers={"Referer": page.url})


def _is_sent(tag: str) -> bool:
    """Return whether a browser submits this input: an unchecked checkbox is not submitted."""
    return 'type="checkbox"' not in tag or " checked" in tag


def _input(tag: str) -> tuple[str, str]:
    value = re.search(r'value="([^"]*)"', tag)
    return _found(r'name="([^"]+)"', tag), html.unescape(value.group(1)) if value else ""


def _found(pattern: str, text: str) -> str:
    match = re.search(pattern, text, re.DOTALL)
    assert match, f"Nothing matches {pattern} in:\n{text[:3000]}"
    return match.group(1)
