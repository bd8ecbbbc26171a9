"""What a lab consists of: its texts, its steps, and the source that decides its outcome on each side."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from alc_app.labs.driver import Driver
from alc_app.pages import Lab


@dataclass(frozen=True)
class Scenario:
    """A lab. `run` performs it on one side, and returns the id of the choice that has come true."""

    lab: Lab
    run: Callable[[Driver], str]
    naive: Sequence[Any]
    """The functions of the tutorial's code that decide the outcome; the page shows their source."""
    ours: Sequence[Any]
    """The functions of the app that decide the outcome."""
