"""What a lab is made of: what is told around it, its steps, and the lines on both sides that decide it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from alc_app.labs.side import Side
from alc_app.pages import Lab


@dataclass(frozen=True)
class Script:
    """`play` does the same to either side, and returns the id of the choice that has come true."""

    lab: Lab
    play: Callable[[Side], str]
    naive: Sequence[Any]
    """The functions of the tutorial that decide it: their source is shown."""
    ours: Sequence[Any]
