"""Looking whether others answer: all at once, and for a bounded time, because whoever asks cannot wait."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future, wait
from contextvars import copy_context
from typing import Generic, TypeVar

T = TypeVar("T")
Check = Callable[[], str | None]
"""Says what is missing, in a sentence, or None."""
log = logging.getLogger(__name__)


class TimedChecks(Generic[T]):
    """Looks by name. One that hangs is not begun a second time: a peer that is down costs a thread, not many."""

    def __init__(self, looks: Mapping[str, Callable[[], T]]) -> None:
        self._looks = looks
        self._under_way: dict[str, Future[T]] = {}
        self._lock = threading.Lock()

    def take(self, within: float) -> dict[str, Future[T]]:
        """Every look, taken side by side. Those that have not ended in time are not done."""
        looks = {name: self._take(name) for name in self._looks}
        wait(looks.values(), within)
        return looks

    def _take(self, name: str) -> Future[T]:
        with self._lock:
            look = self._under_way.get(name)
            if look is None or look.done():
                look = self._under_way[name] = Future()
                context = copy_context()  # its calls belong to the trace of whoever asks
                threading.Thread(target=context.run, args=(self._answer, name, look), daemon=True).start()
            return look

    def _answer(self, name: str, look: Future[T]) -> None:
        try:
            look.set_result(self._looks[name]())
        except Exception as error:
            log.exception("The check of %s failed.", name)
            look.set_exception(error)


class Checks:
    """Checks by name, of what is needed."""

    def __init__(self, checks: Mapping[str, Check]) -> None:
        self._looks = TimedChecks(checks)

    def missing(self, within: float) -> dict[str, str]:
        """What is missing, by name; what has not answered in time is missing too."""
        looks = self._looks.take(within)
        late = f"No answer came within {within:g} seconds."
        found = {name: _said(look) if look.done() else late for name, look in looks.items()}
        return {name: what for name, what in found.items() if what}


def _said(look: Future[str | None]) -> str | None:
    return "It could not be looked at; the log says why." if look.exception() else look.result()
