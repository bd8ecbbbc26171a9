"""Injected faults: writes to one record fail, as if Attio were down for this record only."""

import threading
from collections import Counter

from alc_app.mock_attio.store.errors import AttioError


class Faults:
    """The faults of one stand-in, by record id, kept in memory."""

    def __init__(self) -> None:
        """Start without faults."""
        self._faults: dict[str, tuple[int, int | None]] = {}
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()

    def add(self, record_id: str, status: int, times: int | None) -> None:
        """Make the next `times` writes to this record fail with `status`; all of them if `times` is None."""
        with self._lock:
            self._faults[record_id] = (status, times)
            self._counts[record_id] = 0

    def count(self, record_id: str) -> int:
        """Return how many writes have failed since the fault was added."""
        return self._counts[record_id]

    def clear(self, record_id: str) -> None:
        """Remove the fault of a record."""
        with self._lock:
            self._faults.pop(record_id, None)
            self._counts.pop(record_id, None)

    def raise_if_set(self, record_id: str) -> None:
        """Raise AttioError if a fault is set for a write to this record; count it."""
        with self._lock:
            status, times = self._faults.get(record_id, (0, 0))
            if times is not None and self._counts[record_id] >= times:
                return
            self._counts[record_id] += 1
        raise AttioError(status, "service_unavailable", "This error was requested through the control API.")
