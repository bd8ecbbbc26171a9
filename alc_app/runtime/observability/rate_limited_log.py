"""A log line a minute instead of one for each hit: a flood of bad deliveries must not fill the disk (R22)."""

from __future__ import annotations

import logging
import threading
import time

PERIOD = 60.0


class OncePerMinute:
    """Passes on the first warning of each minute, with the number of those that it kept to itself."""

    def __init__(self, log: logging.Logger) -> None:
        self._log, self._lock = log, threading.Lock()
        self._silent_until, self._held_back = 0.0, 0

    def warn(self, message: str) -> None:
        """Log `message`, unless something has been logged less than a minute ago."""
        with self._lock:
            if time.monotonic() < self._silent_until:
                self._held_back += 1
                return
            more = f" ({self._held_back} more since the last line)" if self._held_back else ""
            self._silent_until, self._held_back = time.monotonic() + PERIOD, 0
        self._log.warning("%s%s", message, more)
