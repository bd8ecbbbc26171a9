"""What the engine remembers of one run: the outcome of each step, as JSON. Shared by all that stands in for it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from dbos import error as engine_error

Reach = Callable[[str, int, str], None]
"""Called "before" the work of the nth step, and "after" it and before its outcome is kept, with the step's name."""


class RunMemory:
    """After a crash `rewind()`, and run the same code from its beginning: what has an outcome is not done again."""

    def __init__(self, reach: Reach = lambda *_: None) -> None:
        self._reach = reach
        self._kept: list[tuple[str, str]] = []
        self._next, self._begun, self._in_step = 0, 0, False

    def rewind(self) -> None:
        """Begin again."""
        self._next, self._begun = 0, 0

    def step(self, name: str, work: Callable[[], Any]) -> Any:
        """Do the work, or tell its outcome from before."""
        if self._in_step:  # a step within a step is a part of it, as the engine has it
            return json.loads(json.dumps(work()))
        at, self._next = self._next, self._next + 1
        self._begun += 1
        if at < len(self._kept):
            if (kept := self._kept[at][0]) != name:  # a run must take the same steps when it is continued
                raise engine_error.DBOSUnexpectedStepError("", at, name, kept)
            return json.loads(self._kept[at][1])
        kept = json.dumps(self._do(name, work))
        self._kept.append((name, kept))
        return json.loads(kept)

    def repeatable(self, name: str, work: Callable[[], Any]) -> Any:
        """Do the work, and again in the next life."""
        if self._in_step:
            return work()
        self._begun += 1
        return self._do(name, work)

    def _do(self, name: str, work: Callable[[], Any]) -> Any:
        nth = self._begun - 1
        self._reach("before", nth, name)
        self._in_step = True
        try:
            result = work()
        finally:
            self._in_step = False
        self._reach("after", nth, name)
        return result
