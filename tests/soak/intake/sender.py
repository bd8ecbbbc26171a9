"""Signed deliveries as ALC sends them, as the bytes of whole HTTP requests."""

from __future__ import annotations

import base64
import hashlib
import hmac
import itertools
import json
import time
from dataclasses import dataclass, field
from uuid import uuid4

BODY = json.dumps({
    "event": "lead.processed",
    "record_id": "11111111-1111-4111-8111-111111111111",
    "lead_id": "lead_5f0c1b7a9d2e4c6fb8a1",
    "status": "Complete",
    "interest": "interested",
    "summary": "They asked for an offer for twenty seats, and want to hear from us before the end of the month.",
    "occurred_at": "2026-11-20T12:00:00Z",
}).encode()  # fmt: skip


@dataclass
class Sender:
    """Signs deliveries to one handler, each with an id of its own."""

    handler_id: str
    secret: str
    _name: str = field(default_factory=lambda: uuid4().hex[:12])
    _numbers: itertools.count[int] = field(default_factory=itertools.count)

    def request(self, body: bytes = BODY) -> bytes:
        """Return one delivery, signed now."""
        webhook_id, at = f"msg_{self._name}_{next(self._numbers)}", str(int(time.time()))
        signed = b".".join((webhook_id.encode(), at.encode(), body))
        key = base64.b64decode(self.secret.removeprefix("whsec_"))
        signature = base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
        head = (
            f"POST /hooks/{self.handler_id} HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: ALC/1.0\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\nwebhook-id: {webhook_id}\r\n"
            f"webhook-timestamp: {at}\r\nwebhook-signature: v1,{signature}\r\n\r\n"
        )
        return head.encode() + body
