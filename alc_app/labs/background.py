"""Work beside the caller's, in threads that nobody waits for when the process is to end."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

T = TypeVar("T")


def begin(work: Callable[..., T], *args: object) -> Future[T]:
    """Begin it; a pool of the standard library would keep the process until all of its work is done."""
    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(work(*args))
        except BaseException as error:
            future.set_exception(error)

    threading.Thread(target=run, name="lab", daemon=True).start()
    return future
