"""When to try a delivery again: the published schedule and the receiver's Retry-After (W2)."""

import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

JITTER = 0.2
LONGEST_WISH = 86_400.0  # A receiver may ask for a day at most.


def next_attempt(
    schedule: Sequence[float], attempts_made: int, now: datetime, retry_after: float = 0
) -> datetime | None:
    """Return when attempt number `attempts_made + 1` is due, or None when the schedule is used up."""
    if attempts_made >= len(schedule):
        return None
    planned = schedule[attempts_made] * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311 (spreads load, guards nothing)
    return now + timedelta(seconds=max(planned, min(retry_after, LONGEST_WISH)))


def read_retry_after(value: str | None, now: datetime) -> float:
    """Return the seconds that a Retry-After header asks for, as seconds or HTTP date; 0 for none or nonsense."""
    text = (value or "").strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:12]), LONGEST_WISH)
    try:
        wished = parsedate_to_datetime(text)
    except (ValueError, IndexError, TypeError, OverflowError):
        return 0.0
    if wished.tzinfo is None:
        wished = wished.replace(tzinfo=now.tzinfo)
    return min(max((wished - now).total_seconds(), 0.0), LONGEST_WISH)
