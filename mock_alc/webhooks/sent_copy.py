"""What one attempt carried, to the letter: kept beside the attempt, so that a person can check a signature by eye."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Self

from mock_alc.faults.payloads import Payload

LONGEST = 4_096
"""Characters of a body that are kept; a `huge` one is a megabyte."""


@dataclass(frozen=True)
class Letter:
    """Headers and bodies; a body that is the delivery's own is not kept a second time."""

    headers: dict[str, str]
    timestamp: int
    trouble: str | None
    body: str | None
    signed_body: str | None

    @classmethod
    def of(cls, body: bytes, payload: Payload, headers: Mapping[str, str], trouble: str | None) -> Self:
        """Note what went out for a delivery with this body."""

        def other(sent: bytes) -> str | None:
            return None if sent == body else sent.decode("utf-8", "replace")[:LONGEST]

        return cls(dict(headers), payload.timestamp, trouble, other(payload.body), other(payload.signed_body))

    @classmethod
    def read(cls, text: str) -> Self:
        """Read what `as_text` wrote."""
        return cls(**json.loads(text))

    def as_text(self) -> str:
        """Write it as the attempt keeps it."""
        return json.dumps(asdict(self), ensure_ascii=False)

    def signed_string(self, delivery_id: str, body: str) -> str:
        """Return exactly what was signed (Standard Webhooks): `id.timestamp.body`."""
        return f"{delivery_id}.{self.timestamp}.{body if self.signed_body is None else self.signed_body}"
