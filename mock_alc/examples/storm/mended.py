"""The same integration, mended. It keeps every promise. In a real one, the dicts are tables."""

import threading
import uuid
from collections import defaultdict

import requests
from flask import Flask, request
from signature import is_signed


def create_app(alc_url, token, secret):
    """Send people to ALC, take its verdicts, and show the status; `token` returns an access token."""
    app, keys = Flask(__name__), {}
    shown, lock = defaultdict(lambda: ("", None)), threading.Lock()

    def show(person, at, status):
        with lock:
            if at >= shown[person][0]:
                shown[person] = (at, status)

    @app.post("/send/<person>")
    def send(person):
        lead = {"recordId": person, "name": "Ada Lovelace", "phoneNumber": "+442071838750"}
        key = keys.setdefault(person, str(uuid.uuid4()))
        for _ in range(3):
            headers = {"Authorization": f"Bearer {token()}", "Idempotency-Key": key}
            try:
                answer = requests.post(f"{alc_url}/api/v1/leads", json=lead, headers=headers, timeout=5)
                if answer.status_code == 201:
                    show(person, answer.json()["created_at"], "Pending")
                    return {"sent": True}
            except requests.RequestException:
                continue  # ask again
            if answer.status_code < 500:
                break  # it is refused, or asks us to wait
        return {"error": "ALC cannot be reached. Try again later."}, 503

    @app.get("/status/<person>")
    def status(person):
        return {"status": shown[person][1]}

    @app.post("/hook")
    def hook():
        if not is_signed(request.get_data(), request.headers, secret):
            return {"error": "ALC did not sign this."}, 401
        event = request.get_json()
        if event["event"] == "lead.processed":
            show(event["record_id"], event["occurred_at"], event["status"])
            keys.pop(event["record_id"], None)
        return {"received": True}

    return app
