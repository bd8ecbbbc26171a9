"""Counting what happened lately."""

from datetime import UTC, datetime, timedelta

from mock_alc.base.rate_limits import SlidingWindow

START = datetime(2026, 1, 1, tzinfo=UTC)


def test_the_limit_is_per_key_and_passes_with_the_window() -> None:
    """A19: two in a minute; the third waits until the first is a minute old."""
    now = [START]
    window = SlidingWindow(2, lambda: now[0], window=60)
    for now[0] in (START, START + timedelta(seconds=10)):
        window.record("a")
    assert (window.seconds_to_wait("a"), window.seconds_to_wait("b")) == (51, 0)
    now[0] = START + timedelta(seconds=60)
    assert window.seconds_to_wait("a") == 0


def test_a_clock_that_is_set_back_locks_nobody_out() -> None:
    """Virtual time: what was recorded next week does not count today."""
    now = [START + timedelta(days=7)]
    window = SlidingWindow(1, lambda: now[0])
    window.record("a")
    now[0] = START
    assert window.seconds_to_wait("a") == 0


def test_memory_stays_bounded() -> None:
    """A19: a flood of new keys pushes the oldest out."""
    window = SlidingWindow(1, lambda: START, keys=3)
    for key in "abcd":
        window.record(key)
    assert [bool(window.seconds_to_wait(key)) for key in "abcd"] == [False, True, True, True]
