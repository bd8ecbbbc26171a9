"""The clock: code that needs the time takes it as a parameter, so that tests can move it."""

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial

Clock = Callable[[], datetime]
monotonic = partial(time.clock_gettime, time.CLOCK_MONOTONIC) if hasattr(time, "clock_gettime") else time.monotonic
"""The seconds of the system's monotonic clock. Windows has no `clock_gettime`, which freezegun leaves alone."""


def utc_now() -> datetime:
    """Return the current time, timezone-aware, in UTC."""
    return datetime.now(UTC)


def steady_clock(real: Clock) -> Clock:
    """Return a clock that begins at the time of `real`, and goes on evenly even if a test freezes or shifts that.

    freezegun and time-machine leave the system's monotonic clock alone, if it is read by `clock_gettime`.
    """
    start, begun = real(), monotonic()
    return lambda: start + timedelta(seconds=monotonic() - begun)


class VirtualClock:
    """The real clock plus an offset that can be moved."""

    def __init__(self, real: Clock = utc_now) -> None:
        """Begin at the time of `real`."""
        self.real = real
        """The real clock: for webhook timestamps and HTTP dates, which others compare with their own clocks."""
        self._base = real
        self._is_steady = False
        self._offset = timedelta()
        self._lock = threading.Lock()

    def __call__(self) -> datetime:
        """Return the virtual time."""
        return self._base() + self._offset

    def go_on_steadily(self) -> None:
        """Do not follow the real clock any more, but at a reset: in tests it is frozen and shifted."""
        if not self._is_steady and self.real is utc_now:
            self._is_steady = True
            self.reset_to_real()

    @property
    def offset(self) -> float:
        """How many seconds this clock is ahead of the real one."""
        return self._offset.total_seconds()

    def move_to(self, instant: datetime) -> None:
        """Set the clock to `instant`; it runs on from there."""
        with self._lock:
            self._offset = instant - self._base()

    def reset_to_real(self) -> None:
        """Set the clock back to the real time."""
        with self._lock:
            self._base = steady_clock(self.real) if self._is_steady else self.real
            self._offset = timedelta()


def iso(instant: datetime | None) -> str | None:
    """Return an instant as the API writes it: RFC 3339 with milliseconds and a `Z`; None for None."""
    if instant is None:
        return None
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
