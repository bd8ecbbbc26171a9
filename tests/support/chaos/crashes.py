"""Simulate a crash in one thread: an exception that our code cannot catch, raised at any failpoint."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from alc_app.runtime import failpoints


class Crash(BaseException):
    """The process has crashed. Not an `Exception`, so that nothing of ours catches it."""


class CrashPlan(dict[str, str]):
    """Replaces the table of armed failpoints. Raises Crash at the failpoint that `after` others were passed before."""

    after: int | None = None
    crashes = 0

    def get(self, _place: str, _otherwise: Any = None) -> None:
        """Count the failpoint, and crash if its turn has come. Called by every failpoint."""
        if self.after == 0:
            self.after, self.crashes = None, self.crashes + 1
            raise Crash
        if self.after:
            self.after -= 1


@contextmanager
def crash_plan() -> Iterator[CrashPlan]:
    """Let every failpoint of the code crash by this plan."""
    armed, failpoints._armed = failpoints._armed, (plan := CrashPlan())
    try:
        yield plan
    finally:
        failpoints._armed = armed
