"""An exact copy of what one attempt sent, stored with it, so that the console can show how the signature was made."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Self

from mock_alc.faults.payloads import Payload

LONGEST = 4_096
"""Characters of a body that are stored; the fault `huge` makes bodies of a megabyte."""


@dataclass(frozen=True)
class SentCopy:
    """Headers and bodies of one attempt. A body equal to the delivery's own is None: it is not stored twice."""

    headers: dict[str, str]
    timestamp: int
    trouble: str | None
    body: str | None
    signed_body: str | None
    shift: int = 0
    """Seconds that a fault has moved the timestamp by."""

    @classmethod
    def of(cls, body: bytes, payload: Payload, headers: Mapping[str, str], trouble: str | None) -> Self:
        """Copy what was sent for a delivery whose stored body is `body`."""

        def other(sent: bytes) -> str | None:
            return None if sent == body else sent.decode("utf-8", "replace")[:LONGEST]

        bodies = other(payload.body), other(payload.signed_body)
        return cls(dict(headers), payload.timestamp, trouble, *bodies, payload.shift)

    @classmethod
    def read(cls, text: str) -> Self:
        """Parse what `as_text` returned."""
        return cls(**json.loads(text))

    def as_text(self) -> str:
        """Return the copy as JSON text, as the database stores it."""
        return json.dumps(asdict(self), ensure_ascii=False)

    def signed_string(self, delivery_id: str, body: str) -> str:
        """Return the string that was signed: `id.timestamp.body` (Standard Webhooks)."""
        return f"{delivery_id}.{self.timestamp}.{body if self.signed_body is None else self.signed_body}"
