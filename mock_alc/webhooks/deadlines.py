"""The deadlines of all calls, watched by one thread: a `threading.Timer` for each would cost a third of a call."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from heapq import heappop, heappush
from itertools import count

from mock_alc.base.clock import monotonic

Overdue = Callable[[], object]


class Deadlines:
    """Calls what is overdue, in a thread that starts with the first deadline."""

    def __init__(self) -> None:
        """Begin without a thread."""
        self._waiting: list[tuple[float, int]] = []
        self._overdue: dict[int, Overdue] = {}
        self._numbers = count()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    @contextmanager
    def within(self, seconds: float, overdue: Overdue) -> Iterator[None]:
        """Call `overdue` if the block takes longer than so many seconds."""
        number, at = next(self._numbers), monotonic() + seconds
        with self._changed:
            self._overdue[number] = overdue
            heappush(self._waiting, (at, number))
            if self._thread is None:
                self._thread = threading.Thread(target=self._watch, name="deadlines", daemon=True)
                self._thread.start()
            elif self._waiting[0][1] == number:  # the thread waits for a later one
                self._changed.notify()
        try:
            yield
        finally:
            self._overdue.pop(number, None)

    def _watch(self) -> None:
        while True:
            with self._changed:
                while not self._waiting or self._waiting[0][0] > monotonic():
                    self._changed.wait(self._waiting[0][0] - monotonic() if self._waiting else None)
                number = heappop(self._waiting)[1]
            if overdue := self._overdue.pop(number, None):
                overdue()
