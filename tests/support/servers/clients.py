"""HTTP clients for tests: what ALC has received, and what Attio holds."""

from __future__ import annotations

import json
from typing import Any

import requests

TIMEOUT = 30


class Alc:
    """The mock of ALC, through its control API `/_mock` and its public API."""

    def __init__(self, url: str) -> None:
        """Send every request to the origin `url`."""
        self.url = url

    def reset(self) -> None:
        """Forget leads, webhooks and tokens."""
        self._call("POST", "/_mock/reset")

    def leads(self, record_id: str | None = None) -> list[dict[str, Any]]:
        """Return the leads that ALC has received, of one record or of all."""
        found = self._call("GET", "/_mock/leads")["leads"]
        return [lead for lead in found if record_id in (None, lead["record_id"])]

    def decide(self, lead_id: str, interest: str = "interested") -> None:
        """Let the agent decide on a lead now."""
        self._call("POST", f"/_mock/leads/{lead_id}/decide", json={"interest": interest})

    def webhooks(self, event: str | None = None) -> list[dict[str, Any]]:
        """Return the webhooks of the demo account, for one event or for all."""
        headers = {"Authorization": f"Bearer {self.token()}"}
        found = self._call("GET", "/api/v1/webhooks", headers=headers)["webhooks"]
        return [webhook for webhook in found if event in (None, webhook["event"])]

    def report_prospect(self, prospect_id: str, name: str, email: str) -> None:
        """Let a chat reveal the name and address of a prospect."""
        prospect = {"prospectId": prospect_id, "prospectName": name, "prospectEmail": email}
        self._call("POST", "/_mock/prospects", json=prospect)

    def add_webhook(self, name: str, url: str) -> str:
        """Register a webhook with a token of the demo account, and return its id."""
        headers = {"Authorization": f"Bearer {self.token()}"}
        body = {"name": name, "url": url, "event": "lead.processed"}
        return str(self._call("POST", "/api/v1/webhooks", headers=headers, json=body)["webhook_id"])

    def rotate_secret(self, webhook_id: str) -> str:
        """Rotate the secret of a webhook without telling its owner, and return it."""
        headers = {"Authorization": f"Bearer {self.token()}"}
        return str(self._call("POST", f"/api/v1/webhooks/{webhook_id}/rotate-secret", headers=headers)["secret"])

    def delete_webhook(self, webhook_id: str) -> None:
        """Delete a webhook without telling its owner."""
        self._call("DELETE", f"/api/v1/webhooks/{webhook_id}", headers={"Authorization": f"Bearer {self.token()}"})

    def deliveries(self, **query: str) -> list[dict[str, Any]]:
        """Return the webhook deliveries with their attempts; `lead_id`, `event` or `state` select some of them."""
        found: list[dict[str, Any]] = []
        after: dict[str, str] = {}
        while True:
            page = self._call("GET", "/_mock/deliveries", params={**query, **after})
            found += page["deliveries"]
            if page["next_after"] is None:
                return found
            after = {"after": page["next_after"]}

    def statuses_of_attempts(self, record_id: str) -> list[int | None]:
        """Return the response status of each attempt to deliver about this record; None if there was no response."""
        mine = [d for d in self.deliveries() if record_id in json.dumps(d)]
        return [attempt["status"] for delivery in mine for attempt in delivery["attempts"]]

    def advance_clock(self, seconds: float) -> None:
        """Advance ALC's clock."""
        self._call("POST", "/_mock/clock", json={"advance": seconds})

    def reset_clock(self) -> None:
        """Set ALC's clock to the real time."""
        self._call("DELETE", "/_mock/clock")

    def resend(self, delivery_id: str) -> None:
        """Send a delivery again, with the same id."""
        self._call("POST", f"/_mock/deliveries/{delivery_id}/resend")

    def requests(self) -> list[dict[str, Any]]:
        """Return the API and OAuth requests that ALC has received."""
        return list(self._call("GET", "/_mock/requests")["requests"])

    def start_scenario(self, scenario: str, record_id: str = "", *, lead_id: str = "") -> dict[str, Any]:
        """Start a scenario for the next lead of a record, or for an undecided lead. Return its description."""
        about = {"lead_id": lead_id} if lead_id else {"record_id": record_id}
        return dict(self._call("POST", f"/_mock/scenarios/{scenario}", json=about))

    def scenario_runs(self) -> list[dict[str, Any]]:
        """Return the scenarios that were started since the last reset, each with its lead once there is one."""
        return list(self._call("GET", "/_mock/scenarios")["runs"])

    def add_fault(self, **fault: Any) -> None:
        """Add a fault, such as `route="DELETE /api/v1/webhooks/*", answer={"status": 503}`."""
        self._call("POST", "/_mock/faults", json=fault)

    def clear_faults(self) -> None:
        """End all scenarios and faults, and set the clock to the real time."""
        for path in ("/_mock/scenarios", "/_mock/faults", "/_mock/clock"):
            self._call("DELETE", path)

    def faults(self) -> list[dict[str, Any]]:
        """Return the faults, each with how often it still applies."""
        return list(self._call("GET", "/_mock/faults")["faults"])

    def run_until_idle(self) -> None:
        """Advance ALC's clock until it has nothing more to do."""
        self._call("POST", "/_mock/clock", json={"until": "idle"})

    def token(self) -> str:
        """Create an access token without a browser, and return it."""
        return str(self._call("POST", "/_mock/tokens", json={})["access_token"])

    def _call(self, method: str, path: str, **kwargs: Any) -> Any:
        response = requests.request(method, f"{self.url}{path}", timeout=TIMEOUT, **kwargs)
        assert response.ok, f"{method} {path}: {response.status_code} {response.text}"
        return response.json() if response.content else None


