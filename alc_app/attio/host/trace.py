"""W3C Trace Context: one id connects a click with everything that it causes, in every process and every call.

We write version 00, and read the parts of version 00 from a later one (w3.org/TR/trace-context). `tracestate` is not
passed on: what the tools of a caller wrote there is not meant for ALC or Attio.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

_FORM = re.compile(r"(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-([0-9a-f]{2})(-.*)?")


class Trace(NamedTuple):
    """The part that all calls of a trace share. `sampled` says that the caller records the trace."""

    trace_id: str
    sampled: bool

    def header(self) -> str:
        """Return a `traceparent` with a new span id: each call is a span of its own."""
        return f"00-{self.trace_id}-{_random(8)}-{self.sampled:02x}"


_REHEARSAL = "1ab01ab0"
_current: ContextVar[Trace | None] = ContextVar("trace", default=None)


def read(header: str | None) -> Trace | None:
    """Parse a `traceparent`. Returns None if it is not valid."""
    found = _FORM.fullmatch(header or "")
    if found is None or (found[1] == "00" and found[4]):  # only later versions may have more fields
        return None
    return Trace(found[2], bool(int(found[3], 16) & 1))


def new() -> Trace:
    """Return a new trace."""
    return Trace(_random(16), sampled=True)


def begin_rehearsal() -> None:
    """Start a trace of something that no user has done. Its id says so, in every process."""
    _current.set(Trace(f"{_REHEARSAL}{_random(12)}", sampled=True))


def is_rehearsal(trace_id: str) -> bool:
    """Return whether a lab runs, or ran, under this trace."""
    return trace_id.startswith(_REHEARSAL)


def begin(header: str | None = None) -> None:
    """Continue the trace of a `traceparent`, or start a new one."""
    _current.set(read(header) or new())


@contextmanager
def resumed(header: str | None) -> Iterator[None]:
    """Within the block, continue a trace that was stored, or start a new one if none was."""
    before = _current.get()
    begin(header)
    try:
        yield
    finally:
        _current.set(before)


def traceparent() -> str | None:
    """Return a `traceparent` of the current trace, for a call or a row; None outside of a trace."""
    trace = _current.get()
    return trace.header() if trace else None


def id_of(header: str) -> str:
    """Return the id of the trace of a `traceparent`."""
    return header.split("-")[1]


def trace_id() -> str:
    """Return the id of the current trace, or an empty string."""
    trace = _current.get()
    return trace.trace_id if trace else ""


def traced(app: WSGIApplication) -> WSGIApplication:
    """Wrap a WSGI app: a request continues its caller's trace or starts one, and the response carries the trace."""

    def serve(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        # Not reset at the end: the response may still be streaming, and the next request starts its own trace.
        begin(environ.get("HTTP_TRACEPARENT"))

        def start(status: str, headers: list[tuple[str, str]], *error: Any) -> Any:
            ids = [("traceparent", traceparent() or ""), ("X-Request-Id", trace_id())]
            return start_response(status, [*headers, *ids], *error)

        return app(environ, start)

    return serve


def _random(size: int) -> str:
    """Return so many random bytes in hex; never all zero, which the standard forbids. They are no secret."""
    return f"{random.getrandbits(8 * size) or 1:0{2 * size}x}"
