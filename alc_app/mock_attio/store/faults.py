"""Trouble on demand: writes to one record that fail, as if Attio were down for it alone."""

import threading
from collections import Counter

from alc_app.mock_attio.store.errors import AttioError


class Faults:
    """The faults of one stand-in, by record; they end with the process."""

    def __init__(self) -> None:
        self._armed: dict[str, tuple[int, int | None]] = {}
        self._struck: Counter[str] = Counter()
        self._lock = threading.Lock()

    def add(self, record_id: str, status: int, times: int | None) -> None:
        """Let the next so many writes to this record fail, or all."""
        with self._lock:
            self._armed[record_id] = (status, times)
            self._struck[record_id] = 0

    def struck(self, record_id: str) -> int:
        """How many writes have failed since the fault was asked for."""
        return self._struck[record_id]

    def clear(self, record_id: str) -> None:
        """End it."""
        with self._lock:
            self._armed.pop(record_id, None)
            self._struck.pop(record_id, None)

    def strike(self, record_id: str) -> None:
        """Fail this write, if it is to. Raises: AttioError."""
        with self._lock:
            status, times = self._armed.get(record_id, (0, 0))
            if times is not None and self._struck[record_id] >= times:
                return
            self._struck[record_id] += 1
        raise AttioError(status, "service_unavailable", "This answer was asked for at the control door.")
