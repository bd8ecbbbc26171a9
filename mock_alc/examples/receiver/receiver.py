"""A receiver for Acme Lead Checker's webhooks: verify, store once, answer."""

import base64
import hashlib
import hmac
import json
import time

from flask import Flask, Response, request


def create_app(secret: str, verdicts: dict[str, str]) -> Flask:
    """Answer `POST /hook`; `verdicts` (in a real receiver, a database) holds the newest status of each record."""
    app, key = Flask(__name__), base64.b64decode(secret.removeprefix("whsec_"))
    app.config["MAX_CONTENT_LENGTH"] = 100_000
    newest: dict[str, str] = {}

    def is_signed(raw: bytes) -> bool:
        message_id, timestamp = (request.headers.get(f"webhook-{name}", "") for name in ("id", "timestamp"))
        if not (message_id and timestamp.isascii() and timestamp.isdigit() and len(timestamp) < 12):
            return False
        mac = hmac.digest(key, f"{message_id}.{timestamp}.".encode() + raw, hashlib.sha256)
        right = b"v1," + base64.b64encode(mac)
        given = request.headers.get("webhook-signature", "").split(" ")
        return abs(time.time() - int(timestamp)) <= 300 and any(
            hmac.compare_digest(right, one.encode()) for one in given
        )

    @app.post("/hook")
    def hook() -> Response:
        if not is_signed(request.get_data()):
            return Response(status=401)
        try:
            event = json.loads(request.get_data())
            if event["event"] == "lead.processed" and event["occurred_at"] >= newest.get(event["record_id"], ""):
                newest[event["record_id"]], verdicts[event["record_id"]] = event["occurred_at"], event["status"]
        except (ValueError, KeyError, TypeError, RecursionError):
            return Response(status=400)
        return Response(status=200)

    return app
