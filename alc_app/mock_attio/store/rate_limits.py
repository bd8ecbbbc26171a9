"""Attio's rate limits: a maximum of reads and of writes per second, for the whole workspace."""

import math
import threading
from collections import deque

from werkzeug.http import http_date

from alc_app.mock_attio.store.errors import AttioError
from mock_alc.base.clock import VirtualClock

_WINDOW = 1.0  # second


class Limits:
    """Counts reads and writes in a sliding window of one second."""

    def __init__(self, *, reads: int, writes: int, clock: VirtualClock) -> None:
        """Set the limits, in requests per second; 0 means no limit."""
        self._allowed = {"read": reads, "write": writes}
        self._times: dict[str, deque[float]] = {"read": deque(), "write": deque()}
        self._clock = clock
        self._lock = threading.Lock()

    def admit(self, kind: str) -> None:
        """Count one request of this kind ("read" or "write"); raise AttioError (429), uncounted, if over the limit."""
        allowed, times = self._allowed[kind], self._times[kind]
        if allowed == 0:
            return
        with self._lock:
            moment = self._clock().timestamp()
            while times and times[-1] > moment:  # the clock was set back
                times.pop()
            while times and times[0] <= moment - _WINDOW:
                times.popleft()
            if len(times) >= allowed:
                # A client compares the date with its own clock, so it is in real time.
                raise _too_many(times[0] + _WINDOW - self._clock.offset)
            times.append(moment)

    def clear(self) -> None:
        """Forget all requests."""
        with self._lock:
            for times in self._times.values():
                times.clear()


def _too_many(free_at: float) -> AttioError:
    # Attio sends an HTTP date, which has whole seconds only. Round up, so that a client does not retry too early.
    return AttioError(
        429,
        "rate_limit_exceeded",
        "Rate limit exceeded, please try again later",
        headers={"Retry-After": http_date(math.ceil(free_at))},
    )
