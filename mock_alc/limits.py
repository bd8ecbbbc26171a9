"""Counts what happened lately, in the memory of this process (A19, U10)."""

import threading
import time
from collections import deque
from collections.abc import Callable


class SlidingWindow:
    """At most `limit` events for one key within `window` seconds."""

    def __init__(
        self, limit: int, window: float = 60.0, keys: int = 10_000, ticks: Callable[[], float] = time.monotonic
    ) -> None:
        self._limit, self._window, self._keys, self._ticks = limit, window, keys, ticks
        self._events: dict[str, deque[float]] = {}
        self._lock = threading.Lock()

    def wait(self, key: str) -> int:
        """Return the whole seconds until `key` may try again; 0 when it may now."""
        with self._lock:
            events = self._recent(key)
            if len(events) < self._limit:
                return 0
            return int(events[0] + self._window - self._ticks()) + 1

    def count(self, key: str) -> None:
        """Note one event of `key`."""
        with self._lock:
            events = self._recent(key)
            if not events and len(self._events) >= self._keys:
                self._events.pop(next(iter(self._events)))  # The oldest key: memory stays bounded.
            events.append(self._ticks())
            self._events[key] = events

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._events.clear()

    def _recent(self, key: str) -> deque[float]:
        events = self._events.get(key, deque())
        while events and events[0] <= self._ticks() - self._window:
            events.popleft()
        return events
