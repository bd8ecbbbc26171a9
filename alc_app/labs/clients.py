"""HTTP clients for the two servers that a lab breaks and observes: ALC, and the stand-in for Attio."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from alc_app.attio.http import FetchResponse
from alc_app.clients.attio_people import PastValue, PersonRecord
from alc_app.runtime.http_client import Http

CREATED_BY_LAB = "Made by a lab, and deleted after it"
"""The job title of every person that a lab creates; leftovers are found by it."""
Json = dict[str, Any]


class LabFailed(Exception):
    """A lab cannot go on. The message is a whole sentence, which the page shows."""


def has_control_api(http: Http, url: str) -> bool:
    """Return whether ALC or the stand-in, at the origin `url`, serves its control API to this process."""
    return http.request("GET", f"{url}/_mock/state", headers={}).ok


class AlcClient:
    """Read ALC's state through its public API with a token, and cause faults through its control API `/_mock`."""

    def __init__(self, http: Http, url: str) -> None:
        """Send every request to the origin `url`."""
        self._http, self._url = http, url

    def create_tokens(self, client_id: str, account: str) -> Json:
        """Create tokens of an account without asking for consent, and return ALC's token response."""
        return self._call("POST", "/_mock/tokens", {"client_id": client_id, "account": account})

    def list_leads(self, record_id: str) -> list[Json]:
        """Return the leads (SMS chats) of a person, the oldest first."""
        return list(self._call("GET", f"/_mock/leads?{urlencode({'record_id': record_id})}")["leads"])

    def decide(self, lead_id: str, interest: str | None = None) -> None:
        """Let ALC's agent decide on a lead now. Do nothing if it has decided already."""
        path, body = f"/_mock/leads/{lead_id}/decide", {"interest": interest} if interest else {}
        response = self._http.request("POST", f"{self._url}{path}", headers={}, json=body)
        if not response.ok and response.status != 409:
            raise _unexpected("ALC", f"POST {path}", response)

    def list_deliveries(self, lead_id: str) -> list[Json]:
        """Return the webhook deliveries about a lead, each with its attempts."""
        return list(self._call("GET", f"/_mock/deliveries?{urlencode({'lead_id': lead_id})}")["deliveries"])

    def resend(self, delivery_id: str) -> None:
        """Send a past delivery again with the same webhook id."""
        self._call("POST", f"/_mock/deliveries/{delivery_id}/resend")

    def list_webhooks(self, token: str) -> list[Json]:
        """Return the webhooks of the token's account."""
        return list(self._call("GET", "/api/v1/webhooks", token=token)["webhooks"])

    def delete_webhook(self, token: str, webhook_id: str) -> None:
        """Delete a webhook. Do nothing if it is gone already."""
        path = f"/api/v1/webhooks/{webhook_id}"
        headers = {"Authorization": f"Bearer {token}"}
        response = self._http.request("DELETE", f"{self._url}{path}", headers=headers)
        if not response.ok and response.status != 404:
            raise _unexpected("ALC", f"DELETE {path}", response)

    def list_operations(self) -> list[Json]:
        """Return what can happen on a day, with the sentence and the fault of each (`GET /_mock/operations`)."""
        return list(self._call("GET", "/_mock/operations")["operations"])

    def create_fault(self, **fault: Any) -> str:
        """Create a fault from the fields of the control API's `POST /_mock/faults`, and return its id."""
        return str(self._call("POST", "/_mock/faults", fault)["id"])

    def delete_fault(self, fault_id: str) -> None:
        """Delete a fault. Do nothing if it is gone already."""
        self._http.request("DELETE", f"{self._url}/_mock/faults/{fault_id}", headers={})

    def delete_faults_about(self, record_id: str) -> None:
        """Delete the faults that match a person: a scenario creates some."""
        for fault in self._call("GET", "/_mock/faults")["faults"]:
            if fault.get("match", {}).get("recordId") == record_id:
                self.delete_fault(fault["id"])

    def begin_scenario(self, name: str, record_id: str) -> None:
        """Let the next lead of a person go as this scenario says."""
        self._call("POST", f"/_mock/scenarios/{name}", {"record_id": record_id})

    def move_clock(self, **how: Any) -> None:
        """Move ALC's clock (`advance`, or `until` and `at_most`). What becomes due is done when this returns."""
        self._call("POST", "/_mock/clock", how)

    def reset_clock(self) -> None:
        """Return ALC's clock to the real time."""
        self._call("DELETE", "/_mock/clock")

    def _call(self, method: str, path: str, body: Json | None = None, token: str = "") -> Json:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        response = self._http.request(method, f"{self._url}{path}", headers=headers, json=body)
        if not response.ok:
            raise _unexpected("ALC", f"{method} {path.partition('?')[0]}", response)
        found: Json = response.json()
        return found


