"""The active faults of a mock, and how often each was applied."""

import random
import threading
from collections.abc import Callable, Collection, Mapping
from itertools import count
from typing import Any

from mock_alc.double.fault import OF_OAUTH, Fault, FaultRefused, matches, read_fault

KEPT = 1_000


class ActiveFault:
    """A fault that was set, with its counters; it is kept when used up."""

    def __init__(self, fault_id: str, fault: Fault) -> None:
        """Start with the counters at zero."""
        self.id, self.fault = fault_id, fault
        self.times_applied, self.times_skipped = 0, 0
        self.released = threading.Event()
        self.record_id: str | None = None
        """The record of the lead that the fault was last applied to, if any."""
        self._random = random.Random(fault.seed)  # noqa: S311 (repeatable on purpose, guards nothing)

    @property
    def remaining(self) -> int | None:
        """How often the fault will still be applied; None means without limit."""
        return None if self.fault.times is None else self.fault.times - self.times_applied

    def try_to_apply(self, fields: Mapping[str, Any]) -> bool:
        """Count this request or delivery, and return whether the fault applies to it."""
        if self.remaining == 0 or not matches(self.fault.match, fields):
            return False
        if self.times_skipped < self.fault.skip or self._random.random() > self.fault.chance:
            self.times_skipped += 1
            return False
        self.times_applied += 1
        self.record_id = fields.get("recordId")
        return True

    def delay(self) -> None:
        """Sleep for the fault's latency, or until it is cleared."""
        if self.fault.latency:
            self.released.wait(self.fault.latency)

    def as_json(self) -> dict[str, Any]:
        """Return the JSON of the control API: the fault as it was set, and its counters `struck` and `left`."""
        asked = self.fault.model_dump(exclude_unset=True)
        return {"id": self.id, **asked, "struck": self.times_applied, "left": self.remaining}


class Faults:
    """The faults of one mock, in the order in which they were set. The first that fits is applied."""

    def __init__(
        self, paths: tuple[str, ...], troubles: Collection[str], events: Collection[str] | None = None
    ) -> None:
        """Start without faults. Those that can be set are `troubles`, of routes below `paths` and of deliveries.

        With `events`, a delivery is one of these, or `*`.
        """
        self.paths, self.troubles, self.events = paths, troubles, events
        self._active: list[ActiveFault] = []
        self._numbers = count(1)
        self._lock = threading.Lock()

    def check(self, fault: Fault) -> None:
        """Raise FaultRefused for a fault that this mock would never apply."""
        if fault.trouble not in (None, *self.troubles):
            raise FaultRefused({"trouble": f"The troubles of this mock are: {', '.join(self.troubles)}."})
        if fault.route is not None and not fault.route.partition(" ")[2].startswith(self.paths):
            raise FaultRefused({"route": f"Faults apply to paths below {', '.join(self.paths)}."})
        places = OF_OAUTH.get(fault.trouble or "", ())
        if places and not any(fault.applies_to_route(*place.split(" ")) for place in places):
            raise FaultRefused({"trouble": f"The trouble {fault.trouble} is for: {', '.join(places)}."})
        if self.events and fault.delivery not in (None, "*", *self.events):
            known = ", ".join(self.events)
            raise FaultRefused({"delivery": f"There is no event {fault.delivery}. The events are: {known}, and *."})

    def add(self, given: Mapping[str, Any] | Fault) -> dict[str, Any]:
        """Set a fault and return its JSON; raises FaultRefused. Used-up faults stay listed, with their counters."""
        fault = given if isinstance(given, Fault) else read_fault(given)
        with self._lock:
            active = ActiveFault(f"fault_{next(self._numbers)}", fault)
            self._active = [*self._active[-KEPT:], active]
            return active.as_json()

    def listed(self) -> list[dict[str, Any]]:
        """Return the JSON of every fault."""
        with self._lock:
            return [active.as_json() for active in self._active]

    @property
    def exist(self) -> bool:
        """Whether a fault is listed, used up or not."""
        return bool(self._active)

    def clear(self, fault_id: str | None = None) -> int:
        """Remove one fault or all, and release the answers that they delay; returns how many were removed."""
        with self._lock:
            gone = [active for active in self._active if fault_id in (None, active.id)]
            self._active = [active for active in self._active if active not in gone]
        for active in gone:
            active.released.set()
        return len(gone)

    def release_holds(self, record_id: str | None) -> None:
        """Release the answers that wait (`hold`) for a delivery about this record."""
        with self._lock:
            holding = [active for active in self._active if active.fault.trouble == "hold" and active.times_applied]
        for active in holding:
            if active.record_id in (None, record_id):
                active.released.set()

    def for_request(self, method: str, path: str, fields: Mapping[str, Any]) -> ActiveFault | None:
        """Return the fault that applies to this request, if any."""
        return self._first(lambda fault: fault.applies_to_route(method, path), fields)

    def for_delivery(self, event: str, payload: Mapping[str, Any]) -> ActiveFault | None:
        """Return the fault that applies to this delivery attempt, if any."""
        return self._first(lambda fault: fault.applies_to_delivery(event), payload)

    def _first(self, fits: Callable[[Fault], bool], fields: Mapping[str, Any]) -> ActiveFault | None:
        with self._lock:
            return next((active for active in self._active if fits(active.fault) and active.try_to_apply(fields)), None)
