"""Serves a WSGI application over HTTP in a thread."""

import inspect
import threading
from collections.abc import Callable
from typing import Any

from werkzeug.serving import make_server

from mock_alc.double.request_handler import QuietRequestHandler


class LocalServer:
    """A running server; `close` stops it."""

    def __init__(self, app: Callable[..., Any], host: str = "127.0.0.1", port: int = 0) -> None:
        """Start serving the WSGI application `app`; port 0 takes a free one. Raises TypeError if it is none."""
        _check_is_wsgi(app)
        self._server = make_server(host, port, app, threaded=True, request_handler=QuietRequestHandler)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), name="mock-alc-receiver", daemon=True
        )
        self._thread.start()

    @property
    def url(self) -> str:
        """The base URL."""
        return f"http://{self._server.host}:{self._server.server_port}"

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def _check_is_wsgi(app: object) -> None:
    if inspect.iscoroutinefunction(app) or inspect.iscoroutinefunction(getattr(app, "__call__", None)):  # noqa: B004 - its kind is asked, not whether it is there
        raise TypeError(
            f"serve() runs WSGI applications, and {type(app).__name__} is an ASGI one. Start it with its own server, "
            "such as uvicorn in a thread, and register that URL; or wrap it: a2wsgi.ASGIMiddleware(app)."
        )
    if not callable(app):
        raise TypeError(f"serve() runs WSGI applications, but {type(app).__name__} is not one: it cannot be called.")
