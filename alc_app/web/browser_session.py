"""A person at a browser, without the browser: opens pages, follows redirects, fills in the form that a page shows."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import requests

from alc_app.runtime.http_client import new_session

MOST_REDIRECTS = 8


@dataclass
class Form:
    """A form that is posted: where to, and what is filled in already."""

    action: str
    fields: dict[str, str] = field(default_factory=dict)
    choices: dict[str, list[str]] = field(default_factory=dict)
    """The values of its buttons, by their name."""


@dataclass(frozen=True)
class Page:
    """What came back. `leads_to` is a redirect that was not followed."""

    url: str
    status: int
    text: str
    leads_to: str = ""

    def form(self, action: str = "") -> Form | None:
        """The first form that is posted, or the one with this action."""
        forms = _Forms()
        forms.feed(self.text)
        return next((form for form in forms.found if action in ("", form.action)), None)

    def meta(self, name: str) -> str:
        """The content of a `<meta>`."""
        forms = _Forms()
        forms.feed(self.text)
        return forms.meta.get(name, "")


class BrowserSession:
    """One browser, with its cookies. With `stays_at`, a redirect to any other origin is not followed."""

    def __init__(self, stays_at: str = "") -> None:
        self.session, self._stays_at = new_session(), stays_at

    def open(self, url: str) -> Page:
        """Go to an address. Raises: requests.RequestException."""
        return self._arrive(self.session.get(url))

    def submit(self, page: Page, form: Form, **fields: str) -> Page:
        """Send a form of a page, filled in as it is and with these. Raises: requests.RequestException."""
        target = urljoin(page.url, form.action) if form.action else page.url
        return self._arrive(self.session.post(target, data=form.fields | fields, headers={"Referer": page.url}))

    def _arrive(self, response: requests.Response) -> Page:
        for _ in range(MOST_REDIRECTS):
            if not response.headers.get("Location") or not 300 <= response.status_code < 400:
                break
            target = urljoin(response.url, response.headers["Location"])
            if self._stays_at and origin(target) != origin(self._stays_at):
                return Page(response.url, response.status_code, "", leads_to=target)
            response = self.session.get(target)
        return Page(response.url, response.status_code, response.text)


class AccountUnknown(Exception):
    """ALC's sign-in page names no account, so only a person can sign in."""


def allow_access(browser: BrowserSession, page: Page, alc: str) -> Page:
    """Sign in at ALC with the account that its page names, allow, and go where that leads. Raises: AccountUnknown."""
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
    """Scheme, and host with port."""
    parts = urlsplit(url)
    return parts.scheme, parts.netloc


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[Form] = []
        self.meta: dict[str, str] = {}
        self._inside: Form | None = None

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
