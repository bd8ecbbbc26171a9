"""A minimal browser session: open pages, follow redirects and submit forms, with cookies."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import requests

from alc_app.runtime.http_client import new_session

MOST_REDIRECTS = 8


@dataclass
class Form:
    """A form with method POST: its address and its filled-in fields."""

    action: str
    fields: dict[str, str] = field(default_factory=dict)
    choices: dict[str, list[str]] = field(default_factory=dict)
    """The values of its buttons, by button name."""


@dataclass(frozen=True)
class Page:
    """A response. `leads_to` is a redirect that was not followed."""

    url: str
    status: int
    text: str
    leads_to: str = ""

    def form(self) -> Form | None:
        """Return the first POST form."""
        return next(iter(_Forms(self.text).found), None)

    def meta(self, name: str) -> str:
        """Return the content of a `<meta>`, or an empty text."""
        return _Forms(self.text).meta.get(name, "")


class BrowserSession:
    """One session, with its cookies."""

    def __init__(self, stays_at: str = "") -> None:
        """Start without cookies. With `stays_at`, do not follow redirects to any other origin."""
        self.session, self._stays_at = new_session(), stays_at

    def open(self, url: str) -> Page:
        """Open an address and follow redirects. Raises: requests.RequestException."""
        return self._follow(self.session.get(url))

    def submit(self, page: Page, form: Form, **fields: str) -> Page:
        """Submit a form of a page with its own fields and these. Raises: requests.RequestException."""
        target = urljoin(page.url, form.action) if form.action else page.url
        return self._follow(self.session.post(target, data=form.fields | fields, headers={"Referer": page.url}))

    def _follow(self, response: requests.Response) -> Page:
        for _ in range(MOST_REDIRECTS):
            if not response.headers.get("Location") or not 300 <= response.status_code < 400:
                break
            target = urljoin(response.url, response.headers["Location"])
            if self._stays_at and origin(target) != origin(self._stays_at):
                return Page(response.url, response.status_code, "", leads_to=target)
            response = self.session.get(target)
        return Page(response.url, response.status_code, response.text)


class AccountUnknown(Exception):
    """ALC's sign-in page fills in no account, so only a person can sign in."""


def allow_access(browser: BrowserSession, page: Page, alc: str) -> Page:
    """Sign in at ALC with the account filled in on its page, allow access, and return the last page.

    Raises: AccountUnknown, requests.RequestException.
    """
    for _ in range(3):
        form = page.form()
        if page.leads_to or origin(page.url) != origin(alc) or form is None:
            return page
        if "password" in form.fields and not form.fields["password"]:
            raise AccountUnknown
        allows = {name: "allow" for name, values in form.choices.items() if "allow" in values}
        page = browser.submit(page, form, **allows)
    return page


def origin(url: str) -> tuple[str, str]:
    """Return the scheme, and the host with the port."""
    parts = urlsplit(url)
    return parts.scheme, parts.netloc


class _Forms(HTMLParser):
    """Collects the POST forms and the meta elements of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[Form] = []
        self.meta: dict[str, str] = {}
        self._inside: Form | None = None
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "meta":
            self.meta[given.get("name", "")] = given.get("content", "")
        elif tag == "form":
            self._inside = Form(given.get("action", ""))
            if given.get("method", "").lower() == "post":
                self.found.append(self._inside)
        elif self._inside is not None and given.get("name"):
            if tag == "input":
                self._inside.fields[given["name"]] = given.get("value", "")
            elif tag == "button":
                self._inside.choices.setdefault(given["name"], []).append(given.get("value", ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._inside = None
