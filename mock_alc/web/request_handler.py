"""Speaks HTTP/1.1 with keep-alive over Werkzeug's threaded server, and logs one quiet line a request."""

import logging
import time
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from werkzeug.serving import WSGIRequestHandler
from werkzeug.test import run_wsgi_app

from mock_alc.base import trace
from mock_alc.web.fault_answers import WIRE

access_log = logging.getLogger("mock_alc.access")
IDLE_SECONDS = 30
SLOW_PIECES = 10


class RequestHandler(WSGIRequestHandler):
    """Answers are small here, so each is sent whole, with its length; that is what keep-alive needs."""

    protocol_version = "HTTP/1.1"
    timeout = IDLE_SECONDS  # Also ends a request whose body never comes.

    @property
    def server_version(self) -> str:  # type: ignore[override]  # Werkzeug made a property of it first
        return "AcmeLeadChecker"

    sys_version = ""

    def run_wsgi(self) -> None:
        """Run the application once. Werkzeug's own version closes every connection after one answer."""
        started = time.monotonic()
        if self.headers.get("Expect", "").strip().lower() == "100-continue":
            self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        environ = self.make_environ()
        environ[WIRE] = wire = dict[str, Any]()
        parts, status, headers = run_wsgi_app(self.server.app, environ, buffered=True)
        body = b"".join(parts)
        code = int(status.split(" ", 1)[0])
        if not self._body_was_read(code):
            self.close_connection = True
        if wire:
            self.close_connection = True
        if wire.get("trouble") == "drop":
            return
        self.log_request(code)
        self.send_response_only(code, HTTPStatus(code).phrase)
        self.send_header("Date", self.date_time_string())
        for name, value in headers:
            if name.lower() != "content-length":
                self.send_header(name, value)
        if code not in (204, 304):
            self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD" and code not in (204, 304):
            self._write(body, wire)
        self.wfile.flush()
        self._log(code, started, headers.get("traceparent"))

    def _write(self, body: bytes, wire: dict[str, Any]) -> None:
        """Write the body, unless a fault wants it cut in the middle or slow."""
        if wire.get("trouble") == "slow":
            for piece in range(SLOW_PIECES):
                self.wfile.write(body[piece * len(body) // SLOW_PIECES : (piece + 1) * len(body) // SLOW_PIECES])
                self.wfile.flush()
                wire["until"].wait(wire["seconds"] / SLOW_PIECES)
            return
        self.wfile.write(body[: len(body) // 2] if wire.get("trouble") == "cut" else body)

    def _body_was_read(self, code: int) -> bool:
        """Tell whether the next request line follows: the application reads each body that it does not refuse."""
        if "Transfer-Encoding" in self.headers:
            return False
        return code < 400 or self.headers.get("Content-Length", "0") == "0"

    def _log(self, code: int, started: float, traceparent: str | None) -> None:
        # Never the query: at /oauth it carries codes and states (U8).
        path = urlsplit(self.path).path.translate(self._control_char_table)
        took = (time.monotonic() - started) * 1000
        level = logging.DEBUG if "X-Live" in self.headers and code == HTTPStatus.OK else logging.INFO
        access_log.log(level, "%s %s %s %d ms%s", self.command, path, code, took, trace.short(traceparent))

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Log nothing here: `run_wsgi` writes the line when the answer is out."""

    def log(self, type: str, message: str, *args: object) -> None:
        """Send what the HTTP machinery complains of to our own log."""
        access_log.debug(message, *args)


class QuietRequestHandler(RequestHandler):
    """The same without a word, for tests."""

    def _log(self, code: int, started: float, traceparent: str | None) -> None:
        """Say nothing."""
