"""The retry schedule and Retry-After."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_alc.config import PUBLISHED_SCHEDULE
from mock_alc.webhooks.retries import LONGEST_RETRY_AFTER, next_attempt, read_retry_after

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def test_the_published_schedule() -> None:
    """W2: as the guarantees and the README say."""
    assert PUBLISHED_SCHEDULE == (0, 5, 300, 1800, 7200, 18000, 36000, 36000)


@given(st.integers(0, 7))
def test_each_wait_is_the_published_one_within_a_fifth(made: int) -> None:
    """W2: jitter of twenty percent either way."""
    due = next_attempt(PUBLISHED_SCHEDULE, made, NOW)
    assert due is not None
    assert abs((due - NOW).total_seconds() - PUBLISHED_SCHEDULE[made]) <= PUBLISHED_SCHEDULE[made] * 0.2


def test_after_the_last_attempt_there_is_none() -> None:
    """W2: the eighth is the last."""
    assert next_attempt(PUBLISHED_SCHEDULE, 8, NOW) is None


def test_retry_after_only_lengthens_a_wait_and_never_beyond_a_day() -> None:
    """W2: a shorter one changes nothing, and a longer one counts as a day."""
    assert next_attempt((0, 100), 1, NOW, 1) == pytest.approx(NOW + timedelta(seconds=100), abs=timedelta(seconds=20))
    assert next_attempt((0, 1), 1, NOW, 3600) == NOW + timedelta(hours=1)
    assert next_attempt((0, 1), 1, NOW, 10**9) == NOW + timedelta(days=1)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120),
        (" 7 ", 7),
        (format_datetime(NOW + timedelta(minutes=2), usegmt=True), 120),
        (format_datetime(NOW - timedelta(minutes=2), usegmt=True), 0),
        (None, 0),
        ("", 0),
        ("-5", 0),
        ("1.5", 0),
        ("soon", 0),
        ("9" * 400, LONGEST_RETRY_AFTER),
    ],
)
def test_retry_after_is_seconds_or_a_date(header: str | None, seconds: float) -> None:
    """W2: what is neither asks for nothing."""
    assert read_retry_after(header, NOW) == seconds


@given(st.text(max_size=40))
def test_no_retry_after_breaks_the_sender(header: str) -> None:
    """W2: fuzzed; always a number within bounds."""
    assert 0 <= read_retry_after(header, NOW) <= LONGEST_RETRY_AFTER
