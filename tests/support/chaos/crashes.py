"""A process that dies, in one thread: an exception that nothing of ours can catch, at any place where one may die."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from alc_app.runtime import failpoints


class Crash(BaseException):
    """The process is gone: nothing of ours can catch it."""


class Doom(dict[str, str]):
    """Lies where the failpoints look up what they are armed with, and counts them: `after` so many comes the end."""

    after: int | None = None
    deaths = 0

    def get(self, _place: str, _otherwise: Any = None) -> None:
        """What a failpoint asks."""
        if self.after == 0:
            self.after, self.deaths = None, self.deaths + 1
            raise Crash
        if self.after:
            self.after -= 1


@contextmanager
def doomed() -> Iterator[Doom]:
    """Every failpoint of the code is a place to die at."""
    armed, failpoints._armed = failpoints._armed, (doom := Doom())
    try:
        yield doom
    finally:
        failpoints._armed = armed
