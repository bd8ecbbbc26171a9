"""What was asked for, and what is left of it: the one place that counts faults."""

import random
import threading
from collections.abc import Callable, Mapping
from itertools import count
from typing import Any

from mock_alc.faults.fault import Fault, matches, read_fault

KEPT = 1_000


class Armed:
    """A fault that waits for its turn, or has had it."""

    def __init__(self, fault_id: str, fault: Fault) -> None:
        self.id, self.fault = fault_id, fault
        self.struck, self.passed = 0, 0
        self.released = threading.Event()
        self.record_id: str | None = None
        """Of the lead that it struck last, if it struck one."""
        self._random = random.Random(fault.seed)  # noqa: S311 (repeatable on purpose, guards nothing)

    @property
    def left(self) -> int | None:
        """How many it will still strike; None for all."""
        return None if self.fault.times is None else self.fault.times - self.struck

    def wants(self, fields: Mapping[str, Any]) -> bool:
        """Take its turn: is this one struck?"""
        if self.left == 0 or not matches(self.fault.match, fields):
            return False
        if self.passed < self.fault.skip or self._random.random() > self.fault.chance:
            self.passed += 1
            return False
        self.struck += 1
        self.record_id = fields.get("recordId")
        return True

    def wait(self) -> None:
        """Be late by the fault's latency, or until it is cleared."""
        if self.fault.latency:
            self.released.wait(self.fault.latency)

    def as_json(self) -> dict[str, Any]:
        """Spell the fault as the control door does: what was asked for, and how often it has struck."""
        asked = self.fault.model_dump(exclude_unset=True)
        return {"id": self.id, **asked, "struck": self.struck, "left": self.left}


class Faults:
    """The faults of one mock, in the order in which they were asked for; the first that fits strikes."""

    def __init__(self) -> None:
        self._armed: list[Armed] = []
        self._numbers = count(1)
        self._lock = threading.Lock()

    def add(self, given: Mapping[str, Any] | Fault) -> dict[str, Any]:
        """Arm a fault; raises FaultRefused. A used-up one stays listed, so that a test can see that it struck."""
        fault = given if isinstance(given, Fault) else read_fault(given)
        with self._lock:
            armed = Armed(f"fault_{next(self._numbers)}", fault)
            self._armed = [*self._armed[-KEPT:], armed]
            return armed.as_json()

    def listed(self) -> list[dict[str, Any]]:
        """Return every fault with what is left of it."""
        with self._lock:
            return [armed.as_json() for armed in self._armed]

    def clear(self, fault_id: str | None = None) -> int:
        """Forget one fault or all, and let go of what they hold up; returns how many there were."""
        with self._lock:
            gone = [armed for armed in self._armed if fault_id in (None, armed.id)]
            self._armed = [armed for armed in self._armed if armed not in gone]
        for armed in gone:
            armed.released.set()
        return len(gone)

    def let_go(self, record_id: str | None) -> None:
        """End every `hold` that waits for this: a delivery about the record was answered."""
        with self._lock:
            holding = [armed for armed in self._armed if armed.fault.trouble == "hold" and armed.struck]
        for armed in holding:
            if armed.record_id in (None, record_id):
                armed.released.set()

    def for_request(self, method: str, path: str, fields: Mapping[str, Any]) -> Armed | None:
        """Return the fault that strikes this request, if any."""
        return self._first(lambda fault: fault.strikes_route(method, path), fields)

    def for_delivery(self, event: str, payload: Mapping[str, Any]) -> Armed | None:
        """Return the fault that strikes this attempt to deliver, if any."""
        return self._first(lambda fault: fault.strikes_delivery(event), payload)

    def _first(self, fits: Callable[[Fault], bool], fields: Mapping[str, Any]) -> Armed | None:
        with self._lock:
            return next((armed for armed in self._armed if fits(armed.fault) and armed.wants(fields)), None)
