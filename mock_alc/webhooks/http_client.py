"""The only module that sends HTTP requests, each with a limit on time, size and destination."""

import json
import socket
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import CancelledError, Future, InvalidStateError
from contextlib import suppress
from dataclasses import replace
from functools import partial
from http import HTTPStatus
from http.client import HTTPResponse
from typing import Any, BinaryIO

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NameResolutionError, NewConnectionError

from mock_alc.base.clock import monotonic
from mock_alc.webhooks.answer import Answer
from mock_alc.webhooks.deadlines import Deadlines
from mock_alc.webhooks.targets import TargetRefused, check_address, is_numeric, resolve

CONNECT_SECONDS = 5.0
CONTROL_API_SECONDS = 120.0  # Advancing the virtual clock by days can take this long.
LARGEST_ANSWER = 65_536
KEPT_BYTES = 4_096
_deadlines = Deadlines()


class Call:
    """One request to a server that is not ours: no redirects, no proxy settings, one deadline for everything (W4)."""

    def __init__(self, *, allow_loopback: bool, total_seconds: float, allow_any_address: bool = False) -> None:
        """Prepare a call that takes `total_seconds` at most.

        `allow_any_address` is for the command line, whose user already controls this machine.
        """
        self._allow_loopback = allow_loopback
        self._allow_any_address = allow_any_address
        self._total = total_seconds
        self._deadline = monotonic() + total_seconds
        self._handle: socket.socket | None = None
        self._lookup: Future[list[str]] | None = None
        self._abort_reason: str | None = None

    def post(self, url: str, body: bytes | BinaryIO, headers: dict[str, str], *, method: str = "POST") -> Answer:
        """Send the request and return an Answer; never raises for a network error."""
        started = monotonic()
        self._deadline = started + self._total
        try:
            with _deadlines.within(self._total, partial(self.abort, "timeout")):
                answer = self._exchange(method, url, body, headers)
        finally:
            if self._handle is not None:
                self._handle.close()
        if self._abort_reason is not None:  # After an abort, the response may be cut short.
            answer = Answer(error=self._abort_reason)
        return replace(answer, milliseconds=round((monotonic() - started) * 1000))

    def abort(self, reason: str) -> None:
        """End the call now, from any thread; `post` then returns the error `reason`."""
        self._abort_reason = self._abort_reason or reason
        if self._lookup is not None:
            self._lookup.cancel()
        if self._handle is not None:
            with suppress(OSError):  # Closed already.
                self._handle.shutdown(socket.SHUT_RDWR)

    def _exchange(self, method: str, url: str, body: bytes | BinaryIO, headers: dict[str, str]) -> Answer:
        given = {**requests.utils.default_headers(), **headers}
        adapter = _adapter(self._connect)
        try:
            # Not by a session: its cookies, redirects and environment are not wanted, and take a tenth of the time.
            request = requests.Request(method, url, headers=given, data=body).prepare()
            response = adapter.send(request, stream=True, timeout=self._total)
            kept = _read_body(response)
        except TargetRefused:
            return Answer(error="target_refused")
        except (requests.RequestException, HTTPError, OSError, ValueError) as error:
            return Answer(error=_error_class(error))
        finally:
            adapter.close()
        return Answer(response.status_code, body=kept, retry_after=response.headers.get("Retry-After"))

    def _connect(self, host: str, port: int) -> socket.socket:
        """Resolve, check and connect in one step, so that DNS cannot change between check and use (W5)."""
        failure = OSError(f"{host} has no address.")
        for address in self._resolve(host.strip("[]"), port):
            if not self._allow_any_address:
                check_address(address, allow_loopback=self._allow_loopback)
            try:
                opened = socket.create_connection((address, port), self._seconds_to_connect())
            except OSError as error:
                failure = error
                continue
            # A second handle on the same connection: TLS detaches the first one.
            self._handle = opened.dup()
            if self._abort_reason is not None:
                self.abort(self._abort_reason)
            return opened
        raise failure

    def _resolve(self, host: str, port: int) -> list[str]:
        """Resolve a name in a thread of its own, which is left behind at the deadline: the resolver knows none."""
        if is_numeric(host):
            return resolve(host, port)
        self._lookup = lookup = Future[list[str]]()
        threading.Thread(target=_look_up, args=(lookup, host, port), daemon=True).start()
        if self._abort_reason is not None:
            lookup.cancel()
        try:
            return lookup.result(max(self._deadline - monotonic(), 0))
        except CancelledError as error:
            raise TimeoutError("The call was ended while looking up its host.") from error

    def _seconds_to_connect(self) -> float:
        """Return how long one address may take; raise TimeoutError when the call has ended."""
        left = self._deadline - monotonic()
        if left <= 0 or self._abort_reason is not None:
            raise TimeoutError("The deadline passed before a connection was made.")
        return min(CONNECT_SECONDS, left)


