"""SIGTERM and SIGINT, told to a thread.

Python runs a handler in the main thread, in the midst of what that does. One that sets an Event waits for ever if the
main thread holds the Event's lock, as it does for a moment whenever it begins to wait for the Event. So the handlers
here do nothing, and a thread reads from a socket which signal has come.
"""

from __future__ import annotations

import logging
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

STOPS = (signal.SIGTERM, signal.SIGINT)
EXIT_WITHIN = 8.0
"""Seconds from SIGTERM to the end of the process, whatever the peers do. Docker kills after 10."""
log = logging.getLogger(__name__)


@contextmanager
def stopping() -> Iterator[threading.Event]:
    """Yield an Event that SIGTERM and SIGINT set. `EXIT_WITHIN` seconds later the process ends with exit code 0.

    Until then it may end by itself. Work may wait for longer for a peer that does not answer; a worker continues it.
    Call it from the main thread.
    """
    stop = threading.Event()

    def begin() -> None:
        timer = threading.Timer(EXIT_WITHIN, _end)
        timer.daemon = True
        timer.start()
        stop.set()

    with on_stop_signal(begin):
        yield stop


def _end() -> None:
    log.warning("Work is still running after %g seconds. What a worker did, another one will continue.", EXIT_WITHIN)
    os._exit(0)


@contextmanager
def on_stop_signal(act: Callable[[], object]) -> Iterator[None]:
    """Call `act` in a thread whenever SIGTERM or SIGINT comes in the `with` block. Call it from the main thread."""
    reader, writer = socket.socketpair()
    writer.setblocking(False)
    threading.Thread(target=_act_on_each, args=(reader, act), name="signals", daemon=True).start()
    wakeup_before = signal.set_wakeup_fd(writer.fileno())
    handlers_before = {number: signal.signal(number, lambda *_: None) for number in STOPS}
    try:
        yield
    finally:
        for number, handler in handlers_before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(wakeup_before)
        writer.close()  # ends the thread


def _act_on_each(reader: socket.socket, act: Callable[[], object]) -> None:
    with reader:
        while number := reader.recv(1):
            if number[0] in STOPS:  # other signals with a handler are written, too
                act()
