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
        self._next, self._in_step = 0, False
        self.resumed = False
        """Was the step before this one done in an earlier life?"""

    def rewind(self) -> None:
        """Begin again."""
        self._next, self.resumed = 0, False

    def step(self, name: str, work: Callable[[], Any]) -> Any:
        """Do the work, or tell its outcome from before."""
        if self._in_step:  # a step within a step is a part of it, as the engine has it
            return json.loads(json.dumps(work()))
        at, self._next = self._next, self._next + 1
        if at < len(self._kept):
            if (kept := self._kept[at][0]) != name:  # a run must take the same steps when it is continued
                raise engine_error.DBOSUnexpectedStepError("", at, name, kept)
            self.resumed = True
            return json.loads(self._kept[at][1])
        self._reach("before", at, name)
        self._in_step = True
        try:
            kept = json.dumps(work())
        finally:
            self._in_step = False
        self._reach("after", at, name)
        self._kept.append((name, kept))
        self.resumed = False
        return json.loads(kept)
