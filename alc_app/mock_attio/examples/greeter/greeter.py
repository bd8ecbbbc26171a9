"""An integration with Attio: when a person is added, it writes a description to the record."""

import hmac

import requests
from flask import Flask, Response, request


class Greeter:
    """Calls Attio at `url` with an access token, and receives its webhooks at `POST /attio/events`."""

    def __init__(self, url: str, token: str) -> None:
        """Call `connect` next."""
        self.url, self.secret, self.done = url, "", set[str]()
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Bearer {token}"
        self.app = Flask(__name__)
        self.app.post("/attio/events")(self.receive)

    def connect(self, target_url: str) -> None:
        """Create the webhook at Attio, and keep its secret, which is shown only once."""
        subscriptions = [{"event_type": "record.created", "filter": None}]
        body = {"data": {"target_url": target_url, "subscriptions": subscriptions}}
        answer = self.session.post(f"{self.url}/v2/webhooks", json=body, timeout=10)
        answer.raise_for_status()
        self.secret = answer.json()["data"]["secret"]

    def receive(self) -> Response:
        """Verify a message, handle it once, and answer; after anything but a 2xx Attio sends it again."""
        right = hmac.digest(self.secret.encode(), request.get_data(), "sha256").hex()
        if not hmac.compare_digest(right.encode(), request.headers.get("Attio-Signature", "").encode()):
            return Response(status=401)
        key = request.headers.get("Idempotency-Key", "")
        if key not in self.done:
            try:
                for event in request.get_json()["events"]:
                    self.describe(event["id"])
            except (requests.RequestException, ValueError):
                return Response(status=503)
            self.done.add(key)
        return Response(status=200)

    def describe(self, ids: dict[str, str]) -> None:
        """Write the description of one record."""
        path = f"{self.url}/v2/objects/{ids['object_id']}/records/{ids['record_id']}"
        found = self.session.get(path, timeout=10)
        if found.status_code == 404:
            return  # Somebody has deleted it meanwhile.
        found.raise_for_status()
        names = found.json()["data"]["values"]["name"]
        values = {"description": f"Say hello to {names[0]['full_name'] if names else 'them'}."}
        self.session.patch(path, json={"data": {"values": values}}, timeout=10).raise_for_status()
