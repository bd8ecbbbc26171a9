"""Looking whether others answer: all at once, and for a bounded time, because whoever asks cannot wait."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future, wait
from contextvars import copy_context

Check = Callable[[], str | None]
"""Says what is missing, in a sentence, or None."""
log = logging.getLogger(__name__)


class Checks:
    """Checks by name. One that hangs is not begun a second time: a peer that is down costs a thread, not many."""

    def __init__(self, checks: Mapping[str, Check]) -> None:
        self._checks = checks
        self._under_way: dict[str, Future[str | None]] = {}
        self._lock = threading.Lock()

    def missing(self, within: float) -> dict[str, str]:
        """What is missing, by name; what has not answered in time is missing too."""
        looks = {name: self._look(name) for name in self._checks}
        wait(looks.values(), within)
        late = f"No answer came within {within:g} seconds."
        found = {name: look.result() if look.done() else late for name, look in looks.items()}
        return {name: what for name, what in found.items() if what}

    def _look(self, name: str) -> Future[str | None]:
        with self._lock:
            look = self._under_way.get(name)
            if look is None or look.done():
                look = self._under_way[name] = Future()
                context = copy_context()  # its calls belong to the trace of whoever asks
                threading.Thread(target=context.run, args=(self._answer, name, look), daemon=True).start()
            return look

    def _answer(self, name: str, look: Future[str | None]) -> None:
        try:
            look.set_result(self._checks[name]())
        except Exception:
            log.exception("The check of %s failed.", name)
            look.set_result("It could not be looked at; the log says why.")
