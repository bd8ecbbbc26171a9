"""The clock: code that needs the time takes it as a parameter, so that tests can move it."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """Return the current time, timezone-aware, in UTC."""
    return datetime.now(UTC)


class VirtualClock:
    """The real clock plus an offset that can be moved."""

    def __init__(self, real: Clock = utc_now) -> None:
        """Begin at the time of `real`."""
        self.real = real
        """The real clock: for webhook timestamps and HTTP dates, which others compare with their own clocks."""
        self._offset = timedelta()
        self._lock = threading.Lock()

    def __call__(self) -> datetime:
        """Return the virtual time."""
        return self.real() + self._offset

    @property
    def offset(self) -> float:
        """How many seconds this clock is ahead of the real one."""
        return self._offset.total_seconds()

    def move_to(self, instant: datetime) -> None:
        """Set the clock to `instant`; it runs on from there."""
        with self._lock:
            self._offset = instant - self.real()

    def reset_to_real(self) -> None:
        """Set the clock back to the real time."""
        with self._lock:
            self._offset = timedelta()


def iso(instant: datetime | None) -> str | None:
    """Return an instant as the API writes it: RFC 3339 with milliseconds and a `Z`; None for None."""
    if instant is None:
        return None
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
