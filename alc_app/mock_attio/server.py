"""Running the stand-in as a server of its own: in a thread for tests, or as a process until it is told to stop."""

import logging
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from flask import Flask
from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler
from werkzeug.wrappers import Response

from alc_app.mock_attio.app import create_app
from alc_app.mock_attio.store.config import MockAttioConfig
from alc_app.mock_attio.store.services import Crm
from alc_app.mock_attio.store.webhook_sender import Sender

logger = logging.getLogger(__name__)

_IDLE_SECONDS = 60
_MAX_DISCARD = 100_000_000


class _Handler(WSGIRequestHandler):
    """Keeps connections open, which Werkzeug's own handler never does; the app reads every body to its end."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # headers and body are two writes
    timeout = _IDLE_SECONDS

    def run_wsgi(self) -> None:
        """Answer one request."""
        response = Response.from_app(self.server.app, self.make_environ(), buffered=True)
        length = self.headers.get("Content-Length", "0")
        unread = response.status_code == 413 or "Transfer-Encoding" in self.headers or not length.isdecimal()
        self.send_response(response.status_code)
        for name, value in response.headers.items():
            self.send_header(name, value)
        if unread:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(response.get_data())
        if response.status_code == 413:
            self._discard(int(length))

    def _discard(self, length: int) -> None:
        """Read what the app refused to read: a connection closed before that would take the reply with it."""
        left = min(length, _MAX_DISCARD)
        while left > 0 and (chunk := self.rfile.read(min(left, 65_536))):
            left -= len(chunk)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Note a request where only someone who looks for it sees it; the query string stays out."""
        logger.debug("%s %s %s", self.command, self.path.partition("?")[0], code)

    def log(self, type: str, message: str, *args: Any) -> None:
        """Note as quietly what the HTTP machinery complains of: an idle connection that ends is one of them."""
        logger.debug(message, *args)


class _Server(ThreadedWSGIServer):
    """A threaded server that, when it closes, ends idle connections and lets running requests finish."""

    def __init__(self, host: str, port: int, app: Flask, fd: int) -> None:
        self._open: dict[Any, threading.Thread] = {}
        super().__init__(host, port, app, handler=_Handler, fd=fd)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Serve one connection, and remember it meanwhile."""
        self._open[request] = threading.current_thread()
        try:
            super().process_request_thread(request, client_address)
        finally:
            del self._open[request]

    def server_close(self) -> None:
        """Stop reading on every connection, and wait for the threads that still answer."""
        super().server_close()
        for connection, thread in list(self._open.items()):
            with suppress(OSError):  # the other side was quicker
                connection.shutdown(socket.SHUT_RD)
            thread.join()


class MockAttioServer:
    """A stand-in that answers at `url` from the moment it exists until `close()`; also a context manager."""

    def __init__(self, config: MockAttioConfig, host: str = "127.0.0.1", port: int = 0) -> None:
        with socket.create_server((host, port)) as bound:  # first: a port that is taken must cost nothing
            app = create_app(config)
            self._server = _Server(host, port, app, bound.fileno())
        crm: Crm = app.extensions["mock_attio"]
        self._database = crm.database
        self._sender = Sender(crm, config.post) if config.post else None
        self.url = f"http://{host}:{self._server.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, name="mock-attio", daemon=True)
        self._thread.start()
        if self._sender:
            self._sender.start()

    def __enter__(self) -> "MockAttioServer":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Finish what is being answered, and stop; a second call does nothing."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        if self._sender:
            self._sender.stop()
        self._database.close()


def serve(config: MockAttioConfig, host: str, port: int) -> None:
    """Run the stand-in until SIGTERM or SIGINT; call it from the main thread."""
    with _stop_signals() as stop, MockAttioServer(config, host, port) as server:
        logger.info("The Attio stand-in answers at %s", server.url)
        stop.wait()


@contextmanager
def _stop_signals() -> Iterator[threading.Event]:
    stop = threading.Event()
    before = {number: signal.signal(number, lambda *_: stop.set()) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
