"""ALC in a test: get tokens, decide leads, set faults, and check what ALC received and delivered."""

from collections.abc import Mapping
from typing import Any

from flask import Flask

from mock_alc.base.paging import every_delivery
from mock_alc.double import matching
from mock_alc.double.driver import Driver, Json, Refused
from mock_alc.grading.receiver import grade
from mock_alc.grading.report import Report
from mock_alc.services import Services
from mock_alc.testing.person import Person

__all__ = ["Alc", "Refused"]
__tracebackhide__ = matching.__tracebackhide__


class Alc(Driver):
    """One mock of ALC. Its `url` is the OAuth issuer too."""

    name = "ALC"

    def __init__(self, app: Flask) -> None:
        """Wrap the application of a mock whose background worker runs."""
        self._services: Services = app.extensions["mock_alc"]
        super().__init__(app, self._services.config.issuer)

    def token(self, **wanted: str) -> str:
        """Return an access token, as if a person had consented; `scope`, `account` and `client_id` are optional."""
        return str(self.tokens(**wanted)["access_token"])

    def tokens(self, **wanted: str) -> Json:
        """Return the JSON of the token endpoint: access and refresh token, lifetime and scope."""
        return self.control("POST", "tokens", wanted)

    def client(self, *redirect_uris: str, **wanted: Any) -> Json:
        """Register an OAuth client; returns `client_id`, `client_secret` and how it authenticates."""
        return self.control("POST", "clients", {"redirect_uris": list(redirect_uris), **wanted})

    def consent(self, authorization_url: str, decision: str = "allow") -> str:
        """Act as the person in the browser: open the URL, sign in, `allow` or `deny`; returns the redirect's URL."""
        return Person(self.app, self._services.config).decide(authorization_url, decision)

    def send_lead(
        self,
        *,
        recordId: str = "1",  # noqa: N803 (as the API spells it)
        name: str = "Ada Lovelace",
        phoneNumber: str = "+442071838750",  # noqa: N803
        token: str | None = None,
        idempotency_key: str | None = None,
    ) -> Json:
        """Send a lead as a client would, and return it."""
        headers = {"Idempotency-Key": idempotency_key} if idempotency_key else {}
        body = {"recordId": recordId, "name": name, "phoneNumber": phoneNumber}
        return self._api("POST", "leads", body, token, headers)

    def register_webhook(
        self, url: str, event: str = "lead.processed", *, name: str = "test", token: str | None = None, **more: Any
    ) -> Json:
        """Register a webhook as a client would; returns it with its `secret`, which is new unless `more` has one."""
        return self._api("POST", "webhooks", {"name": name, "url": url, "event": event, **more}, token)

    def decide(self, lead: Json | str, interest: str = "interested", status: str | None = None) -> Json:
        """Let the agent decide now, and deliver the verdict; `interest` may be not_interested or no_answer."""
        wanted = {"interest": interest, **({"status": status} if status else {})}
        lead_id = lead if isinstance(lead, str) else str(lead["id"])
        decided = self.control("POST", f"leads/{lead_id}/decide", wanted)
        self._services.time.advance(0)
        return decided

    def update_prospect(
        self, prospect_id: str = "1", name: str = "Ada Lovelace", email: str = "ada@example.com"
    ) -> None:
        """Deliver changed data of a person to the webhooks for `prospect.updated`.

        The agent itself names the lead's id as `prospect_id`.
        """
        self.control("POST", "prospects", {"prospectId": prospect_id, "prospectName": name, "prospectEmail": email})
        self._services.time.advance(0)

    def resend(self, delivery: Json | str) -> None:
        """Send a delivery again, under the same id."""
        self.control("POST", f"deliveries/{delivery if isinstance(delivery, str) else delivery['id']}/resend")
        self._services.time.advance(0)

    def scenario(self, name: str, **which: str) -> Json:
        """Begin a scenario for the next lead, the next lead of a `record_id`, or an undecided lead (`lead_id`).

        Returns it with `does`, `ends` and `crm_status`: the end state of a correct app.
        """
        return self.control("POST", f"scenarios/{name}", which)

    def leads(self) -> list[Json]:
        """Return every lead, oldest first."""
        return list(self.control("GET", "leads")["leads"])

    def deliveries(self, event: str | None = None, **fields: Any) -> list[Json]:
        """Return the deliveries with their attempts, oldest first; with `fields`, those whose body has them."""
        if event is not None:
            self._require_event(event)
        lead_id = fields.get("lead_id")
        found = every_delivery(self._get, event=event, lead_id=lead_id if isinstance(lead_id, str) else None)
        return [one for one in found if not matching.differences(fields, one["body"])]

    def delivered(self, event: str = "lead.processed", *, times: int | None = None, **fields: Any) -> list[Json]:
        """Return the deliveries that were answered 2xx; if there is none, fail and show the others, or say why."""
        self._require_event(event)
        wanted = {"event": event, "state": "delivered", "body": fields}
        return matching.require_matches("delivery", wanted, every_delivery(self._get), times, self._why_none)

    def grade(self, url: str, secret: str, **options: Any) -> Report:
        """Grade the receiver at this URL, as `mock-alc grade` does; `str(report)` lists what failed."""
        return grade(url, secret, **options)

    def reset(self) -> None:
        """Return to the state after a first start, and stop what `serve` started."""
        self.stop_serving()
        self._services.reset()

    def _why_none(self) -> str:
        """Return why nothing was delivered, as a sentence with a space before it."""
        state = self._get("state")
        if not state["webhooks"].get("active"):
            return " No webhook is active: register one with register_webhook(url), before the lead is decided."
        if waiting := state["leads"].get("processing"):
            leads = "1 lead is" if waiting == 1 else f"{waiting} leads are"
            return f" {leads} not decided yet: call decide(lead) or wait_until_idle()."
        if not state["leads"]:
            return " A webhook is registered, but no lead was sent."
        return " The leads were decided before the webhook was registered, or it is registered for another event."

    def _get(self, path: str) -> Json:
        return self.control("GET", path)

    def _api(
        self, method: str, path: str, body: Any, token: str | None, headers: Mapping[str, str] | None = None
    ) -> Json:
        bearer = {"Authorization": f"Bearer {token or self.token()}"}
        return self._ask(method, f"/api/v1/{path}", body, {**bearer, **(headers or {})})
