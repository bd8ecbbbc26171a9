"""The two other ends, asked over HTTP: what ALC has received and what Attio holds."""

from __future__ import annotations

import json
from typing import Any

import requests

TIMEOUT = 30


class Alc:
    """The mock ALC, by its control API."""

    def __init__(self, url: str) -> None:
        self.url = url

    def reset(self) -> None:
        """Forget leads, webhooks and tokens."""
        self._call("POST", "/_mock/reset")

    def leads(self, record_id: str | None = None) -> list[dict[str, Any]]:
        """The leads that it has been sent."""
        found = self._call("GET", "/_mock/leads")["leads"]
        return [lead for lead in found if record_id in (None, lead["record_id"])]

    def decide(self, lead_id: str, interest: str = "interested") -> None:
        """Let the agent come to a decision now."""
        self._call("POST", f"/_mock/leads/{lead_id}/decide", json={"interest": interest})

    def webhooks(self, event: str | None = None) -> list[dict[str, Any]]:
        """The webhooks of the demo account, by the public API; perhaps those for one event."""
        headers = {"Authorization": f"Bearer {self.token()}"}
        found = self._call("GET", "/api/v1/webhooks", headers=headers)["webhooks"]
        return [webhook for webhook in found if event in (None, webhook["event"])]

    def tell_of_prospect(self, prospect_id: str, name: str, email: str) -> None:
        """A chat has told a better name or address."""
        prospect = {"prospectId": prospect_id, "prospectName": name, "prospectEmail": email}
        self._call("POST", "/_mock/prospects", json=prospect)

    def add_webhook(self, name: str, url: str) -> str:
        """Register a webhook as any client of the demo account could; returns its id."""
        headers = {"Authorization": f"Bearer {self.token()}"}
        body = {"name": name, "url": url, "event": "lead.processed"}
        return str(self._call("POST", "/api/v1/webhooks", headers=headers, json=body)["webhook_id"])

    def delete_webhook(self, webhook_id: str) -> None:
        """Delete a webhook behind its owner's back."""
        self._call("DELETE", f"/api/v1/webhooks/{webhook_id}", headers={"Authorization": f"Bearer {self.token()}"})

    def deliveries(self, **asked: str) -> list[dict[str, Any]]:
        """What it has sent, with every attempt: all of it, or what has this `lead_id`, `event` or `state`."""
        found: list[dict[str, Any]] = []
        after: dict[str, str] = {}
        while True:
            page = self._call("GET", "/_mock/deliveries", params={**asked, **after})
            found += page["deliveries"]
            if page["next_after"] is None:
                return found
            after = {"after": page["next_after"]}

    def statuses_of_attempts(self, record_id: str) -> list[int | None]:
        """How each attempt to deliver a verdict on this record was answered."""
        mine = [d for d in self.deliveries() if record_id in json.dumps(d)]
        return [attempt["status"] for delivery in mine for attempt in delivery["attempts"]]

    def let_time_pass(self, seconds: float) -> None:
        """By its clock it is later now."""
        self._call("POST", "/_mock/clock", json={"advance": seconds})

    def be_in_the_present(self) -> None:
        """Its clock shows the real time again."""
        self._call("DELETE", "/_mock/clock")

    def resend(self, delivery_id: str) -> None:
        """Send a delivery once more, with the same id."""
        self._call("POST", f"/_mock/deliveries/{delivery_id}/resend")

    def requests(self) -> list[dict[str, Any]]:
        """The API and OAuth requests that it has received."""
        return list(self._call("GET", "/_mock/requests")["requests"])

    def begin(self, scenario: str, record_id: str) -> dict[str, Any]:
        """Begin a scenario for the next lead of a record; returns what it says of itself."""
        return dict(self._call("POST", f"/_mock/scenarios/{scenario}", json={"record_id": record_id}))

    def end_trouble(self) -> None:
        """No scenario, no fault, and the real time."""
        for path in ("/_mock/scenarios", "/_mock/faults", "/_mock/clock"):
            self._call("DELETE", path)

    def faults(self) -> list[dict[str, Any]]:
        """The faults that it was asked for, with what is left of each."""
        return list(self._call("GET", "/_mock/faults")["faults"])

    def until_idle(self) -> None:
        """Let its time pass until it has nothing more to do."""
        self._call("POST", "/_mock/clock", json={"until": "idle"})

    def token(self) -> str:
        """An access token without a browser."""
        return str(self._call("POST", "/_mock/tokens", json={})["access_token"])

    def _call(self, method: str, path: str, **kwargs: Any) -> Any:
        response = requests.request(method, f"{self.url}{path}", timeout=TIMEOUT, **kwargs)
        assert response.ok, f"{method} {path}: {response.status_code} {response.text}"
        return response.json() if response.content else None


class Attio:
    """The stand-in, by Attio's REST API."""

    def __init__(self, url: str, token: str) -> None:
        self.url, self._token = url, token

    def add_person(self, name: str = "Noor Haddad", *phone_numbers: str) -> str:
        """Create a person; returns the record id."""
        first, _, last = name.partition(" ")
        values: dict[str, Any] = {"phone_numbers": list(phone_numbers)}
        if name:
            values["name"] = [{"first_name": first, "last_name": last, "full_name": name}]
        return str(self.call("POST", "/v2/objects/people/records", {"data": {"values": values}})["id"]["record_id"])

    def value(self, record_id: str, slug: str) -> str | None:
        """The value of a text attribute."""
        values = self.call("GET", f"/v2/objects/people/records/{record_id}")["values"][slug]
        return values[0]["value"] if values else None

    def write(self, record_id: str, **values: str) -> None:
        """Overwrite values of a person, as somebody in the CRM could."""
        self.call("PATCH", f"/v2/objects/people/records/{record_id}", {"data": {"values": values}})

    def history(self, record_id: str, slug: str) -> list[str]:
        """Every value that a text attribute has had, oldest first."""
        path = f"/v2/objects/people/records/{record_id}/attributes/{slug}/values?show_historic=true"
        return [value["value"] for value in self.call("GET", path)]

    def delete(self, record_id: str) -> None:
        """Delete a person."""
        self.call("DELETE", f"/v2/objects/people/records/{record_id}")

    def merge(self, primary: str, secondary: str) -> str:
        """Merge two people; returns the id of the new record."""
        pair = {"primary_record_id": primary, "secondary_record_id": secondary}
        return str(self.call("POST", "/v2/objects/people/records/merge", {"data": pair})["new_record_id"])

    def webhooks(self) -> list[dict[str, Any]]:
        """Who is told of changes."""
        return list(self.call("GET", "/v2/webhooks"))

    def delete_webhook(self, webhook_id: str) -> None:
        """Delete a webhook behind its owner's back."""
        self.call("DELETE", f"/v2/webhooks/{webhook_id}")

    def find(self, name: str) -> str:
        """The record id of a person of the seed."""
        found = self.call("POST", "/v2/objects/people/records/query", {"filter": {"name": name}})
        return str(found[0]["id"]["record_id"])

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """One call; returns its `data`."""
        headers = {"Authorization": f"Bearer {self._token}"}
        response = requests.request(method, f"{self.url}{path}", json=body, headers=headers, timeout=TIMEOUT)
        assert response.ok, f"{method} {path}: {response.status_code} {response.text}"
        return response.json().get("data")