class Attio:
    """The stand-in for Attio, through its REST API."""

    def __init__(self, url: str, token: str) -> None:
        """Send every request to the origin `url` with the stand-in's token."""
        self.url, self._token = url, token

    def add_person(self, name: str = "Noor Haddad", *phone_numbers: str) -> str:
        """Create a person and return the record id."""
        first, _, last = name.partition(" ")
        values: dict[str, Any] = {"phone_numbers": list(phone_numbers)}
        if name:
            values["name"] = [{"first_name": first, "last_name": last, "full_name": name}]
        return str(self.call("POST", "/v2/objects/people/records", {"data": {"values": values}})["id"]["record_id"])

    def value(self, record_id: str, slug: str) -> str | None:
        """Return the value of a text attribute, or None."""
        values = self.call("GET", f"/v2/objects/people/records/{record_id}")["values"][slug]
        return values[0]["value"] if values else None

    def write(self, record_id: str, **values: str) -> None:
        """Overwrite values of a person, as a user of the CRM does."""
        self.call("PATCH", f"/v2/objects/people/records/{record_id}", {"data": {"values": values}})

    def history(self, record_id: str, slug: str) -> list[str]:
        """Return every value that a text attribute has had, the oldest first."""
        path = f"/v2/objects/people/records/{record_id}/attributes/{slug}/values?show_historic=true"
        return [value["value"] for value in self.call("GET", path)]

    def delete(self, record_id: str) -> None:
        """Delete a person."""
        self.call("DELETE", f"/v2/objects/people/records/{record_id}")

    def merge(self, primary: str, secondary: str) -> str:
        """Merge two people and return the id of the new record."""
        pair = {"primary_record_id": primary, "secondary_record_id": secondary}
        return str(self.call("POST", "/v2/objects/people/records/merge", {"data": pair})["new_record_id"])

    def webhooks(self) -> list[dict[str, Any]]:
        """Return the webhooks."""
        return list(self.call("GET", "/v2/webhooks"))

    def delete_webhook(self, webhook_id: str) -> None:
        """Delete a webhook without telling its owner."""
        self.call("DELETE", f"/v2/webhooks/{webhook_id}")

    def workspace_name(self) -> str:
        """Return the name of the workspace that the token belongs to."""
        headers = {"Authorization": f"Bearer {self._token}"}
        return str(requests.get(f"{self.url}/v2/self", headers=headers, timeout=TIMEOUT).json()["workspace_name"])

    def find(self, name: str) -> str:
        """Return the record id of a person with this name."""
        found = self.call("POST", "/v2/objects/people/records/query", {"filter": {"name": name}})
        return str(found[0]["id"]["record_id"])

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """Send one request and return the `data` of its response."""
        headers = {"Authorization": f"Bearer {self._token}"}
        response = requests.request(method, f"{self.url}{path}", json=body, headers=headers, timeout=TIMEOUT)
        assert response.ok, f"{method} {path}: {response.status_code} {response.text}"
        return response.json().get("data")
