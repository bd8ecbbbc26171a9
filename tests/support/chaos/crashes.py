"""Simulate a crash in one thread: an exception that our code cannot catch, raised at any failpoint."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from alc_app.runtime import failpoints


class Crash(BaseException):
    """The process has crashed. Not an `Exception`, so that nothing of ours catches it."""


class CrashPlan(dict[str, str]):
    """Replaces the table of armed failpoints. Raises Crash at the failpoint that `after` others were passed before.

    Or at the write to a database before which `after_writes` others were made.
    """

    after: int | None = None
    after_writes: int | None = None
    crashes = 0

    def get(self, _place: str, _otherwise: Any = None) -> None:
        """Count the failpoint, and crash if its turn has come. Called by every failpoint."""
        if self.after == 0:
            self.crash()
        if self.after:
            self.after -= 1

    def before_write(self, _connection: object) -> None:
        """Count the write, and crash if its turn has come. Called before each commit; the inbox has its own thread."""
        if threading.current_thread() is not threading.main_thread():
            return
        if self.after_writes == 0:
            self.crash()
        if self.after_writes:
            self.after_writes -= 1

    def crash(self) -> None:
        """Crash, once. Raises: Crash."""
        self.after = self.after_writes = None
        self.crashes += 1
        raise Crash

    def clear(self) -> None:
        """Crash no more."""
        self.after = self.after_writes = None


@contextmanager
def crash_plan() -> Iterator[CrashPlan]:
    """Let every failpoint of the code crash by this plan."""
    armed, failpoints._armed = failpoints._armed, (plan := CrashPlan())
    try:
        yield plan
    finally:
        failpoints._armed = armed