def _look_up(lookup: "Future[list[str]]", host: str, port: int) -> None:
    with suppress(InvalidStateError):  # The call has ended meanwhile.
        try:
            lookup.set_result(resolve(host, port))
        except Exception as error:  # Passed on to the waiting call.
            lookup.set_exception(error)


def request_json(method: str, url: str, body: Any = None, token: str | None = None) -> tuple[int, Any]:
    """Send a JSON request to a running mock; return status and body. Raise OSError if no mock answers."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    status, text = request_text(method, url, body, headers)
    return status, json.loads(text) if text else None


def request_text(method: str, url: str, body: Any = None, headers: Mapping[str, str] | None = None) -> tuple[int, str]:
    """Send a request to a server of the user; return status and body. Raise OSError if nobody answers."""
    with requests.Session() as session:
        session.trust_env = False
        response = session.request(
            method, url, json=body, headers=headers, timeout=CONTROL_API_SECONDS, allow_redirects=False
        )
        return response.status_code, response.text


class FinalResponse(HTTPResponse):
    """The final response to a request: `http.client` skips 100 only, other interim responses come before it too."""

    def begin(self) -> None:
        """Read up to the end of the first headers that are not interim (RFC 9110 15.2); 101 is final, and an error."""
        super().begin()
        while self.status < HTTPStatus.OK and self.status != HTTPStatus.SWITCHING_PROTOCOLS:
            self.headers = self.msg = None  # type: ignore[assignment]  # `begin` reads only if there are none
            super().begin()


def _adapter(connect: Callable[[str, int], socket.socket]) -> HTTPAdapter:
    """Return an adapter of requests that opens its sockets with `connect` only."""

    class Guarded(HTTPConnection):
        response_class = FinalResponse

        def _new_conn(self) -> socket.socket:
            try:
                return connect(self.host, int(self.port or 80))
            except socket.gaierror as error:
                raise NameResolutionError(self.host, self, error) from error
            except TimeoutError as error:
                raise ConnectTimeoutError(self, str(error)) from error
            except OSError as error:
                raise NewConnectionError(self, str(error)) from error

    class GuardedTls(Guarded, HTTPSConnection):
        pass

    class Pool(HTTPConnectionPool):
        ConnectionCls = Guarded

    class TlsPool(HTTPSConnectionPool):
        ConnectionCls = GuardedTls

    class Adapter(HTTPAdapter):
        def init_poolmanager(self, *_args: Any, **_options: Any) -> None:
            self.poolmanager = PoolManager(num_pools=1, maxsize=1)
            self.poolmanager.pool_classes_by_scheme = {"http": Pool, "https": TlsPool}

    return Adapter()


def _read_body(response: requests.Response) -> str:
    """Read at most LARGEST_ANSWER bytes, without decompressing them, and return the first KEPT_BYTES as text."""
    read = bytearray()
    for part in response.raw.stream(KEPT_BYTES, decode_content=False):
        read += part
        if len(read) >= LARGEST_ANSWER:
            break
    return bytes(read[:KEPT_BYTES]).decode("utf-8", "replace").replace("\0", "\N{REPLACEMENT CHARACTER}")


def _error_class(error: Exception) -> str:
    reason = getattr(error.args[0], "reason", None) if error.args else None
    if isinstance(reason, NameResolutionError):
        return "unresolvable"
    if isinstance(error, requests.Timeout | TimeoutError):
        return "timeout"
    if isinstance(error, requests.exceptions.SSLError):
        return "tls"
    return "connection" if isinstance(error, requests.ConnectionError | OSError) else "bad_answer"
