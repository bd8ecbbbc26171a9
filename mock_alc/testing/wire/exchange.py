"""One exchange on the wire: a request to a mock, or one attempt of a mock to deliver a webhook."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from mock_alc.base.refusals import error_text

APP, TEST, BROWSER = "your app", "test", "browser"
UNREADABLE = ("drop", "cut", "garbage", "truncated")
"""Troubles after which the caller does not know what the mock has done."""


@dataclass(frozen=True)
class Exchange:
    """Who called whom, what was answered, and what the mock knows about it. Secrets are masked."""

    at: datetime
    """When it began, by the clock of the mock."""
    sender: str
    receiver: str
    method: str
    path: str
    """Of a request: its path. Of a delivery: the URL of the webhook."""
    event: str | None = None
    """Of a delivery: its event. None for a request."""
    headers: Mapping[str, str] | None = None
    """None if nothing was sent."""
    body: Any = None
    query: Mapping[str, str] | None = None
    status: int | None = None
    """The status that the sender saw; None if it got no answer."""
    error: str | None = None
    """Why there was no answer."""
    answer_body: Any = None
    answer_headers: Mapping[str, str] | None = None
    retry_after: float = 0
    """Seconds that the answer asks to wait."""
    trouble: str | None = None
    """The fault that was applied, by its name in the control API."""
    fault: str = ""
    """The fault in words; empty if there was none."""
    done: bool = False
    """Whether the mock did what the request asks for, whatever the sender saw."""
    forged: bool = False
    """Of a delivery: whether its signature must be refused."""
    delivery_id: str = ""
    attempt: int = 1
    milliseconds: int | None = None
    grant: str | None = None
    """The OAuth grant that the request's token belongs to, as far as the mock knows."""

    @property
    def what(self) -> str:
        """The event of a delivery, with the number of a repeated attempt, or the method and path of a request."""
        if self.event is None:
            return f"{self.method} {self.path}"
        return self.event if self.attempt == 1 else f"{self.event} (attempt {self.attempt})"

    @property
    def about(self) -> str:
        """What of the body matters: record, lead, and a status or a kind."""
        fields = {**(self.query or {}), **_fields(self.body), **_fields(_fields(self.body).get("data"))}
        record = _first(fields, "recordId", "record_id", "prospectId")
        lead = _first(fields, "lead_id") or (_first(_fields(self.answer_body), "id") if self._makes_a_lead else "")
        kind = _first(fields, "status", "grant_type", "name" if "url" in fields else "")
        parts = [f"record {record}" if record else "", shorten(lead), kind]
        return ", ".join(part for part in parts if part)

    @property
    def answer(self) -> str:
        """The status with what of the answer matters, or why there is no answer."""
        if self.status is None:
            return self.error or "no answer yet"
        body = _fields(self.answer_body)
        code = _first(_fields(body.get("error")), "code") or _first(body, "error", "code")
        return f"{self.status} {code}".rstrip()

    @property
    def refusal(self) -> str:
        """The sentences of an error answer, of ALC's, OAuth's or Attio's form; empty if there are none."""
        body = _fields(self.answer_body)
        problems = body.get("validation_errors")
        places = [_place(one) for one in problems] if isinstance(problems, list) else []
        return error_text(body) or " ".join([_first(body, "error_description", "message"), *places]).strip()

    @property
    def signature(self) -> str:
        """Of a delivery that was sent: what a correct receiver finds. Empty for a request."""
        if self.event is None or self.headers is None:
            return ""
        return f"forged: {self.fault}" if self.forged else "right"

    @property
    def ok(self) -> bool:
        """Whether the answer was a 2xx."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def leaves_in_doubt(self) -> bool:
        """Whether the caller of this request cannot know if the mock did what was asked."""
        return self.trouble in UNREADABLE or (self.status or 0) >= 500

    @property
    def ended(self) -> datetime:
        """When it was answered, by the clock of the mock."""
        return self.at + timedelta(milliseconds=self.milliseconds or 0)

    @property
    def record_id(self) -> str:
        """The record that the body is about; empty if it names none."""
        return _first(_fields(self.body), "recordId", "record_id")

    @property
    def webhook_id(self) -> str:
        """The webhook that this request has registered; empty if it has not."""
        registered = self.done and (self.method, self.path) == ("POST", "/api/v1/webhooks")
        return _first(_fields(self.answer_body), "webhook_id") if registered else ""

    def header(self, name: str) -> str | None:
        """Return the value of a header of the request or delivery."""
        return next((value for key, value in (self.headers or {}).items() if key.lower() == name.lower()), None)

    @property
    def _makes_a_lead(self) -> bool:
        return self.done and (self.method, self.path) == ("POST", "/api/v1/leads")


def shorten(text: str, longest: int = 13) -> str:
    """Return a text, such as an id, cut to `longest` characters."""
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def _place(problem: Any) -> str:
    """Return what Attio says of one field: where it is, and what is wrong."""
    one = _fields(problem)
    return f"{'.'.join(map(str, one.get('path', [])))}: {one.get('message', '')}"


def _fields(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _first(fields: Mapping[str, Any], *names: str) -> str:
    """Return the first of these fields that is a text or a number."""
    found = (fields.get(name) for name in names)
    return next((str(one) for one in found if isinstance(one, str | int)), "")
