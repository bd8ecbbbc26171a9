"""Trouble on demand: writes to one record that fail, as if Attio were down for it alone."""

import threading

from alc_app.mock_attio.errors import AttioError


class Faults:
    """The faults of one stand-in, by record; they end with the process."""

    def __init__(self) -> None:
        self._left: dict[str, tuple[int, int | None]] = {}
        self._lock = threading.Lock()

    def add(self, record_id: str, status: int, times: int | None) -> None:
        """Let the next so many writes to this record fail, or all."""
        with self._lock:
            self._left[record_id] = (status, times)

    def clear(self, record_id: str) -> None:
        """End it."""
        with self._lock:
            self._left.pop(record_id, None)

    def strike(self, record_id: str) -> None:
        """Fail this write, if it is to. Raises: AttioError."""
        with self._lock:
            status, times = self._left.get(record_id, (0, None))
            if not status:
                return
            if times == 1:
                del self._left[record_id]
            elif times:
                self._left[record_id] = (status, times - 1)
        raise AttioError(status, "service_unavailable", "This answer was asked for at the control door.")
