"""Poll a condition until a deadline, and fail with what was seen last."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
PATIENCE = 60.0
"""Seconds to wait for a condition. It is long because a busy machine is slow, and costs nothing when it holds."""


def eventually(check: Callable[[], T], what: Callable[[], object] | None = None, within: float = PATIENCE) -> T:
    """Return the first true result of `check`. Fail with `what()`, or the last result, after `within` seconds.

    The pauses between two checks grow, and are longer than a check, so that it takes little from what it waits for.
    """
    deadline, pause = time.monotonic() + within, 0.02
    while True:
        began = time.monotonic()
        result = check()
        if result:
            return result
        if time.monotonic() > deadline:
            raise AssertionError(f"Not within {within} s. Last seen: {what() if what else result!r}")
        time.sleep(max(pause, 2 * (time.monotonic() - began)))
        pause = min(pause * 1.5, 0.25)
