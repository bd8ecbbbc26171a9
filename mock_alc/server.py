"""Serves a mock over HTTP: in a thread for tests, or for `mock-alc serve`."""

import socket
import threading
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from mock_alc import create_app
from mock_alc.base.clock import Clock, utc_now
from mock_alc.config import Config

if TYPE_CHECKING:
    from flask import Flask

    from mock_alc.services import Services

BACKLOG = 128


class MockAlc:
    """A running mock; `with MockAlc() as alc:` runs one in memory, on a free port, with the control API open."""

    def __init__(self, config: Config | None = None, clock: Clock = utc_now, *, access_log: bool = False) -> None:
        """Start listening, then start the mock and its background work."""
        config = config or Config(port=0, database_url="sqlite://", control=True)
        # Bind before configuring: the issuer needs the real port if it is 0.
        self._socket = _listen(config.host, config.port)
        self.config = config.model_copy(update={"port": self._socket.getsockname()[1]})
        try:
            # The socket listens already: callers wait during these slow imports instead of being refused.
            from werkzeug.serving import make_server

            from mock_alc.double.request_handler import QuietRequestHandler, RequestHandler

            self.app: Flask = create_app(self.config, clock)
        except BaseException:
            self._socket.close()
            raise
        self.services: Services = self.app.extensions["mock_alc"]
        self._server = make_server(
            self.config.host,
            self.config.port,
            self.app,
            threaded=True,
            request_handler=RequestHandler if access_log else QuietRequestHandler,
            fd=self._socket.fileno(),
        )
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.1,), name="mock-alc-web", daemon=True
        )
        self._thread.start()
        self.services.worker.start()

    @property
    def url(self) -> str:
        """The base URL."""
        return self.config.issuer

    @property
    def issuer(self) -> str:
        """The OAuth issuer, which is the base URL."""
        return self.config.issuer

    def reset(self) -> None:
        """Return to the state after the first start, as `POST /_mock/reset` does."""
        self.services.reset()

    def close(self) -> None:
        """Stop listening, abort running work and release all resources."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self._socket.close()
        self.services.close()

    def __enter__(self) -> Self:
        """Return the running mock."""
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """Close the mock."""
        self.close()


def _listen(host: str, port: int) -> socket.socket:
    """Return a listening socket. Raises OSError, which names the address."""
    family: Any = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        reason = f"The server cannot listen at {host}, port {port}: {error.strerror}"
        raise OSError(error.errno, reason) from error
    listener.listen(BACKLOG)
    return listener
