"""The app's HTTP client, the only place in alc_app that imports `requests`.

Safe against hostile servers: no redirects (O8), no proxies or credentials from the environment (O9), one total deadline
and a limit on the size of the response (O10).
"""

from __future__ import annotations

import http.client
import io
import math
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from http import HTTPStatus
from typing import Any, TypeVar
from urllib.parse import urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection

from alc_app.attio.host import trace
from alc_app.attio.host.errors import FetchAnswerLost, FetchNotSent, FetchTooLarge
from alc_app.attio.http import FetchResponse
from alc_app.runtime.exchanges.http_calls import log_call
from alc_app.runtime.observability.metrics import CALLS

CONNECT_TIMEOUT = 3.0
READ_TIMEOUT = 10.0
TOTAL_TIMEOUT = 15.0
"""Seconds for a whole call; the other two are for connecting, and for each read."""
MIB = 1024 * 1024
MAX_RESPONSE = 16 * MIB
"""Bytes, after decompression: a page of people has all their attributes, and a page of leads may have their chats."""
MAX_TOKEN_RESPONSE = MIB
"""The same for token responses and pages, which are small."""
POOL_SIZE = 32

S = TypeVar("S", bound=requests.Session)


_deadline: ContextVar[float] = ContextVar("deadline", default=math.inf)


@contextmanager
def deadline(moment: float) -> Iterator[None]:
    """Within the block, end every call by this moment of `time.monotonic()`: a person waits for a page."""
    token = _deadline.set(moment)
    try:
        yield
    finally:
        _deadline.reset(token)


class _DeadlineReader(io.RawIOBase):
    """Reads from a socket until the deadline, which covers headers and body, however slowly they arrive."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket, self._raw = sock, sock.makefile("rb", buffering=0)
        self._deadline = min(time.monotonic() + TOTAL_TIMEOUT, _deadline.get())

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("The answer took too long.")
        self._socket.settimeout(min(left, READ_TIMEOUT))
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Response(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp.close()
        self.fp = io.BufferedReader(_DeadlineReader(sock))

    def begin(self) -> None:
        """Read up to the final answer: `http.client` itself skips no interim one but 100 (RFC 9110 15.2)."""
        super().begin()
        while self.status < HTTPStatus.OK and self.status != HTTPStatus.SWITCHING_PROTOCOLS:
            self.headers = self.msg = None  # type: ignore[assignment]  # `begin` reads only if there are none
            super().begin()


class _Connection(HTTPConnection):
    response_class = _Response


class _SecureConnection(HTTPSConnection):
    response_class = _Response


class _Pool(urllib3.HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


class _TooLarge(requests.ConnectionError):
    """The answer is larger than the limit."""


class _BoundedAdapter(HTTPAdapter):
    """Reads the whole response before one deadline, and at most `max_response` bytes of it."""

    def __init__(self, max_response: int) -> None:
        super().__init__(pool_maxsize=POOL_SIZE)
        self._max_response = max_response

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        if traceparent := trace.traceparent():  # here, because Authlib's calls and retries also pass through
            request.headers["traceparent"] = traceparent
        started, status = time.monotonic(), "none"
        try:
            with log_call(request) as log_response:
                response = self._exchange(request, verify=kwargs["verify"])
                log_response(response)
            status = str(response.status_code)
        finally:
            CALLS.labels(urlsplit(request.url or "").netloc, status).observe(time.monotonic() - started)
        return response

    def _exchange(self, request: requests.PreparedRequest, verify: Any) -> requests.Response:
        connect_timeout = min(CONNECT_TIMEOUT, _deadline.get() - time.monotonic())
        if connect_timeout <= 0:
            raise requests.ConnectTimeout("There is no time left for this call.")
        response = super().send(request, stream=True, timeout=(connect_timeout, READ_TIMEOUT), verify=verify)
        try:
            response._content = self._read(response)  # as `requests` does itself after reading
            response.encoding = "utf-8-sig"  # like text() in the Fetch standard, without a byte order mark
        except urllib3.exceptions.HTTPError as error:  # cut off, stalled, or not as its headers announce
            raise requests.ConnectionError(f"The answer was incomplete: {error}") from error
        finally:
            response.close()
        return response

    def _read(self, response: requests.Response) -> bytes:
        body = bytearray()
        # read1() returns what has arrived; read() would wait for a whole block from a server that sends bytes slowly.
        while chunk := response.raw.read1(16 * 1024, decode_content=True):
            body += chunk
            if len(body) > self._max_response:
                raise _TooLarge(f"The answer is larger than {self._max_response // MIB} MiB.")
        return bytes(body)


def harden(session: S) -> S:
    """Apply these limits to a session, such as Authlib's; return it."""
    session.trust_env = False
    session.get_redirect_target = lambda _response: None  # type: ignore[method-assign,assignment]  # a 3xx is returned as it is
    for scheme in ("http://", "https://"):
        session.mount(scheme, _BoundedAdapter(MAX_TOKEN_RESPONSE))
    return session


def new_session() -> requests.Session:
    """Return a session with these limits and its own cookies."""
    return harden(requests.Session())


class Http:
    """HTTP calls whose errors distinguish "never sent" from "maybe processed"."""

    def __init__(self) -> None:
        """Open no connection yet."""
        self._adapter = _BoundedAdapter(MAX_RESPONSE)

    def request(self, method: str, url: str, *, headers: Mapping[str, str], json: Any = None) -> FetchResponse:
        """Make one call, with a JSON body if there is one. Raises: FetchNotSent, FetchAnswerLost, FetchTooLarge."""
        given = {**requests.utils.default_headers(), **headers}
        try:
            # Not by a session: its cookies, redirects and environment are not wanted, and cost a third of the call.
            request = requests.Request(method, url, headers=given, json=json).prepare()
            response = self._adapter.send(request, verify=True)
        except (requests.ConnectTimeout, requests.exceptions.InvalidURL) as error:
            raise FetchNotSent(str(error)) from error
        except _TooLarge as error:
            raise FetchTooLarge(str(error)) from error
        except requests.ConnectionError as error:
            raise (FetchNotSent if _never_connected(error) else FetchAnswerLost)(str(error)) from error
        except requests.RequestException as error:
            raise FetchAnswerLost(str(error)) from error
        return FetchResponse(response.status_code, response.headers, response.text)


def _never_connected(error: requests.ConnectionError) -> bool:
    """Return whether the call failed before it was connected: urllib3 has a NewConnectionError inside then."""
    from urllib3.exceptions import MaxRetryError, NewConnectionError

    cause = error.args[0] if error.args else None
    return isinstance(cause, MaxRetryError) and isinstance(cause.reason, NewConnectionError)
