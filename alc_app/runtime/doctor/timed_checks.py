"""Run several checks at the same time, and wait a bounded time for their results."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, wait
from contextvars import copy_context
from typing import Generic, TypeVar

from alc_app.runtime.storage.database import report

T = TypeVar("T")
ReadinessCheck = Callable[[], str | None]
"""Returns what is missing, as a sentence, or None."""
FRESH, STALE = 2.0, 10.0
"""Seconds for which readiness is not looked at again; and for which it is told meanwhile, while one looks."""
log = logging.getLogger(__name__)


class TimedChecks(Generic[T]):
    """Checks by name, each run in a thread of its own.

    A check that is still running is not started a second time, so a peer that hangs costs one thread and not many.
    """

    def __init__(self, checks: Mapping[str, Callable[[], T]]) -> None:
        """Take the checks by name."""
        self._checks = checks
        self._running: dict[str, Future[T]] = {}
        self._lock = threading.Lock()

    def run(self, within: float) -> dict[str, Future[T]]:
        """Run every check in parallel; after `within` seconds return their futures, of which some may not be done."""
        results = {name: self._start(name) for name in self._checks}
        wait(results.values(), within)
        return results

    def _start(self, name: str) -> Future[T]:
        with self._lock:
            result = self._running.get(name)
            if result is None or result.done():
                result = self._running[name] = Future()
                context = copy_context()  # keeps the caller's trace
                threading.Thread(target=context.run, args=(self._complete, name, result), daemon=True).start()
            return result

    def _complete(self, name: str, result: Future[T]) -> None:
        try:
            result.set_result(self._checks[name]())
        except Exception as error:
            report(log, f"The check of {name} failed.", error)
            result.set_exception(error)


class ReadinessChecks:
    """Checks by name, each for something that this process needs.

    Strangers may ask, so asking costs nothing: what was found is kept for seconds, and one caller at a time looks anew.
    """

    def __init__(self, checks: Mapping[str, ReadinessCheck], now: Callable[[], float] = time.monotonic) -> None:
        """Take the checks by name; `now` returns seconds."""
        self._checks, self._now = TimedChecks(checks), now
        self._looking = threading.Lock()
        self._found: tuple[float, dict[str, str]] = (-math.inf, {})

    def missing(self, within: float) -> dict[str, str]:
        """Return what is missing, by name. A check without a result after `within` seconds counts as missing."""
        known = self._found
        age = self._now() - known[0]
        if age < FRESH or not self._looking.acquire(blocking=age >= STALE):
            return known[1]
        try:
            if self._found is known:  # nobody has looked while this one waited
                found = self._look(within)
                self._found = (self._now(), found)
            return self._found[1]
        finally:
            self._looking.release()

    def _look(self, within: float) -> dict[str, str]:
        late = f"No answer came within {within:g} seconds."
        results = self._checks.run(within)
        found = {name: _text(result) if result.done() else late for name, result in results.items()}
        return {name: text for name, text in found.items() if text}


def _text(result: Future[str | None]) -> str | None:
    return "The check failed. See the log for the reason." if result.exception() else result.result()
