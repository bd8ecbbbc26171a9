"""ALC in virtual time: its leads and webhooks, and what its agent decides and learns."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from standardwebhooks import Webhook

from alc_app.attio.http import FetchResponse
from tests.support.fakes.authorization import AuthorizationServer
from tests.support.fakes.clock import Clock, Numbers
from tests.support.fakes.messages import Message, Request
from tests.support.fakes.runtime import POST_LEAD, answer

PROCESSING = "processing"
OVERLAP = 86_400.0
"""Seconds for which a webhook signs with its previous secret too."""
DECIDED = ("Complete", "Failed")
UNKNOWN = {"error": {"message": "Unknown."}}


@dataclass
class AlcLead:
    """A chat."""

    id: str
    record_id: str
    body: Mapping[str, str]
    """What was asked for."""
    started: int
    """The moment."""
    first_try: int
    """The moment at which a request with its key left for ALC, perhaps in vain."""
    created_at: str
    status: str = PROCESSING
    interest: str | None = None
    decided_at: str | None = None
    decided: int = 0
    """The moment."""
    ever_said: set[tuple[str, str | None]] = field(default_factory=set)
    """Every verdict that there was, with the interest."""
    told: Sequence[Message] = ()
    """The messages of the last one."""
    is_lost: bool = False
    """Has ALC lost it?"""

    @property
    def is_under_way(self) -> bool:
        """Does the agent chat?"""
        return self.status == PROCESSING and not self.is_lost

    def as_json(self) -> dict[str, Any]:
        """The lead as the API shows it."""
        shown = ("id", "record_id", "status", "interest", "created_at", "decided_at")
        return {name: getattr(self, name) for name in shown}


class Alc:
    """ALC."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._numbers = Numbers()
        self.leads: dict[str, AlcLead] = {}
        """By idempotency key."""
        self.first_tries: dict[str, int] = {}
        """By idempotency key: the moment of the first request, also of one that never arrived."""
        self.webhooks: dict[str, dict[str, str]] = {}
        self.secrets: dict[str, list[str]] = {}
        """Of each webhook that there ever was, the newest first."""
        self.previous_until: dict[str, float] = {}
        """Until when a webhook signs with its previous secret too."""
        self.authorization = AuthorizationServer(clock)
        self.messages: list[Message] = []

    def decide(self, lead: AlcLead, status: str, interest: str | None) -> list[Message]:
        """The agent comes to a verdict, or changes its mind; every webhook is told."""
        lead.status, lead.interest = status, interest
        lead.decided_at, lead.decided = self._clock.stamp(), self._clock.moment()
        lead.ever_said.add((status, interest))
        told = {"lead_id": lead.id, "record_id": lead.record_id, "status": status, "occurred_at": lead.decided_at}
        lead.told = self._announce("lead.processed", {"event": "lead.processed", "interest": interest, **told})
        return list(lead.told)

    def learn(self, lead: AlcLead) -> list[Message]:
        """The chat reveals a name and an email address that nobody knew; every webhook is told."""
        learned = {"prospectId": lead.id, "prospectName": f"Ada {lead.id}", "prospectEmail": f"{lead.id}@example.com"}
        return self._announce("prospect.updated", {"event": "prospect_updated", "data": learned})

    def sign(self, message: Message) -> Request | None:
        """The message as it is sent now; None if its webhook is gone."""
        if message.webhook_id not in self.webhooks:
            return None
        now, text = datetime.fromtimestamp(self._clock.now, UTC), message.body.decode()
        known = 2 if self._clock.now < self.previous_until.get(message.webhook_id, 0) else 1
        secrets = self.secrets[message.webhook_id][:known]
        signatures = [Webhook(secret).sign(message.id, now, text) for secret in secrets]
        headers = {
            "webhook-id": message.id,
            "webhook-timestamp": str(int(self._clock.now)),
            "webhook-signature": " ".join(signatures),
        }
        return Request(self.webhooks[message.webhook_id]["url"], headers, message.body)

    def answer(
        self, method: str, path: str, query: dict[str, str], headers: Mapping[str, str], body: Any
    ) -> FetchResponse:
        """Answer one request."""
        if path == "/oauth/token":
            return self.authorization.token(body)
        if path == "/oauth/revoke":
            return self.authorization.revoke(body["token"])
        if not self.authorization.takes(headers["Authorization"]):
            return answer(401)
        if path.startswith("/api/v1/webhooks"):
            return self._webhooks(method, path, query, body)
        if (method, path) == POST_LEAD:
            return self._create(headers["Idempotency-Key"], body)
        return self._read(path, query)

    def _create(self, key: str, body: Mapping[str, str]) -> FetchResponse:
        if key not in self.leads:
            lead_id = f"lead_{len(self.leads) + 1}"
            moment = self._clock.moment()
            first_try = self.first_tries.setdefault(key, moment)
            self.leads[key] = AlcLead(lead_id, body["recordId"], dict(body), moment, first_try, self._clock.stamp())
        lead = self.leads[key]
        if lead.body != body:
            error = {"code": "idempotency_key_reused", "message": "This key was used with another body."}
            return answer(422, {"error": error})
        return answer(201, lead.as_json())

    def _read(self, path: str, query: Mapping[str, str]) -> FetchResponse:
        known = {key: lead for key, lead in self.leads.items() if not lead.is_lost}
        if path == "/api/v1/leads" and "idempotency_key" in query:
            found = [lead.as_json() for key, lead in known.items() if key == query["idempotency_key"]]
            return answer(200, {"leads": found, "next_cursor": None})
        if path == "/api/v1/leads":
            newest_first = [lead.as_json() for lead in reversed(known.values())]
            return answer(200, {"leads": newest_first, "next_cursor": None})
        asked_for = [lead for lead in known.values() if path == f"/api/v1/leads/{quote(lead.id)}"]
        return answer(200, asked_for[0].as_json()) if asked_for else answer(404, UNKNOWN)

    def _webhooks(self, method: str, path: str, query: Mapping[str, str], body: Any) -> FetchResponse:
        webhook_id, _, action = path.removeprefix("/api/v1/webhooks").strip("/").partition("/")
        if method == "POST" and not webhook_id:
            return self._register(body)
        if method == "GET":
            named = [each for each in self.webhooks.values() if each["name"] == query.get("name", each["name"])]
            return answer(200, {"webhooks": named})
        if webhook_id not in self.webhooks:
            return answer(404, UNKNOWN)
        if method == "DELETE":
            del self.webhooks[webhook_id]
            return answer(204)
        is_rotated = action == "rotate-secret"
        return answer(200, self._rotate(webhook_id, body["secret"]) if is_rotated else self.webhooks[webhook_id])

    def _rotate(self, webhook_id: str, secret: str) -> dict[str, str]:
        if secret != self.secrets[webhook_id][0]:
            self.secrets[webhook_id].insert(0, secret)
            self.previous_until[webhook_id] = int(self._clock.now) + OVERLAP
        ends = datetime.fromtimestamp(self.previous_until.get(webhook_id, self._clock.now), UTC).isoformat()
        return {**self.webhooks[webhook_id], "previous_secret_expires_at": ends}

    def _register(self, body: Mapping[str, str]) -> FetchResponse:
        if any(webhook["name"] == body["name"] for webhook in self.webhooks.values()):
            return answer(409, {"error": {"message": "There is one."}})
        webhook_id = f"wh_{next(self._numbers)}"
        shown = {name: body[name] for name in ("name", "url", "event")}
        self.webhooks[webhook_id] = {"webhook_id": webhook_id, **shown, "status": "active"}
        self.secrets[webhook_id] = [body["secret"]]
        return answer(201, {**self.webhooks[webhook_id], "secret": body["secret"]})

    def _announce(self, event: str, body: Mapping[str, Any]) -> list[Message]:
        text = json.dumps(body).encode()
        heard = [webhook_id for webhook_id, webhook in self.webhooks.items() if webhook["event"] == event]
        told = [Message(webhook_id, f"msg_{next(self._numbers)}", text) for webhook_id in heard]
        self.messages += told
        return told
