"""A proxy on loopback that injects faults of networks and broken servers into single requests.

    alc = ChaosProxy(upstream="http://127.0.0.1:8001")
    alc.plan("POST /api/v1/leads", answer_lost, answers(503))   # the next two of these calls
    alc.always("POST /oauth/token", drips(0.05))                # each of them
    alc.at_random(Random(7), 0.3, {"POST /oauth": [answer_lost]})

A request that no rule matches is passed on. Without an upstream it is a server that only has its rules.
To refuse connections, stop listening: `with alc.away(): …`.
"""

from __future__ import annotations

import http.client
import select
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from random import Random
from typing import Any
from urllib.parse import urlsplit

HOP_BY_HOP = ("connection", "keep-alive", "transfer-encoding", "content-length")


@dataclass
class Exchange:
    """One request, with what a fault can do with it."""

    line: str
    """Method and path, such as "POST /oauth/token"."""
    proxy: ChaosProxy = field(repr=False)
    say: Callable[[bytes], Any] = field(repr=False)
    """Sends raw bytes to the client."""
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    connection: socket.socket = field(repr=False)
    fault: str = ""
    at: float = field(default_factory=time.time)
    seconds: float = 0.0
    """How long it took, once it has ended."""
    answers: list[bytes] = field(default_factory=list, repr=False)
    """The whole response of the upstream, for each time that the request was forwarded."""

    def forward(self) -> bytes:
        """Forward the request; return the whole response as bytes, not yet sent on. Raises: OSError."""
        parts = urlsplit(self.proxy.upstream)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)
        try:
            method, _, path = self.line.partition(" ")
            connection.request(method, path, self.body or None, dict(self.headers))
            response = connection.getresponse()
            body = response.read()
        finally:
            connection.close()
        kept = [(name, value) for name, value in response.getheaders() if name.lower() not in HOP_BY_HOP]
        self.answers.append(http_answer(response.status, body, *kept))
        return self.answers[-1]

    def has_hung_up(self) -> bool:
        """Return whether the connection is closed."""
        try:
            return bool(select.select([self.connection], [], [], 0)[0]) and not self.connection.recv(1, socket.MSG_PEEK)
        except (OSError, ValueError):  # reset by the client, or closed by us
            return True

    def wait(self, seconds: float) -> None:
        """Wait, until the proxy closes at the latest."""
        self.proxy.closing.wait(seconds)


Fault = Callable[[Exchange], None]


def answered(exchange: Exchange) -> int:
    """Return the status of the upstream's last response."""
    return int(exchange.answers[-1].split(b" ", 2)[1])


def http_answer(status: int, body: bytes = b"", *headers: tuple[str, str]) -> bytes:
    """Return an HTTP response as bytes, with `Connection: close`."""
    lines = [f"HTTP/1.1 {status} {http.client.responses.get(status, 'Odd')}", *(f"{n}: {v}" for n, v in headers)]
    length = [] if status in (204, 304) else [f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, *length, "Connection: close", "", ""]).encode("latin-1") + body


def passes(exchange: Exchange) -> None:
    """Pass on the request and the response: no fault."""
    exchange.say(exchange.forward())


def dropped(_: Exchange) -> None:
    """Close the connection before anything is forwarded."""


def answer_lost(exchange: Exchange) -> None:
    """Forward the request, and close the connection without a response."""
    exchange.forward()


