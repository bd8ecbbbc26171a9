"""An integration with Acme Lead Checker that loses data in three ways."""

import uuid

import requests
from flask import Flask, request


def create_app(alc_url, token, secret):
    """Send people to ALC, take its verdicts, and show the status; `token` returns an access token."""
    app, shown = Flask(__name__), {}

    @app.post("/send/<person>")
    def send(person):
        lead = {"recordId": person, "name": "Ada Lovelace", "phoneNumber": "+442071838750"}
        for _ in range(3):
            headers = {"Authorization": f"Bearer {token()}", "Idempotency-Key": str(uuid.uuid4())}
            try:
                answer = requests.post(f"{alc_url}/api/v1/leads", json=lead, headers=headers, timeout=5)
                if answer.status_code == 201:
                    shown[person] = "Pending"
                    return {"sent": True}
            except requests.RequestException:
                continue  # ask again
            if answer.status_code < 500:
                break  # it is refused, or asks us to wait
        return {"error": "ALC cannot be reached. Try again later."}, 503

    @app.get("/status/<person>")
    def status(person):
        return {"status": shown.get(person)}

    @app.post("/hook")
    def hook():
        event = request.get_json()
        if event["event"] == "lead.processed":
            shown[event["record_id"]] = event["status"]
        return {"received": True}

    return app
