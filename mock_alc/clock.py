"""The one clock: everything that asks for the time is handed `now`, so tests can move it."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """Return the present instant, aware and in UTC."""
    return datetime.now(UTC)


def iso(instant: datetime | None) -> str | None:
    """Write an instant as the API spells it: RFC 3339 with milliseconds and a `Z`."""
    if instant is None:
        return None
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
