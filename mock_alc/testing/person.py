"""Signs in at ALC and answers the consent page over HTTP, so that a test needs no browser."""

import re
from html import unescape
from urllib.parse import urlsplit

from flask import Flask
from werkzeug.test import TestResponse

from mock_alc.config import Config


class ConsentNotRequested(AssertionError):
    """ALC did not show the consent page; the message has the text of the page that it showed."""


class Person:
    """A person with the demo account and a new browser session."""

    def __init__(self, app: Flask, config: Config) -> None:
        """Use a new test client of the application."""
        self._browser, self._config = app.test_client(), config

    def decide(self, authorization_url: str, decision: str) -> str:
        """Open the URL, sign in, and answer `allow` or `deny`.

        Returns the URL of the redirect to the client, with `code` or `error`. Raises ConsentNotRequested.
        """
        if not authorization_url.startswith(f"{self._config.issuer}/oauth/authorize"):
            raise ConsentNotRequested(
                f"{authorization_url} is not an address of {self._config.issuer}/oauth/authorize."
            )
        page = self._open(authorization_url)
        if 'name="password"' in page.text:
            secret = self._config.demo_password.get_secret_value()
            page = self._open(authorization_url, {"email": self._config.demo_email, "password": secret}, page)
            page = self._open(authorization_url) if page.status_code == 303 else page
        if 'name="decision"' in page.text:
            page = self._open(authorization_url, {"decision": decision}, page)
        location = page.headers.get("Location")
        if location is None:
            raise ConsentNotRequested(f"ALC answered {page.status_code} and did not redirect: {_words(page.text)}")
        return location

    def _open(self, url: str, form: dict[str, str] | None = None, page: TestResponse | None = None) -> TestResponse:
        parts = urlsplit(url)
        path = f"{parts.path}?{parts.query}"
        if form is None:
            return self._browser.get(path, base_url=self._config.issuer)
        hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page.text if page else ""))
        sent = {**{name: unescape(value) for name, value in hidden.items()}, **form}
        headers = {"Referer": self._config.issuer, "Origin": self._config.issuer}
        return self._browser.post(path, data=sent, base_url=self._config.issuer, headers=headers)


def _words(page: str) -> str:
    """Return what a page says, without its tags."""
    return " ".join(unescape(re.sub(r"(?s)<head>.*?</head>|<[^>]+>", " ", page)).split())[:300]
