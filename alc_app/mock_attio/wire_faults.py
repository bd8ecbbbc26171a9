"""Faults of the connection, as waitress can make them: no answer at all, half of one, or a slow one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from waitress.channel import ClientDisconnected

from mock_alc.double.fault_injection import CONNECTION_FAULT

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

SLOW_PIECES = 10


def with_wire_faults(app: WSGIApplication) -> WSGIApplication:
    """Wrap a WSGI app: when it reports a fault of the connection, make it."""

    def serve(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        environ[CONNECTION_FAULT] = fault = dict[str, Any]()
        body = app(environ, start_response)
        if not fault:
            return body
        whole = b"".join(body)
        getattr(body, "close", bool)()
        if fault["trouble"] == "drop":
            raise ClientDisconnected  # waitress closes the connection then, and sends nothing
        if fault["trouble"] == "cut":
            return [whole[: len(whole) // 2]]  # shorter than its Content-Length, so waitress closes the connection
        return _slowly(whole, fault)

    return serve


def _slowly(body: bytes, fault: dict[str, Any]) -> Iterator[bytes]:
    for piece in range(SLOW_PIECES):
        yield body[piece * len(body) // SLOW_PIECES : (piece + 1) * len(body) // SLOW_PIECES]
        fault["until"].wait(fault["seconds"] / SLOW_PIECES)
