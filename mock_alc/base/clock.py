"""The one clock: everything that asks for the time is handed it, so that a test can move it."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """Return the present instant, aware and in UTC."""
    return datetime.now(UTC)


class VirtualClock:
    """Goes like the real clock, ahead or behind by as much as it was moved."""

    def __init__(self, real: Clock = utc_now) -> None:
        self.real = real
        """What others' clocks show: webhook timestamps and HTTP dates are written with it."""
        self._offset = timedelta()
        self._lock = threading.Lock()

    def __call__(self) -> datetime:
        """Return this mock's present instant."""
        return self.real() + self._offset

    @property
    def offset(self) -> float:
        """Seconds ahead of the real clock."""
        return self._offset.total_seconds()

    def move_to(self, instant: datetime) -> None:
        """Show this instant now, and go on from it."""
        with self._lock:
            self._offset = instant - self.real()

    def back_to_real(self) -> None:
        """Show the real time again."""
        with self._lock:
            self._offset = timedelta()


def iso(instant: datetime | None) -> str | None:
    """Write an instant as the API spells it: RFC 3339 with milliseconds and a `Z`."""
    if instant is None:
        return None
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
