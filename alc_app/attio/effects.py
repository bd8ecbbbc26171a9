"""Record actions as coroutines: `await` hands an effect to whoever drives the action, and gets its answer.

No event loop is involved: a suspended action is an object, and waiting for a person holds no thread. It also keeps
the tutorial's rule by construction: client code cannot talk to the outside world, it can only ask its host to.
"""

from __future__ import annotations

import types
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True)
class Effect:
    """Something that client code wants done."""

    name: str
    data: Mapping[str, Any]
    by: Literal["browser", "host"] = "browser"
    asks: bool = False
    """The browser answers it (alert, confirm): the action waits for the person."""


@types.coroutine
def perform(effect: Effect) -> Generator[Effect, Any, Any]:
    """Suspend the running action until its driver has dealt with `effect`; returns the driver's answer."""
    return (yield effect)
