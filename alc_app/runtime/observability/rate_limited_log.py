"""Limit a warning to one line a minute, so that a flood of bad deliveries does not fill the disk (R22)."""

from __future__ import annotations

import logging
import threading
import time

PERIOD = 60.0
"""Seconds."""


class OncePerMinute:
    """Logs the first warning of each minute, with the number of those suppressed before."""

    def __init__(self, log: logging.Logger) -> None:
        """Warn on `log`."""
        self._log, self._lock = log, threading.Lock()
        self._silent_until, self._held_back = 0.0, 0

    def warn(self, message: str) -> None:
        """Log `message`, unless a warning was logged less than a minute ago."""
        with self._lock:
            if time.monotonic() < self._silent_until:
                self._held_back += 1
                return
            more = f" ({self._held_back} more since the last line)" if self._held_back else ""
            self._silent_until, self._held_back = time.monotonic() + PERIOD, 0
        self._log.warning("%s%s", message, more)
