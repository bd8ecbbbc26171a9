"""A receiver for Attio's webhooks: verify the raw body, store once, answer, and work afterwards."""

import hashlib
import hmac
import json
from typing import Any

from flask import Flask, Response, request


def create_app(secret: str, messages: dict[str, list[Any]]) -> Flask:
    """Answer `POST /attio/events`; `messages` (in a real receiver, a database) holds what is to be worked on."""
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = 1_000_000

    @app.post("/attio/events")
    def receive() -> Response:
        raw = request.get_data()
        right = hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()
        given = request.headers.get("Attio-Signature", "")
        if not hmac.compare_digest(given.encode(), right.encode()):
            return Response(status=401)
        try:
            events = list(json.loads(raw)["events"])
        except (ValueError, KeyError, TypeError, RecursionError):
            return Response(status=400)
        messages.setdefault(request.headers.get("Idempotency-Key", right), events)
        return Response(status=200)

    return app
