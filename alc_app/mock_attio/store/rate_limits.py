"""Attio's rate limits: so many reads and so many writes in any one second, for the whole workspace together."""

import math
import threading
from collections import deque
from collections.abc import Callable
from datetime import datetime

from werkzeug.http import http_date

from alc_app.mock_attio.store.errors import AttioError

_WINDOW = 1.0  # second


class Limits:
    """Counts reads and writes over a sliding second; a limit of 0 means none."""

    def __init__(self, *, reads: int, writes: int, now: Callable[[], datetime]) -> None:
        self._allowed = {"read": reads, "write": writes}
        self._times: dict[str, deque[float]] = {"read": deque(), "write": deque()}
        self._now = now
        self._lock = threading.Lock()

    def admit(self, kind: str) -> None:
        """Count one request of this kind ("read" or "write"), or answer 429; a refused one does not count."""
        allowed, times = self._allowed[kind], self._times[kind]
        if allowed == 0:
            return
        with self._lock:
            moment = self._now().timestamp()
            while times and times[0] <= moment - _WINDOW:
                times.popleft()
            if len(times) >= allowed:
                raise _too_many(times[0] + _WINDOW)
            times.append(moment)


def _too_many(free_at: float) -> AttioError:
    # Attio sends an HTTP date, which knows whole seconds only: round up, or the client comes back too early.
    return AttioError(
        429,
        "rate_limit_exceeded",
        "Rate limit exceeded, please try again later",
        headers={"Retry-After": http_date(math.ceil(free_at))},
    )
