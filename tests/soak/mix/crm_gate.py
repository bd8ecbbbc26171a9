"""The way from the app to Attio. It can take the permission to write away, lose answers, and keeps every write."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass

from tests.support.chaos.proxy import ChaosProxy, Exchange, Fault, answered, answers, passes

PATH = "/v2/objects/people/records/"


def attio_refuses(status: int, code: str, message: str, *headers: tuple[str, str]) -> Fault:
    """Make a fault: answer in Attio's shape, and forward nothing."""
    body = {"status_code": status, "type": "auth_error", "code": code, "message": message}
    return answers(status, json.dumps(body).encode(), ("Content-Type", "application/json"), *headers)


FORBIDDEN = attio_refuses(403, "unauthorized", "The token has no longer the scope record_permission:read-write.")


@dataclass(frozen=True)
class Write:
    """One PATCH of a person by the app."""

    at: float
    until: float
    record_id: str
    values: Mapping[str, str | None]
    status: int
    """Attio's answer, also if it was lost on its way; 0 if Attio was never asked."""
    fault: str

    @property
    def is_done(self) -> bool:
        """Whether the record shows these values now, or has shown them."""
        return self.status == 200


class CrmGate:
    """A proxy before Attio, for the app alone."""

    def __init__(self, attio_url: str) -> None:
        """Let everything pass at first."""
        self._proxy = ChaosProxy(attio_url)
        self._proxy.always(f"PATCH {PATH}", self._patch)
        self.url = self._proxy.url
        self._lock = threading.Lock()
        self._writes: list[Write] = []
        self._next: list[Fault] = []
        self._forbidden_until = 0.0

    def forbid(self, seconds: float) -> None:
        """Answer every write with 403 for so long."""
        self._forbidden_until = time.time() + seconds

    def plan(self, fault: Fault) -> None:
        """Use this fault for the next write."""
        with self._lock:
            self._next.append(fault)

    def heal(self) -> None:
        """Let everything pass."""
        with self._lock:
            self._next, self._forbidden_until = [], 0.0

    def writes(self) -> list[Write]:
        """Return every write so far, in the order of their ends."""
        with self._lock:
            return list(self._writes)

    def close(self) -> None:
        """Stop listening."""
        self._proxy.close()

    def _patch(self, exchange: Exchange) -> None:
        began, fault = time.time(), self._fault()
        exchange.fault = fault.__name__
        try:
            fault(exchange)
        finally:
            record_id = exchange.line.partition(PATH)[2]
            status = 403 if fault is FORBIDDEN else answered(exchange) if exchange.answers else 0
            values = json.loads(exchange.body)["data"]["values"]
            with self._lock:
                self._writes.append(Write(began, time.time(), record_id, values, status, exchange.fault))

    def _fault(self) -> Fault:
        with self._lock:
            if time.time() < self._forbidden_until:
                return FORBIDDEN
            return self._next.pop(0) if self._next else passes
