"""Test deliveries for a receiver: valid ones, and ones with exactly one fault."""

import io
import json
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from mock_alc.base.clock import iso
from mock_alc.grading.events import EVENTS, Target
from mock_alc.signing.dialects import Dialect
from mock_alc.signing.signatures import fill, new_message_id, signed_headers, write_headers, write_signature


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

    def with_headers(self, label: str, changes: Mapping[str, str | None]) -> "Probe":
        """Return a copy with other headers; None removes one."""
        kept = {name: value for name, value in {**self.headers, **changes}.items() if value is not None}
        return replace(self, label=label, headers=kept)


class ProbeFactory:
    """Makes probes for one receiver, in one dialect."""

    def __init__(self, secret: str, dialect: Dialect, *, record_id: str, lead_id: str) -> None:
        """Sign with the receiver's `secret`; the bodies are about `record_id`, and for ALC about `lead_id`."""
        self.secret, self.dialect, self.now = secret, dialect, int(time.time())
        self.events = EVENTS[dialect.name]
        self._target = Target(record_id, lead_id, self.now)

    def event(self, **changes: Any) -> dict[str, Any]:
        """Return the body of a usual event with these changes; None removes a field."""
        whole = {**self.events.usual(self._target), **changes}
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
        sent_id = message_id or new_message_id(self.dialect)
        return self._delivery(
            label, raw, signed_headers(self.dialect, secrets or [self.secret], sent_id, self.now - age, raw)
        )

    def signed_as(
        self,
        label: str,
        *,
        key: bytes | None = None,
        template: str = "",
        stamp: str | None = None,
        body: bytes | None = None,
    ) -> Probe:
        """Return a delivery whose key, content or timestamp may be wrong, and whose signature fits them."""
        raw, message_id = self.event_bytes() if body is None else body, new_message_id(self.dialect)
        moment = str(self.now) if stamp is None else stamp
        content = fill(template or self.dialect.content, message_id, moment, raw)
        text = write_signature(self.dialect, self.key if key is None else key, content)
        return self._delivery(label, raw, write_headers(self.dialect, message_id, moment, [text]))

    def with_signatures(self, label: str, texts: Iterable[str], *, message_id: str = "", body: bytes) -> Probe:
        """Return a delivery of `body` with these signatures, whatever they are."""
        sent_id = message_id or new_message_id(self.dialect)
        return self._delivery(label, body, write_headers(self.dialect, sent_id, str(self.now), texts))

    def with_any_timestamp(self, probe: Probe) -> Probe:
        """Return the probe with a timestamp in a header also where the sender has none: a receiver may look for it."""
        name = f"X-{self.dialect.sender}-Timestamp".replace(" ", "-")
        return probe if self.dialect.tolerance else probe.with_headers(probe.label, {name: str(self.now)})

    def mac(self, message_id: str, body: bytes) -> bytes:
        """Return the bytes of the right signature of a delivery of this moment."""
        content = fill(self.dialect.content, message_id, str(self.now), body)
        text = write_signature(self.dialect, self.key, content)
        return self.dialect.encoding.read(text.removeprefix(self.dialect.prefix))

    @property
    def key(self) -> bytes:
        """The key in the secret."""
        return self.dialect.secret.check(self.secret)

    def event_bytes(self, **changes: Any) -> bytes:
        """Return an event as the bytes that the sender would send."""
        return json.dumps(self.event(**changes), ensure_ascii=False, separators=(",", ":")).encode()

    def _delivery(self, label: str, body: bytes, signed: Mapping[str, str]) -> Probe:
        fixed = {"Content-Type": "application/json", "User-Agent": "mock-alc-grade/1", **self.events.headers}
        return Probe(label, body, {**fixed, **signed})


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
