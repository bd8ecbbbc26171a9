"""One line a minute, with the number of suppressed ones."""

import logging

import pytest
import time_machine

from alc_app.runtime.observability.rate_limited_log import OncePerMinute


def test_a_flood_is_one_line_and_the_next_minute_tells_how_many(caplog: pytest.LogCaptureFixture) -> None:
    """R22: a bad sender must not fill the disk."""
    once = OncePerMinute(logging.getLogger("flood"))
    for _ in range(100):
        once.warn("Refused.")
    once._silent_until = 0.0  # a minute has passed: the clock is the monotonic one, which nothing sets
    once.warn("Refused.")

    assert caplog.messages == ["Refused.", "Refused. (99 more since the last line)"]


def test_the_wall_clock_does_not_matter(caplog: pytest.LogCaptureFixture) -> None:
    """O16: stepped back a day, it neither floods nor falls silent."""
    once = OncePerMinute(logging.getLogger("flood"))
    once.warn("Refused.")
    with time_machine.travel(0, tick=False):
        once.warn("Refused.")

    assert caplog.messages == ["Refused."]
