"""Record actions as coroutines: `await` passes an effect to the driver of the action and returns the driver's answer.

There is no event loop: a suspended action is an object, so waiting for a user needs no thread. This also enforces the
tutorial's rule that client code cannot talk to the outside world: it can only ask its host to.
"""

from __future__ import annotations

import types
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True)
class Effect:
    """A request of client code to its driver."""

    name: str
    data: Mapping[str, Any]
    by: Literal["browser", "host"] = "browser"
    asks: bool = False
    """The action waits for the user's answer (alert, confirm)."""


@types.coroutine
def perform(effect: Effect) -> Generator[Effect, Any, Any]:
    """Suspend the running action until its driver has carried out `effect`. Returns the driver's answer."""
    return (yield effect)
