"""HTTP/1.1 with keep-alive for Werkzeug's threaded server, with connection faults and an access log."""

import logging
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from werkzeug.serving import WSGIRequestHandler
from werkzeug.test import run_wsgi_app

from mock_alc.base import trace
from mock_alc.base.clock import monotonic
from mock_alc.double.fault_injection import CONNECTION_FAULT

access_log = logging.getLogger("mock_alc.access")
IDLE_SECONDS = 30
SLOW_PIECES = 10


class RequestHandler(WSGIRequestHandler):
    """Sends each response with its Content-Length, as keep-alive requires, and applies connection faults."""

    protocol_version = "HTTP/1.1"
    timeout = IDLE_SECONDS  # Seconds; also ends a request whose body does not arrive.

    @property
    def server_version(self) -> str:  # type: ignore[override]  # Werkzeug made a property of it first
        """Return the value of the Server header."""
        return "AcmeLeadChecker"

    sys_version = ""

    def run_wsgi(self) -> None:
        """Run the application and send its response; Werkzeug's own version closes the connection after each."""
        started = monotonic()
        environ = self.make_environ()
        environ[CONNECTION_FAULT] = fault = dict[str, Any]()
        parts, status, headers = run_wsgi_app(self.server.app, environ, buffered=True)
        body = b"".join(parts)
        code = int(status.split(" ", 1)[0])
        if not self._body_was_read(code):
            self.close_connection = True
        if fault:
            self.close_connection = True
        if fault.get("trouble") == "drop":
            return
        self.log_request(code)
        self.send_response_only(code)
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
            self._write(body, fault)
        self.wfile.flush()
        self._log(code, started, headers.get("traceparent"))

    def _write(self, body: bytes, fault: dict[str, Any]) -> None:
        """Write the body; an injected fault can slow it down or cut it in the middle."""
        if fault.get("trouble") == "slow":
            for piece in range(SLOW_PIECES):
                self.wfile.write(body[piece * len(body) // SLOW_PIECES : (piece + 1) * len(body) // SLOW_PIECES])
                self.wfile.flush()
                fault["until"].wait(fault["seconds"] / SLOW_PIECES)
            return
        self.wfile.write(body[: len(body) // 2] if fault.get("trouble") == "cut" else body)

    def _body_was_read(self, code: int) -> bool:
        """Return whether the body was read, so that the connection can be reused: errors may leave it unread."""
        if "Transfer-Encoding" in self.headers:
            return False
        return code < 400 or self.headers.get("Content-Length", "0") == "0"

    def _log(self, code: int, started: float, traceparent: str | None) -> None:
        # Without the query, which contains codes and states at /oauth (U8).
        path = urlsplit(self.path).path.translate(self._control_char_table)
        took = (monotonic() - started) * 1000
        level = logging.DEBUG if "X-Live" in self.headers and code == HTTPStatus.OK else logging.INFO
        access_log.log(level, "%s %s %s %d ms%s", self.command, path, code, took, trace.log_suffix(traceparent))

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Do nothing: `run_wsgi` logs the request when the response has been sent."""

    def log(self, type: str, message: str, *args: object) -> None:
        """Log messages of the HTTP server at DEBUG."""
        access_log.debug(message, *args)


class QuietRequestHandler(RequestHandler):
    """A request handler without an access log, for tests."""

    def _log(self, code: int, started: float, traceparent: str | None) -> None:
        """Do nothing."""
