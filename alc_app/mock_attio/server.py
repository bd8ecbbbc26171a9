"""Run the stand-in on its own port: in a thread for tests, or as a process until SIGTERM or SIGINT."""

import logging
import socket
import threading
from typing import Any

from waitress import wasyncore
from waitress.server import create_server

from alc_app.mock_attio.app import create_app
from alc_app.mock_attio.store.config import MockAttioConfig
from alc_app.mock_attio.store.services import Services
from alc_app.mock_attio.wire_faults import with_wire_faults
from mock_alc.double.stop_signals import on_stop_signal

logger = logging.getLogger(__name__)

THREADS = 64
"""Tests open many connections at once; requests beyond this number wait for a free thread."""
MOST_CONNECTIONS = 2000
IDLE_SECONDS = 60
MAX_READ = 100_000_000
"""Bytes of a body that are read. More than the app accepts: it answers 413 itself, in Attio's shape, and a client that
still sends when the connection is closed would lose that answer."""
FINISH_SECONDS = 2.5
"""How long `close()` waits for running requests, and then again for clients to read their responses."""


class MockAttioServer:
    """A stand-in that answers at `url` until `close()`; also a context manager."""

    def __init__(self, config: MockAttioConfig, host: str = "127.0.0.1", port: int = 0) -> None:
        """Start the server and the webhook sender. Raise OSError if the port is taken."""
        self._sockets: dict[int, Any] = {}
        with socket.create_server((host, port)) as bound:  # before the database: a taken port must leave nothing behind
            self.app = create_app(config)
            self._server = create_server(
                with_wire_faults(self.app),
                map=self._sockets,
                sockets=[bound.dup()],
                threads=THREADS,
                max_request_body_size=MAX_READ,
                ident=None,
                connection_limit=MOST_CONNECTIONS,
                asyncore_use_poll=True,
                channel_timeout=IDLE_SECONDS,
                clear_untrusted_proxy_headers=False,  # the control API refuses requests that have them
            )
        self._services: Services = self.app.extensions["mock_attio"]
        self.url = f"http://{host}:{self._server.effective_port}"
        self._thread = threading.Thread(target=self._server.run, name="mock-attio", daemon=True)
        self._thread.start()
        self._services.sender.start()

    def __enter__(self) -> "MockAttioServer":
        """Return the running server."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the server."""
        self.close()

    def close(self) -> None:
        """Finish the requests in progress and stop. A second call does nothing."""
        if not self._thread.is_alive():
            return
        self._services.faults.clear()  # releases the answers that faults delay
        self._server.task_dispatcher.shutdown(timeout=FINISH_SECONDS)
        self._server.trigger.pull_trigger(self._close_when_sent)
        self._thread.join(FINISH_SECONDS)
        wasyncore.close_all(self._sockets)  # connections whose client does not read the response
        self._server.trigger.close()
        self._services.sender.stop()
        self._services.database.close()

    def _close_when_sent(self) -> None:
        """Close the port, and each connection once its response is sent; the loop then ends. Run by the loop.

        What wakes the loop stays open: a thread that wakes it now would write to another file of the same number.
        """
        wasyncore.dispatcher.close(self._server)
        self._server.trigger.del_channel()
        for connection in self._server.active_channels.values():
            connection.close_when_flushed = True


def serve(config: MockAttioConfig, host: str, port: int) -> None:
    """Run the stand-in until SIGTERM or SIGINT. Call it from the main thread."""
    stop = threading.Event()
    with on_stop_signal(stop.set), MockAttioServer(config, host, port) as server:
        logger.info("The Attio stand-in answers at %s", server.url)
        stop.wait()
