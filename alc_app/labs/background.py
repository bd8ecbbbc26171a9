"""Run work in a thread that does not keep the process from ending."""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

T = TypeVar("T")


def submit(work: Callable[..., T], *args: object) -> Future[T]:
    """Run `work(*args)` in a daemon thread, under the caller's trace, and return its future.

    The threads of `concurrent.futures` are no daemons: they would keep the process alive until their work is done.
    """
    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(work(*args))
        except BaseException as error:
            future.set_exception(error)

    threading.Thread(target=contextvars.copy_context().run, args=(run,), name="lab", daemon=True).start()
    return future
