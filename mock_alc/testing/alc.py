"""ALC in a test: get tokens, decide leads, set faults, and check what ALC received and delivered."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from mock_alc.base.paging import every_delivery
from mock_alc.base.refusals import error_text
from mock_alc.control import matching
from mock_alc.grading.receiver import grade
from mock_alc.grading.report import Report
from mock_alc.services import Services
from mock_alc.testing.person import Person
from mock_alc.testing.serving import LocalServer

Json = dict[str, Any]
__tracebackhide__ = matching.__tracebackhide__
LEAD = {"recordId": "1", "name": "Ada Lovelace", "phoneNumber": "+442071838750"}


class Refused(AssertionError):
    """The mock did not do what the test asked of it; the message is its answer."""


class Alc:
    """One mock. Its time is virtual: `wait_until_idle` and `advance` let days pass at once."""

    def __init__(self, app: Flask) -> None:
        """Wrap the application of a mock whose background worker runs."""
        self.app = app
        self._services: Services = app.extensions["mock_alc"]
        self._served: list[LocalServer] = []

    @property
    def url(self) -> str:
        """The base URL, which is the OAuth issuer too."""
        return self._services.config.issuer

    def token(self, **wanted: str) -> str:
        """Return an access token, as if a person had consented; `scope`, `account` and `client_id` are optional."""
        return str(self.tokens(**wanted)["access_token"])

    def tokens(self, **wanted: str) -> Json:
        """Return the JSON of the token endpoint: access and refresh token, lifetime and scope."""
        return self._control("POST", "tokens", wanted)

    def client(self, *redirect_uris: str, **wanted: Any) -> Json:
        """Register an OAuth client; returns `client_id`, `client_secret` and how it authenticates."""
        return self._control("POST", "clients", {"redirect_uris": list(redirect_uris), **wanted})

    def consent(self, authorization_url: str, decision: str = "allow") -> str:
        """Act as the person in the browser: open the URL, sign in, `allow` or `deny`; returns the redirect's URL."""
        return Person(self.app, self._services.config).decide(authorization_url, decision)

    def send_lead(self, *, token: str | None = None, idempotency_key: str | None = None, **changes: str) -> Json:
        """Send a lead as a client would; `recordId`, `name` and `phoneNumber` have defaults. Returns the lead."""
        headers = {"Idempotency-Key": idempotency_key} if idempotency_key else {}
        return self._api("POST", "leads", {**LEAD, **changes}, token, headers)

    def register_webhook(
        self, url: str, event: str = "lead.processed", *, name: str = "test", token: str | None = None, **more: Any
    ) -> Json:
        """Register a webhook as a client would; returns it with its `secret`, which is new unless `more` has one."""
        return self._api("POST", "webhooks", {"name": name, "url": url, "event": event, **more}, token)

    def serve(self, app: Callable[..., Any]) -> str:
        """Run a WSGI application, such as the receiver under test, until the test ends; returns its URL."""
        self._served.append(LocalServer(app))
        return self._served[-1].url

    def decide(self, lead: Json | str, interest: str = "interested", status: str | None = None) -> Json:
        """Let the agent decide now, and deliver the verdict; `interest` may be not_interested or no_answer."""
        wanted = {"interest": interest, **({"status": status} if status else {})}
        lead_id = lead if isinstance(lead, str) else str(lead["id"])
        decided = self._control("POST", f"leads/{lead_id}/decide", wanted)
        self._services.time.advance(0)
        return decided

    def update_prospect(
        self, prospect_id: str = "1", name: str = "Ada Lovelace", email: str = "ada@example.com"
    ) -> None:
        """Deliver changed data of a person to the webhooks for `prospect.updated`.

        The agent itself names the lead's id as `prospect_id`.
        """
        self._control("POST", "prospects", {"prospectId": prospect_id, "prospectName": name, "prospectEmail": email})
        self._services.time.advance(0)

    def resend(self, delivery: Json | str) -> None:
        """Send a delivery again, under the same id."""
        self._control("POST", f"deliveries/{delivery if isinstance(delivery, str) else delivery['id']}/resend")
        self._services.time.advance(0)

    def fail_next(self, where: str, trouble: str | None = None, *, status: int | None = None, **more: Any) -> Json:
        """Make the next request or delivery fail.

        `where` is a route (`"POST /api/v1/leads"`) or an event (`"lead.processed"`, `"*"`). What goes wrong is a
        `status`, or a `trouble` such as drop, rate_limited, garbage; or for events bad_signature, duplicate, stale…
        `times`, `skip`, `match`, `effect` and the other fields of `POST /_mock/faults` may be given.
        """
        fault = {"route" if " " in where else "delivery": where, **more}
        fault |= {"trouble": trouble} if trouble else {}
        fault |= {"answer": {"status": status or 503}} if not trouble and " " in where else {}
        return self._control("POST", "faults", fault)

    def scenario(self, name: str, **which: str) -> Json:
        """Begin a scenario for the next lead, the next lead of a `record_id`, or an undecided lead (`lead_id`).

        Returns it with `does`, `ends` and `crm_status`: the end state of a correct app.
        """
        return self._control("POST", f"scenarios/{name}", which)

    def advance(self, seconds: float) -> None:
        """Advance the clock; everything that became due has been done when this returns."""
        self._services.time.advance(seconds)

    def wait_until_idle(self, at_most: float = 30 * 86_400) -> None:
        """Advance the clock until every lead is decided and no delivery is pending, retries included.

        Raises Refused if that takes longer than `at_most` seconds of virtual time.
        """
        if not self._services.time.run_until_idle(timedelta(seconds=at_most)):
            raise Refused(f"After {at_most:g} seconds of its time the mock still had something to do.")

    def leads(self) -> list[Json]:
        """Return every lead, oldest first."""
        return list(self._control("GET", "leads")["leads"])

    def deliveries(self, event: str | None = None, **fields: Any) -> list[Json]:
        """Return the deliveries with their attempts, oldest first; with `fields`, those whose body has them."""
        lead_id = fields.get("lead_id")
        found = every_delivery(self._get, event=event, lead_id=lead_id if isinstance(lead_id, str) else None)
        return [one for one in found if not matching.differences(fields, one["body"])]

    def delivered(self, event: str = "lead.processed", *, times: int | None = None, **fields: Any) -> list[Json]:
        """Return the deliveries that were answered 2xx; if there is none, fail and show the others."""
        wanted = {"event": event, "state": "delivered", "body": fields}
        return matching.require_matches("delivery", wanted, every_delivery(self._get), times)

    def requests(self) -> list[Json]:
        """Return the API and OAuth requests that came in, oldest first; secrets are masked."""
        return list(self._control("GET", "requests")["requests"])

    def received(
        self, method: str, path: str, *, body: Any = None, headers: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None, status: int | None = None, times: int | None = None,
    ) -> list[Json]:  # fmt: skip
        """Return the requests that fit; if there is none, or not exactly `times`, fail and show the nearest."""
        wanted: Json = {"method": method.upper(), "path": path, "body": body, "query": query, "status": status}
        wanted["headers"] = {name.title(): value for name, value in (headers or {}).items()}
        wanted = {name: value for name, value in wanted.items() if value}
        return matching.require_matches("request", wanted, self.requests(), times)

    def grade(self, url: str, secret: str, **options: Any) -> Report:
        """Grade the receiver at this URL, as `mock-alc grade` does; `str(report)` lists what failed."""
        return grade(url, secret, **options)

    def reset(self) -> None:
        """Return to the state after a first start, and stop what `serve` started."""
        while self._served:
            self._served.pop().close()
        self._services.reset()

    def _get(self, path: str) -> Json:
        return self._control("GET", path)

    def _control(self, method: str, path: str, body: Any = None) -> Json:
        return self._ask(method, f"/_mock/{path}", body, {})

    def _api(
        self, method: str, path: str, body: Any, token: str | None, headers: Mapping[str, str] | None = None
    ) -> Json:
        bearer = {"Authorization": f"Bearer {token or self.token()}"}
        return self._ask(method, f"/api/v1/{path}", body, {**bearer, **(headers or {})})

    def _ask(self, method: str, path: str, body: Any, headers: Mapping[str, str]) -> Json:
        response: TestResponse = self.app.test_client().open(
            path, method=method, json=body, headers=dict(headers), base_url=self.url
        )
        if response.status_code >= 400:
            said = error_text(response.get_json(silent=True)) or response.text.strip()
            raise Refused(f"{method} {path} was answered {response.status_code}. {said}")
        answer: Json = response.get_json()
        return answer