def cut(exchange: Exchange) -> None:
    """Forward the request, and cut the response in its headers or its body."""
    whole = exchange.forward()
    exchange.say(whole[: max(len(whole) - 7, len(whole) // 2)])


def garbage(exchange: Exchange) -> None:
    """Forward the request, and respond with bytes that are not HTTP."""
    exchange.forward()
    exchange.say(b"\x00\xff\x16\x03 nonsense\r\n\r\n")


def not_json(exchange: Exchange) -> None:
    """Forward the request, and respond with the right status and HTML instead of JSON."""
    done = exchange.forward()
    exchange.say(http_answer(int(done.split(b" ", 2)[1]), b"<html>It works!</html>", ("Content-Type", "text/html")))


def twice(exchange: Exchange) -> None:
    """Forward the request twice, and pass on the first response."""
    first = exchange.forward()
    exchange.forward()
    exchange.say(first)


def says(raw: bytes) -> Fault:
    """Make a fault: respond with these bytes, and forward nothing."""

    def fault(exchange: Exchange) -> None:
        exchange.say(raw)

    return _named("says", fault)


def answers(status: int, body: bytes = b"", *headers: tuple[str, str]) -> Fault:
    """Make a fault: send this response, and forward nothing."""
    return _named(f"answers {status}", says(http_answer(status, body, *headers)))


def drips(gap: float, raw: bytes = b"") -> Fault:
    """Make a fault: send the response, or these bytes, one byte at a time, `gap` seconds apart."""

    def fault(exchange: Exchange) -> None:
        for byte in raw or exchange.forward():
            exchange.say(bytes([byte]))
            exchange.wait(gap)

    return _named("drips", fault)


def late(seconds: float) -> Fault:
    """Make a fault: pass on the request after some seconds."""

    def fault(exchange: Exchange) -> None:
        exchange.wait(seconds)
        passes(exchange)

    return _named("late", fault)


def hangs(seconds: float = 12.0) -> Fault:
    """Make a fault: pass on the request when its client no longer waits (READ_TIMEOUT)."""
    return _named("hangs", late(seconds))


def _named(name: str, fault: Fault) -> Fault:
    fault.__name__ = name
    return fault


class ChaosProxy:
    """The proxy. Every request has its own connection and thread."""

    def __init__(self, upstream: str = "", port: int = 0) -> None:
        """Start listening; port 0 takes a free one."""
        self.upstream, self.closing = upstream, threading.Event()
        self.seen: list[Exchange] = []
        self._planned: list[tuple[str, list[Fault]]] = []
        self._always: dict[str, Fault] = {}
        self._random: tuple[Random, float, Mapping[str, Sequence[Fault]]] | None = None
        self._lock = threading.Lock()
        self._server = self._listen(port)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def plan(self, call: str, *faults: Fault) -> None:
        """Use these faults, one for each of the next requests that start with `call`, such as "POST /api/v1/leads"."""
        with self._lock:
            self._planned.append((call, list(faults)))

    def always(self, call: str, fault: Fault) -> None:
        """Use this fault for every request that starts with `call`."""
        self._always[call] = fault

    def at_random(self, random: Random, rate: float, faults: Mapping[str, Sequence[Fault]]) -> None:
        """For a share `rate` of the requests that start with a key of `faults`, use one of its faults."""
        self._random = (random, rate, faults)

    def heal(self) -> None:
        """Remove every rule: from now on all requests are passed on."""
        with self._lock:
            self._planned, self._always, self._random = [], {}, None

    def sent(self, call: str) -> list[Exchange]:
        """Return the exchanges so far that start with `call`."""
        return [exchange for exchange in list(self.seen) if exchange.line.startswith(call)]

    def faults(self) -> Counter[str]:
        """Count how often each fault was used."""
        return Counter(exchange.fault for exchange in list(self.seen) if exchange.fault != "passes")

    @contextmanager
    def away(self) -> Iterator[None]:
        """Refuse connections for a while."""
        self._stop()
        try:
            yield
        finally:
            self._server = self._listen(int(self.url.rpartition(":")[2]))

    def close(self) -> None:
        """Stop listening, and end the requests under way."""
        self.closing.set()
        self._stop()

    def play(self, exchange: Exchange) -> None:
        """Apply the rules to this exchange."""
        fault = self._fault(exchange.line)
        exchange.fault = fault.__name__
        self.seen.append(exchange)
        with suppress(OSError, http.client.HTTPException):  # either side may hang up, or not be there
            fault(exchange)
        exchange.seconds = time.time() - exchange.at

    def _fault(self, line: str) -> Fault:
        with self._lock:
            for call, faults in self._planned:
                if faults and line.startswith(call):
                    return faults.pop(0)
            if always := next((fault for call, fault in self._always.items() if line.startswith(call)), None):
                return always
            if self._random:
                random, rate, by_call = self._random
                choices = next((faults for call, faults in by_call.items() if line.startswith(call)), ())
                if choices and random.random() < rate:
                    return random.choice(choices)
        return passes

    def _listen(self, port: int) -> ThreadingHTTPServer:
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            timeout = 30

            def handle_one_request(self) -> None:
                with suppress(OSError):
                    self.raw_requestline = self.rfile.readline(65537)
                    if not self.raw_requestline or not self.parse_request():
                        return
                    body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                    line = f"{self.command} {self.path}"
                    proxy.play(Exchange(line, proxy, self.wfile.write, dict(self.headers), body, self.connection))
                    self.connection.shutdown(socket.SHUT_WR)

        server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.02,), name="chaos", daemon=True).start()
        return server

    def _stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
