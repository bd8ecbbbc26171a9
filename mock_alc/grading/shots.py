"""What the grader fires at a receiver: deliveries that are right, and deliveries with one thing wrong each."""

import io
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from mock_alc.base.clock import iso
from mock_alc.base.credentials import new_id
from mock_alc.signing.standard_webhooks import signed_headers


@dataclass(frozen=True)
class Shot:
    """One request. `label` says what is special about it; shots of one check with `at_once` fly together."""

    label: str
    body: bytes
    headers: Mapping[str, str]
    method: str = "POST"
    seconds: float = 0.0
    """How long the body takes to be sent."""
    at_once: bool = False

    def with_headers(self, label: str, **changes: str | None) -> "Shot":
        """Return the same with other headers (`webhook_id=…`); None leaves one out."""
        named = {name.replace("_", "-"): value for name, value in changes.items()}
        kept = {name: value for name, value in {**self.headers, **named}.items() if value is not None}
        return replace(self, label=label, headers=kept)


class Forge:
    """Makes shots for one receiver: `secret` is the one it has, `record_id` and `lead_id` are what bodies tell of."""

    def __init__(self, secret: str, *, record_id: str, lead_id: str, now: float | None = None) -> None:
        self.secret, self._record_id, self._lead_id = secret, record_id, lead_id
        self.now = int(time.time() if now is None else now)

    def event(self, **changes: Any) -> dict[str, Any]:
        """Return the body of a `lead.processed`; a change to None leaves a field out."""
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
        """Return an instant some seconds ago, as the body spells it."""
        return str(iso(datetime.fromtimestamp(self.now, UTC) - timedelta(seconds=seconds)))

    def shot(
        self, label: str = "", body: bytes | None = None, *, secrets: list[str] | None = None,
        message_id: str | None = None, age: int = 0, **changes: Any,
    ) -> Shot:  # fmt: skip
        """Return a delivery that is rightly signed, over this body or over an event with these changes."""
        raw = self.raw(**changes) if body is None else body
        signed = signed_headers(secrets or [self.secret], message_id or new_id("msg"), self.now - age, raw)
        return Shot(label, raw, {"Content-Type": "application/json", "User-Agent": "mock-alc-grade/1", **signed})

    def raw(self, **changes: Any) -> bytes:
        """Return the bytes of an event, as ALC writes them."""
        return json.dumps(self.event(**changes), ensure_ascii=False, separators=(",", ":")).encode()


class SlowBody(io.RawIOBase):
    """A body that comes in pieces, over some seconds; its length is known beforehand."""

    PIECES = 5

    def __init__(self, body: bytes, seconds: float) -> None:
        self._body, self._at = body, 0
        self._size, self._pause = -(-len(body) // self.PIECES), seconds / self.PIECES

    def __len__(self) -> int:
        return len(self._body)

    def readable(self) -> bool:
        return True

    def read(self, _size: int = -1) -> bytes:
        if self._at:
            time.sleep(self._pause)
        part = self._body[self._at : self._at + self._size]
        self._at += len(part)
        return part
