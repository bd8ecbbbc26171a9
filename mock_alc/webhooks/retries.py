"""When to retry a delivery: the schedule, and the receiver's Retry-After (W2)."""

import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

JITTER = 0.2
"""How much of a wait is random, as a fraction, in both directions."""
LONGEST_RETRY_AFTER = 86_400.0
"""Seconds: a Retry-After of more than a day counts as a day."""


def next_attempt(
    schedule: Sequence[float], attempts_made: int, now: datetime, retry_after: float = 0
) -> datetime | None:
    """Return when attempt number `attempts_made + 1` is due, or None at the end of the schedule.

    `schedule` and `retry_after` are in seconds; Retry-After can only lengthen a wait.
    """
    if attempts_made >= len(schedule):
        return None
    planned = schedule[attempts_made] * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311 (spreads load, guards nothing)
    return now + timedelta(seconds=max(planned, min(retry_after, LONGEST_RETRY_AFTER)))


def read_retry_after(value: str | None, now: datetime) -> float:
    """Return the seconds that a Retry-After header asks for (RFC 9110 10.2.3); 0 if it is missing or invalid."""
    text = (value or "").strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:12]), LONGEST_RETRY_AFTER)
    try:
        requested = parsedate_to_datetime(text)
    except (ValueError, IndexError, TypeError, OverflowError):
        return 0.0
    if requested.tzinfo is None:
        requested = requested.replace(tzinfo=now.tzinfo)
    return min(max((requested - now).total_seconds(), 0.0), LONGEST_RETRY_AFTER)
