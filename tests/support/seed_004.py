"""Seed 004's handler of Attio's webhooks in Flask, step by step: the verification that it tells of, and its routing."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Callable
from typing import Any

from flask import Flask, Response, request

Verify = Callable[[str, bytes], bool]


def seed_004(secret: str, handled: list[str], verify: Verify | None = None) -> Flask:
    """Create the Flask app, which adds the type of each event that it handles to `handled`.

    `verify` replaces its verification, to see what else is wrong with it.
    """
    app = Flask(__name__)
    app.logger.disabled = True
    is_signed = verify or signed_with_timestamp

    @app.post("/hook")
    def receive() -> Response:
        """Steps 3 and 4: verify, parse, answer, and work on one event; its errors are logged after the answer."""
        body = request.get_data()
        if not is_signed(secret, body):
            return Response('{"error": "Invalid signature"}', status=401)
        event = json.loads(body)
        response = Response('{"received": true}', status=200)
        response.call_on_close(lambda: route(event))
        return response

    def route(event: Any) -> None:
        """Look for the type at the top of the message. Attio writes it into each event of a list."""
        if isinstance(event, dict) and event.get("event_type") in ("record.created", "record.updated"):
            handled.append(event["event_type"])

    return app


def signed_with_timestamp(secret: str, body: bytes) -> bool:
    """Step 3: the timestamp and the body, of headers of which Attio sends only one. An absent one is undefined."""
    signature = request.headers.get("x-attio-signature", "undefined")
    timestamp = request.headers.get("x-attio-timestamp", "undefined")
    if timestamp.isdigit() and time.time() - int(timestamp) > 300:
        return False
    expected = hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(signature.encode(), expected.encode())


def signed_as_attio_does(secret: str, body: bytes) -> bool:
    """What Attio's documentation says: the raw body alone."""
    expected = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(request.headers.get("attio-signature", "").encode(), expected.encode())
