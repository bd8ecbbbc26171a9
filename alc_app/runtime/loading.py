"""Import much at once, without looking for garbage meanwhile."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def loading() -> Iterator[None]:
    """Collect no garbage while the block imports, and never look at what it has loaded: that stays.

    Imports make hundreds of thousands of objects and no garbage. Python's collector would look at them again and again,
    and once more at the end of the process, which is a third of what importing the web app costs.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_on:
            gc.enable()
