"""Test deliveries for a receiver: valid ones, and ones with exactly one fault."""

import io
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from mock_alc.base.clock import iso
from mock_alc.base.credentials import new_id
from mock_alc.signing.dialects import STANDARD_WEBHOOKS
from mock_alc.signing.signatures import signed_headers


@dataclass(frozen=True)
class Probe:
    """One test delivery. `label` says what is special about it; probes with `at_once` are sent in parallel."""

    label: str
    body: bytes
    headers: Mapping[str, str]
    method: str = "POST"
    seconds: float = 0.0
    """Seconds over which the body is sent."""
    at_once: bool = False

    def with_headers(self, label: str, **changes: str | None) -> "Probe":
        """Return a copy with other headers, such as `webhook_id="…"`; None removes one."""
        named = {name.replace("_", "-"): value for name, value in changes.items()}
        kept = {name: value for name, value in {**self.headers, **named}.items() if value is not None}
        return replace(self, label=label, headers=kept)


class ProbeFactory:
    """Makes probes for one receiver."""

    def __init__(self, secret: str, *, record_id: str, lead_id: str, now: float | None = None) -> None:
        """Sign with the receiver's `secret`; `record_id` and `lead_id` go into the bodies. `now` is in Unix seconds."""
        self.secret, self._record_id, self._lead_id = secret, record_id, lead_id
        self.now = int(time.time() if now is None else now)

    def event(self, **changes: Any) -> dict[str, Any]:
        """Return the body of a `lead.processed` event with these changes; None removes a field."""
        whole = {
            "event": "lead.processed",
            "lead_id": self._lead_id,
            "record_id": self._record_id,
            "status": "Complete",
            "interest": "interested",
            "summary": "Sent by mock-alc grade.",
            "occurred_at": iso(datetime.fromtimestamp(self.now, UTC)),
            **changes,
        }
        return {name: value for name, value in whole.items() if value is not None}

    def earlier(self, seconds: int) -> str:
        """Return the time `seconds` ago, in the format of `occurred_at`."""
        return str(iso(datetime.fromtimestamp(self.now, UTC) - timedelta(seconds=seconds)))

    def probe(
        self, label: str = "", body: bytes | None = None, *, secrets: list[str] | None = None,
        message_id: str | None = None, age: int = 0, **changes: Any,
    ) -> Probe:  # fmt: skip
        """Return a correctly signed delivery of `body`, or of an event with `changes`; `age` is in seconds."""
        raw = self.event_bytes(**changes) if body is None else body
        signed = signed_headers(
            STANDARD_WEBHOOKS, secrets or [self.secret], message_id or new_id("msg"), self.now - age, raw
        )
        return Probe(label, raw, {"Content-Type": "application/json", "User-Agent": "mock-alc-grade/1", **signed})

    def event_bytes(self, **changes: Any) -> bytes:
        """Return an event as the bytes that ALC would send."""
        return json.dumps(self.event(**changes), ensure_ascii=False, separators=(",", ":")).encode()


class SlowBody(io.RawIOBase):
    """A body that is sent in pieces over some seconds. Its length is known, so that it is not sent chunked."""

    PIECES = 5

    def __init__(self, body: bytes, seconds: float) -> None:
        """Spread `body` over `seconds`."""
        self._body, self._at = body, 0
        self._size, self._pause = -(-len(body) // self.PIECES), seconds / self.PIECES

    def __len__(self) -> int:
        """Return the length in bytes, which requests uses for Content-Length."""
        return len(self._body)

    def readable(self) -> bool:
        """Return True: this stream can be read."""
        return True

    def read(self, _size: int = -1) -> bytes:
        """Return the next piece, after a pause; the requested size is ignored."""
        if self._at:
            time.sleep(self._pause)
        part = self._body[self._at : self._at + self._size]
        self._at += len(part)
        return part