class AttioClient:
    """Read and write people at the stand-in for Attio, and let its writes fail."""

    def __init__(self, http: Http, url: str, token: str) -> None:
        """Send every request to the origin `url` with the stand-in's token."""
        self._http, self._url, self._token = http, url, token

    def create_person(self, name: str, phone_number: str) -> str:
        """Create a person and return the record id."""
        first, _, last = name.partition(" ")
        values = {
            "name": [{"first_name": first, "last_name": last, "full_name": name}],
            "phone_numbers": [phone_number],
            "job_title": CREATED_BY_LAB,
        }
        created = self._call("POST", "/v2/objects/people/records", {"data": {"values": values}})
        return PersonRecord(created["data"]).record_id

    def list_people_of_labs(self) -> list[str]:
        """Return the record ids of people that labs have created and not deleted."""
        query = {"filter": {"job_title": CREATED_BY_LAB}, "limit": 100}
        found = self._call("POST", "/v2/objects/people/records/query", query)["data"]
        return [PersonRecord(record).record_id for record in found]

    def delete_person(self, record_id: str) -> None:
        """Delete a person."""
        self._call("DELETE", f"/v2/objects/people/records/{record_id}")

    def get_status(self, record_id: str) -> str:
        """Return the record's `alc_status`, or an empty string."""
        record = self._call("GET", f"/v2/objects/people/records/{record_id}")["data"]
        return PersonRecord(record).alc_status or ""

    def get_status_history(self, record_id: str) -> Sequence[str]:
        """Return every `alc_status` that the record has had, the oldest first."""
        path = f"/v2/objects/people/records/{record_id}/attributes/alc_status/values?show_historic=true"
        return [PastValue(value).text or "" for value in self._call("GET", path)["data"]]

    def list_operations(self) -> list[Json]:
        """Return what can go wrong with a write to a person (`GET /_mock/operations`)."""
        return list(self._call("GET", "/_mock/operations")["operations"])

    def create_fault(self, **fault: Any) -> str:
        """Create a fault from the fields of the control API's `POST /_mock/faults`, and return its id."""
        return str(self._call("POST", "/_mock/faults", fault)["id"])

    def count_failed_writes(self, fault_id: str) -> int:
        """Return how many requests this fault has struck."""
        faults = self._call("GET", "/_mock/faults")["faults"]
        return sum(fault["struck"] for fault in faults if fault["id"] == fault_id)

    def delete_fault(self, fault_id: str) -> None:
        """Delete a fault. Do nothing if it is gone already."""
        self._http.request("DELETE", f"{self._url}/_mock/faults/{fault_id}", headers={})

    def _call(self, method: str, path: str, body: Json | None = None) -> Json:
        headers = {"Authorization": f"Bearer {self._token}"}
        response = self._http.request(method, f"{self._url}{path}", headers=headers, json=body)
        if not response.ok:
            raise _unexpected("The CRM", f"{method} {path.partition('?')[0]}", response)
        found: Json = response.json()
        return found


def _unexpected(server: str, call: str, response: FetchResponse) -> LabFailed:
    return LabFailed(f"{server} answered {call} with {response.status}, which the lab did not ask for.")
