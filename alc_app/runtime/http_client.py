"""The only place in alc_app that opens `requests`: sessions that cannot be led astray, held up or flooded.

No redirects (O8), nothing from the environment (O9), one total deadline and a bounded answer (O10).
"""

from __future__ import annotations

import http.client
import io
import socket
import time
from collections.abc import Mapping
from typing import Any, TypeVar
from urllib.parse import urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection

from alc_app.attio.host import trace
from alc_app.attio.host.errors import FetchAnswerLost, FetchNotSent
from alc_app.attio.http import FetchResponse
from alc_app.runtime.exchanges.http_calls import log_call
from alc_app.runtime.observability.metrics import CALLS

CONNECT_TIMEOUT = 3.0
READ_TIMEOUT = 10.0
TOTAL_TIMEOUT = 15.0
MAX_RESPONSE = 1024 * 1024
POOL_SIZE = 32

S = TypeVar("S", bound=requests.Session)


class _DeadlineReader(io.RawIOBase):
    """What a socket receives until the deadline: headers that are dripped count as much as a body."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket, self._raw = sock, sock.makefile("rb", buffering=0)
        self._deadline = time.monotonic() + TOTAL_TIMEOUT

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError(f"The answer took longer than {TOTAL_TIMEOUT:g} seconds in all.")
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


class _Connection(HTTPConnection):
    response_class = _Response


class _SecureConnection(HTTPSConnection):
    response_class = _Response


class _Pool(urllib3.HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


class _BoundedAdapter(HTTPAdapter):
    """Reads the whole answer against one deadline, and no more of it than the cap."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        if traceparent := trace.traceparent():  # here, because every call passes by: Authlib's, and a second try
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
        response = super().send(request, stream=True, timeout=(CONNECT_TIMEOUT, READ_TIMEOUT), verify=verify)
        try:
            response._content = self._read(response)  # what `requests` itself sets after reading
            response.encoding = "utf-8"  # as the Fetch standard's text(): a charset of theirs may break the decoder
        except urllib3.exceptions.HTTPError as error:  # cut off, stalled, or not what its headers say
            raise requests.ConnectionError(f"No whole answer came: {error}") from error
        finally:
            response.close()
        return response

    def _read(self, response: requests.Response) -> bytes:
        body = bytearray()
        # read1() returns what is there; read() would wait for a whole block from a peer that drips bytes.
        while chunk := response.raw.read1(16 * 1024, decode_content=True):
            body += chunk
            if len(body) > MAX_RESPONSE:
                raise requests.ConnectionError("The answer is larger than 1 MiB.")
        return bytes(body)


def harden(session: S) -> S:
    """Give any session, Authlib's included, our bounds; returns it."""
    session.trust_env = False
    session.get_redirect_target = lambda _response: None  # type: ignore[method-assign,assignment]  # a 3xx is an answer
    for scheme in ("http://", "https://"):
        session.mount(scheme, _BoundedAdapter(pool_maxsize=POOL_SIZE))
    return session


def new_session() -> requests.Session:
    """A session within our bounds, with cookies of its own."""
    return harden(requests.Session())


class Http:
    """Calls to the outside, with errors that tell "never sent" from "maybe done"."""

    def __init__(self) -> None:
        self._session = new_session()

    def request(
        self, method: str, url: str, *, headers: Mapping[str, str], json: Any = None, body: bytes | None = None
    ) -> FetchResponse:
        """One call, with a JSON body or with one that is sent as it is. Raises: FetchNotSent, FetchAnswerLost."""
        try:
            response = self._session.request(method, url, headers=dict(headers), json=json, data=body)
        except (requests.ConnectTimeout, requests.exceptions.InvalidURL) as error:
            raise FetchNotSent(str(error)) from error
        except requests.ConnectionError as error:
            raise (FetchNotSent if _never_connected(error) else FetchAnswerLost)(str(error)) from error
        except requests.RequestException as error:
            raise FetchAnswerLost(str(error)) from error
        return FetchResponse(response.status_code, response.headers, response.text)


def _never_connected(error: requests.ConnectionError) -> bool:
    """Did it fail before a connection stood? urllib3 says so by the kind of the innermost error."""
    from urllib3.exceptions import MaxRetryError, NewConnectionError

    cause = error.args[0] if error.args else None
    return isinstance(cause, MaxRetryError) and isinstance(cause.reason, NewConnectionError)
