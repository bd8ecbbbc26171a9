"""A light HTTP client for loads: one thread, raw sockets kept alive, and requests that were built before."""

from __future__ import annotations

import re
import selectors
import socket
import time
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, field

CONNECTIONS = 64
GRACE = 30.0
"""Seconds to wait for answers that are still due at the end."""
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


@dataclass
class Answers:
    """What came back, and when."""

    statuses: Counter[int] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    """From the time at which each request was due until its answer was read."""
    rate: float = 0.0
    """Answers a second, in the time of the load alone."""

    def percentile_ms(self, part: float) -> float:
        """Return the milliseconds within which so many of the answers came; `part` is between 0 and 1."""
        return sorted(self.seconds)[int((len(self.seconds) - 1) * part)] * 1000


class _Line:
    """One connection, on which one request is under way at a time."""

    def __init__(self, port: int) -> None:
        self._port, self.due = port, 0.0
        self.socket, self._received = self._connect(), b""

    def send(self, request: bytes, due: float) -> None:
        """Send one request."""
        self.due, self._received = due, b""
        self.socket.sendall(request)

    def read(self) -> int | None:
        """Read what has come; return the status once the answer is whole. Connects again if the server has closed."""
        part = self.socket.recv(65536)
        self._received += part
        head, end, body = self._received.partition(b"\r\n\r\n")
        length = _LENGTH.search(head)
        if part and (not end or length is None or len(body) < int(length[1])):
            return None
        status = int(self._received[9:12] or 0)
        if not part or b"\r\nconnection: close" in head.lower():
            self.close()
            self.socket = self._connect()
        return status

    def close(self) -> None:
        """Close the connection."""
        self.socket.close()

    def _connect(self) -> socket.socket:
        made = socket.create_connection(("127.0.0.1", self._port), timeout=GRACE)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return made


def as_fast_as_answered(port: int, requests: Iterable[bytes], seconds: float) -> Answers:
    """Keep every connection busy for so long."""
    began = time.perf_counter()
    return _run(port, ((began, request) for request in requests), until=began + seconds, from_due=False)


def paced(port: int, requests: Iterable[bytes], per_second: float) -> Answers:
    """Send each request at its time, however slow the answers are."""
    began = time.perf_counter() + 0.1
    due = ((began + number / per_second, request) for number, request in enumerate(requests))
    return _run(port, due, until=float("inf"), from_due=True)


def _run(port: int, requests: Iterator[tuple[float, bytes]], *, until: float, from_due: bool) -> Answers:
    answers, began, in_time = Answers(), time.perf_counter(), 0
    with ExitStack() as stack, selectors.DefaultSelector() as selector:
        lines = [stack.enter_context(closing(_Line(port))) for _ in range(CONNECTIONS)]
        free, waiting, upcoming = deque(lines), 0, next(requests, None)
        while upcoming or waiting:
            now = time.perf_counter()
            if now >= until:
                upcoming = None
            while upcoming and free and upcoming[0] <= now:
                line = free.popleft()
                selector.register(line.socket, selectors.EVENT_READ, line)
                line.send(upcoming[1], upcoming[0] if from_due else time.perf_counter())
                waiting, upcoming = waiting + 1, next(requests, None)
            pause = max(upcoming[0] - now, 0.0) if upcoming and free else GRACE
            for key, _ in selector.select(pause):
                line, before = key.data, key.fileobj
                if (status := line.read()) is None:
                    continue
                selector.unregister(before)
                now = time.perf_counter()
                answers.statuses[status] += 1
                answers.seconds.append(now - line.due)
                in_time += now < until
                waiting -= 1
                free.append(line)
    answers.rate = in_time / (min(time.perf_counter(), until) - began)
    return answers
