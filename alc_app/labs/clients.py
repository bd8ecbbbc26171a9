"""The two other ends as a lab meets them: ALC's control door, and the records and the control door of the stand-in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from alc_app.attio.http import FetchResponse
from alc_app.clients.attio_api import text_of
from alc_app.runtime.http_client import Http

MADE_BY = "Made by a lab, and deleted after it"
Json = dict[str, Any]


class LabFailed(Exception):
    """A lab cannot go on; the message is a whole sentence, for the page."""


class Alc:
    """ALC. What a lab needs to know it asks with a token, as any customer does; what it breaks, at the control door."""

    def __init__(self, http: Http, url: str) -> None:
        self._http, self._url = http, url

    def control_is_open(self) -> bool:
        """May a lab break things here?"""
        return self._http.request("GET", f"{self._url}/_mock/state", headers={}).ok

    def new_tokens(self, client_id: str, account: str) -> Json:
        """Tokens of an account, as if somebody had consented."""
        return self._call("POST", "/_mock/tokens", {"client_id": client_id, "account": account})

    def leads(self, token: str, record_id: str) -> list[Json]:
        """The SMS chats with this person, the oldest first."""
        asked = urlencode({"record_id": record_id})
        return list(reversed(self._call("GET", f"/api/v1/leads?{asked}", token=token)["leads"]))

    def decide(self, lead_id: str, interest: str) -> None:
        """Let the agent decide now, unless it has."""
        path = f"/_mock/leads/{lead_id}/decide"
        response = self._http.request("POST", f"{self._url}{path}", headers={}, json={"interest": interest})
        if not response.ok and response.status != 409:
            raise _unexpected("ALC", f"POST {path}", response)

    def deliveries(self, lead_id: str) -> list[Json]:
        """What it has sent about a lead, with every attempt."""
        return list(self._call("GET", f"/_mock/deliveries?{urlencode({'lead_id': lead_id})}")["deliveries"])

    def resend(self, delivery_id: str) -> None:
        """Send a past delivery again, under the same id."""
        self._call("POST", f"/_mock/deliveries/{delivery_id}/resend")

    def webhooks(self, token: str) -> list[Json]:
        """The webhooks of an account."""
        return list(self._call("GET", "/api/v1/webhooks", token=token)["webhooks"])

    def delete_webhook(self, token: str, webhook_id: str) -> None:
        """Forget a webhook, if it is known."""
        path = f"/api/v1/webhooks/{webhook_id}"
        headers = {"Authorization": f"Bearer {token}"}
        response = self._http.request("DELETE", f"{self._url}{path}", headers=headers)
        if not response.ok and response.status != 404:
            raise _unexpected("ALC", f"DELETE {path}", response)

    def break_it(self, **fault: Any) -> str:
        """Ask for trouble (mock_alc/faults); returns its id."""
        return str(self._call("POST", "/_mock/faults", fault)["id"])

    def mend(self, fault_id: str) -> None:
        """End it; ending it twice is fine."""
        self._http.request("DELETE", f"{self._url}/_mock/faults/{fault_id}", headers={})

    def _call(self, method: str, path: str, body: Json | None = None, token: str = "") -> Json:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        response = self._http.request(method, f"{self._url}{path}", headers=headers, json=body)
        if not response.ok:
            raise _unexpected("ALC", f"{method} {path.partition('?')[0]}", response)
        found: Json = response.json()
        return found


class Crm:
    """The stand-in for Attio, over its REST API."""

    def __init__(self, http: Http, url: str, token: str) -> None:
        self._http, self._url, self._token = http, url, token

    def add_person(self, name: str, phone_number: str) -> str:
        """Make a person; returns the record id."""
        first, _, last = name.partition(" ")
        values = {
            "name": [{"first_name": first, "last_name": last, "full_name": name}],
            "phone_numbers": [phone_number],
            "job_title": MADE_BY,
        }
        made = self._call("POST", "/v2/objects/people/records", {"data": {"values": values}})
        return str(made["data"]["id"]["record_id"])

    def left_behind(self) -> list[str]:
        """People that a lab has made, and did not live to delete."""
        query = {"filter": {"job_title": MADE_BY}, "limit": 100}
        found = self._call("POST", "/v2/objects/people/records/query", query)["data"]
        return [record["id"]["record_id"] for record in found]

    def delete(self, record_id: str) -> None:
        """Delete a person."""
        self._call("DELETE", f"/v2/objects/people/records/{record_id}")

    def says(self, record_id: str) -> str:
        """The ALC status on the record; nothing is an empty text."""
        record = self._call("GET", f"/v2/objects/people/records/{record_id}")["data"]
        return text_of(record["values"].get("alc_status", [])) or ""

    def has_said(self, record_id: str) -> Sequence[str]:
        """Every status that the record has shown, in order."""
        path = f"/v2/objects/people/records/{record_id}/attributes/alc_status/values?show_historic=true"
        return [text_of([value]) or "" for value in self._call("GET", path)["data"]]

    def break_writes(self, record_id: str) -> None:
        """Writes to this record answer 503, until they are mended."""
        self._call("POST", "/_mock/faults", {"record_id": record_id})

    def refused_writes(self, record_id: str) -> int:
        """How many have been refused since."""
        return int(self._call("GET", f"/_mock/faults/{record_id}")["struck"])

    def mend_writes(self, record_id: str) -> None:
        """They succeed again."""
        self._call("DELETE", f"/_mock/faults/{record_id}")

    def _call(self, method: str, path: str, body: Json | None = None) -> Json:
        headers = {"Authorization": f"Bearer {self._token}"}
        response = self._http.request(method, f"{self._url}{path}", headers=headers, json=body)
        if not response.ok:
            raise _unexpected("The CRM", f"{method} {path.partition('?')[0]}", response)
        found: Json = response.json()
        return found


def _unexpected(who: str, call: str, response: FetchResponse) -> LabFailed:
    return LabFailed(f"{who} answered {call} with {response.status}, which the lab did not ask for.")
