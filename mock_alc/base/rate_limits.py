"""A sliding-window rate limit, in the memory of this process and by the mock's clock (A19, U10)."""

import threading
from collections import deque

from mock_alc.base.clock import Clock


class SlidingWindow:
    """Allows at most `limit` events for one key within `window` seconds."""

    def __init__(self, limit: int, clock: Clock, window: float = 60.0, keys: int = 10_000) -> None:
        """Remember at most `keys` keys; beyond that, the oldest is forgotten."""
        self._limit, self._clock, self._window, self._keys = limit, clock, window, keys
        self._events: dict[str, deque[float]] = {}
        self._lock = threading.Lock()

    def seconds_to_wait(self, key: str) -> int:
        """Return the whole seconds until `key` may try again; 0 if it may now."""
        with self._lock:
            events = self._recent(key)
            if len(events) < self._limit:
                return 0
            return int(events[0] + self._window - self._ticks()) + 1

    def record(self, key: str) -> None:
        """Record an event for `key`."""
        with self._lock:
            events = self._recent(key)
            if not events and len(self._events) >= self._keys:
                self._events.pop(next(iter(self._events)))  # Bounds the memory.
            events.append(self._ticks())
            self._events[key] = events

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._events.clear()

    def _ticks(self) -> float:
        return self._clock().timestamp()

    def _recent(self, key: str) -> deque[float]:
        events = self._events.get(key, deque())
        while events and events[-1] > self._ticks():  # Events of the future: the clock was set back.
            events.pop()
        while events and events[0] <= self._ticks() - self._window:
            events.popleft()
        return events
