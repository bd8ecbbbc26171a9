"""A small integration with ALC that keeps every promise, and can be told to make one mistake."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from uuid import uuid4

import requests
from flask import Flask, Response, request
from standardwebhooks import Webhook, WebhookVerificationError

from mock_alc.testing.alc import Alc
from mock_alc.testing.storm.happening import Happening

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
MISTAKES = {
    "new key for each try": ("one_chat", "answer lost_after, click"),
    "new key after a refusal": ("one_chat", "answer 500_after, answer 500_after, answer 500_after, click, click"),
    "two at once": ("one_chat", "answer slow, click twice"),
    "gives up silently": ("clicks_arrive", "answer 429_date, click"),
    "stays busy": ("recovers", "answer 503, answer 503, answer 503, click, click"),
    "stays open": ("recovers", "answer 503, answer 503, answer 503, click"),
    "last one wins": ("reflected", "next_verdict out_of_order, click"),
    "answers before it stores": ("reflected", "click, verdict no_answer"),
    "pending after the answer": ("reflected", "next_verdict early, click"),
    "shows no pending": ("under_way_shown", "click"),
    "pending before ALC has taken it": ("never_backwards", "click, verdict interested, answer 429_date, click"),
    "verifies nothing": ("forgeries_refused", "click, verdict tampered_body"),
    "old ones are taken": ("forgeries_refused", "click, verdict stale"),
    "knows every field": ("right_ones_taken", "click, verdict extra_fields"),
    "knows every event": ("right_ones_taken", "next_verdict unknown_event, click"),
    "fails on a duplicate": ("right_ones_taken", "click, verdict answer_lost"),
    "knows one signature": ("right_ones_taken", "click, verdict two_signatures"),
    "reads seconds only": ("dates_read", "answer 429_date, click"),
    "asks again at once": ("rates_kept", "answer 429_seconds, click"),
}  # fmt: skip
"""Each mistake, the promise that it breaks, and a day that shows it."""


def a_day(text: str) -> list[Happening]:
    """Read a day as it is written in MISTAKES."""
    words = [each.partition(" ") for each in text.split(", ")]
    return [Happening(do, 1, how) for do, _, how in words]


class LittleApp:
    """The integration. Its CRM is a dict."""

    def __init__(self, alc_url: str, token: Callable[[], str], mistake: str = "") -> None:
        self.mistake, self._url, self._token = mistake, alc_url, token
        self._keys: dict[str, str] = {}
        self._locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
        self._open: set[str] = set()
        self._is_busy = False
        self._known: set[str] = set()
        self.crm: dict[str, tuple[str, str]] = {}  # by record: the time of what it says, and the status
        self.secret = SECRET
        self.web = Flask(__name__)
        self.web.post("/hook")(self._hook)

    def status(self, record_id: str) -> str | None:
        """What the CRM shows."""
        return self.crm[record_id][1] if record_id in self.crm else None

    def click(self, record_id: str) -> None:
        """Send a person; one at a time, and not while a chat is open."""
        if self.mistake == "two at once":
            return self._send(record_id)
        with self._locks[record_id]:
            if record_id in self._open:
                if self.mistake == "stays open":
                    raise RuntimeError("This person is being sent.")
                return None
            if self._is_busy:
                raise RuntimeError("Somebody else is being sent.")
            self._open.add(record_id)
            return self._send(record_id)

    def _send(self, record_id: str) -> None:
        if self.mistake == "pending before ALC has taken it":
            self.crm[record_id] = (self.crm.get(record_id, ("",))[0], "Pending")
        for _ in range(3):
            key = self._keys.setdefault(record_id, str(uuid4()))
            if self.mistake in ("new key for each try", "two at once"):
                self._keys.pop(record_id, None)
            try:
                answer = self._post(record_id, key)
                lead = answer.json() if answer.status_code == 201 else None
            except (requests.RequestException, ValueError):
                continue
            if lead:
                self._keys.pop(record_id, None)
                return self._mark_pending(record_id, lead)
            if answer.status_code == 429 and not self._asks_again(answer.headers["Retry-After"]):
                break
        if self.mistake != "stays open":
            self._open.discard(record_id)
        if self.mistake == "new key after a refusal":
            self._keys.pop(record_id, None)
        self._is_busy = self.mistake == "stays busy"
        if self.mistake != "gives up silently":
            raise RuntimeError("ALC could not be asked.")
        return None

    def _asks_again(self, retry_after: str) -> bool:
        """Tell whether somebody who is asked to wait asks again, which an honest one leaves to a person."""
        return self.mistake == "asks again at once" or (
            self.mistake == "reads seconds only" and retry_after.isdecimal()
        )

    def _post(self, record_id: str, key: str) -> requests.Response:
        body = {"recordId": record_id, "name": "Ada", "phoneNumber": "+442071838750"}
        headers = {"Authorization": f"Bearer {self._token()}", "Idempotency-Key": key}
        return requests.post(f"{self._url}/api/v1/leads", json=body, headers=headers, timeout=5)

    def _mark_pending(self, record_id: str, lead: dict[str, Any]) -> None:
        if self.mistake == "shows no pending":
            return
        if self.mistake == "pending after the answer" or self.crm.get(record_id, ("",))[0] < lead["created_at"]:
            self.crm[record_id] = (lead["created_at"], "Pending")

    def _hook(self) -> Response:
        body = self._verified()
        if body is None:
            return Response("Not signed by ALC.", 401)
        if self.mistake == "knows every field" and len(body) > 7:
            return Response("There is a field that I do not know.", 400)
        if self.mistake == "fails on a duplicate" and request.headers["Webhook-Id"] in self._known:
            return Response("UNIQUE constraint failed", 500)
        self._known.add(request.headers["Webhook-Id"])
        if body["event"] != "lead.processed":
            return Response("", 422 if self.mistake == "knows every event" else 200)
        if self.mistake == "answers before it stores" and body["interest"] == "no_answer":
            return Response("", 200)  # and whatever should have stored it has died
        if self.mistake == "last one wins" or self.crm.get(body["record_id"], ("",))[0] <= body["occurred_at"]:
            self.crm[body["record_id"]] = (body["occurred_at"], body["status"])
            self._open.discard(body["record_id"])
        return Response("", 200)

    def _verified(self) -> dict[str, Any] | None:
        raw, headers = request.get_data(), dict(request.headers)
        if self.mistake == "verifies nothing":
            return request.get_json()
        if self.mistake == "old ones are taken":
            return request.get_json() if "Webhook-Signature" in headers else None
        if self.mistake == "knows one signature":
            headers["Webhook-Signature"] = headers.get("Webhook-Signature", "").partition(" ")[0]
        try:
            return Webhook(self.secret).verify(raw, {name.lower(): value for name, value in headers.items()})
        except WebhookVerificationError:
            return None


class ConnectedApp(LittleApp):
    """The same with a connection: a webhook at ALC, which is made and deleted."""

    def __init__(self, alc: Alc, mistake: str = "") -> None:
        super().__init__(alc.url, alc.token, mistake)
        self._hook_url, self._webhooks = f"{alc.url}/api/v1/webhooks", [""]
        self._ours = alc.serve(self.web) + "/hook"
        self.connect()

    def connect(self) -> None:
        """Register a webhook, when whatever is left of an old one is deleted, and ask for what was missed."""
        if self.mistake == "takes any webhook for its own" and self._call("GET").json()["webhooks"]:
            return
        self.disconnect()
        body = {"name": "little", "url": self._ours, "event": "lead.processed", "secret": SECRET}
        self._webhooks = [self._call("POST", json=body).json()["webhook_id"]]
        self._is_busy = False
        if self.mistake != "asks for nothing":
            self._catch_up()

    def _catch_up(self) -> None:
        """Ask ALC about the chats that are under way."""
        headers = {"Authorization": f"Bearer {self._token()}"}
        for record_id in list(self._open):
            query = "" if self.mistake == "reads one page" else f"?record_id={record_id}"
            found = requests.get(f"{self._url}/api/v1/leads{query}", headers=headers, timeout=5).json()["leads"]
            for lead in [each for each in found if each["record_id"] == record_id][:1]:
                if lead["decided_at"] and self.crm.get(record_id, ("",))[0] <= lead["decided_at"]:
                    self.crm[record_id] = (lead["decided_at"], lead["status"])
                    self._open.discard(record_id)

    def disconnect(self) -> None:
        """Delete the webhooks that ALC has of us; or, which is a mistake, the one that we know of, once."""
        if self.mistake != "knows of one webhook":
            self._webhooks = [each["webhook_id"] for each in self._call("GET").json()["webhooks"]]
        for webhook_id in self._webhooks:
            for _ in range(1 if self.mistake else 3):
                with suppress(requests.RequestException):
                    if self._call("DELETE", f"/{webhook_id}").status_code in (204, 404):
                        break

    def _call(self, method: str, path: str = "", **body: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {self._token()}"}
        return requests.request(method, self._hook_url + path, headers=headers, timeout=5, **body)
