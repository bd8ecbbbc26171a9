"""W3C Trace Context: one id ties a click to all that it sets off, in every process and on the wire.

Version 00 is written; a higher one is read as far as 00 goes (w3.org/TR/trace-context). `tracestate` is not passed on:
what a caller's tools wrote there is meant for neither ALC nor Attio.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

_FORM = re.compile(r"(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-([0-9a-f]{2})(-.*)?")


class Trace(NamedTuple):
    """What stays the same on the whole way; `sampled` says that the caller keeps records of it."""

    trace_id: str
    sampled: bool

    def header(self) -> str:
        """A `traceparent` with a span id of its own: each call is another span."""
        return f"00-{self.trace_id}-{_random(8)}-{self.sampled:02x}"


_current: ContextVar[Trace | None] = ContextVar("trace", default=None)


def read(header: str | None) -> Trace | None:
    """The trace that a `traceparent` names; None for one that is not valid."""
    found = _FORM.fullmatch(header or "")
    if found is None or (found[1] == "00" and found[4]):  # only a later version may have more to say
        return None
    return Trace(found[2], bool(int(found[3], 16) & 1))


def begin(header: str | None = None) -> None:
    """Go on with the caller's trace, or start one."""
    _current.set(read(header) or Trace(_random(16), sampled=True))


@contextmanager
def resumed(header: str | None) -> Iterator[None]:
    """Within the block, go on with a trace that was kept; with a new one, when none was."""
    before = _current.get()
    begin(header)
    try:
        yield
    finally:
        _current.set(before)


def traceparent() -> str | None:
    """What the next call says, or a row keeps, of the trace that we are in; None outside of one."""
    trace = _current.get()
    return trace.header() if trace else None


def trace_id() -> str:
    """The id of the trace that we are in, or an empty text."""
    trace = _current.get()
    return trace.trace_id if trace else ""


def traced(app: WSGIApplication) -> WSGIApplication:
    """WSGI middleware: a request goes on with its caller's trace, or begins one; the answer says which it was."""

    def serve(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        # Not undone at the end: an answer may stream for long after this, and the thread's next request begins its own.
        begin(environ.get("HTTP_TRACEPARENT"))

        def start(status: str, headers: list[tuple[str, str]], *error: Any) -> Any:
            return start_response(status, [*headers, ("traceparent", traceparent() or "")], *error)

        return app(environ, start)

    return serve


def _random(size: int) -> str:
    """Random hex that is not all zero, which the standard calls invalid."""
    while not int(found := secrets.token_hex(size), 16):
        continue
    return found
