"""The only way out: `requests`, with every request bounded in time, size and destination."""

import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any, BinaryIO

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NameResolutionError, NewConnectionError

from mock_alc.webhooks.answer import Answer
from mock_alc.webhooks.targets import TargetRefused, check_address, resolve

CONNECT_SECONDS = 5.0
DOOR_SECONDS = 120.0  # Virtual days may pass before the answer comes.
LARGEST_ANSWER = 65_536
KEPT_OF_ANSWER = 4_096


class Call:
    """One request to a stranger's server: no redirects, no environment, one deadline for all of it (W4).

    `allow_any_address` is for the command line, where the person who names the address owns this machine.
    """

    def __init__(self, *, allow_loopback: bool, total_seconds: float, allow_any_address: bool = False) -> None:
        self._allow_loopback = allow_loopback
        self._allow_any_address = allow_any_address
        self._total = total_seconds
        self._handle: socket.socket | None = None
        self._cut: str | None = None

    def post(self, url: str, body: bytes | BinaryIO, headers: dict[str, str], *, method: str = "POST") -> Answer:
        """Send, and return an Answer whatever happens."""
        started = time.monotonic()
        watch = threading.Timer(self._total, self.cut, ["timeout"])
        watch.daemon = True
        watch.start()
        try:
            answer = self._exchange(method, url, body, headers)
        finally:
            watch.cancel()
            if self._handle is not None:
                self._handle.close()
        if self._cut is not None:  # What a cut socket seems to say is not what the server said.
            answer = Answer(error=self._cut)
        return replace(answer, milliseconds=round((time.monotonic() - started) * 1000))

    def cut(self, reason: str) -> None:
        """End the call now, from any thread; its answer will be the error `reason`."""
        self._cut = self._cut or reason
        if self._handle is not None:
            with suppress(OSError):  # It may be closed already, which is what was wanted.
                self._handle.shutdown(socket.SHUT_RDWR)

    def _exchange(self, method: str, url: str, body: bytes | BinaryIO, headers: dict[str, str]) -> Answer:
        with _session(self._connect) as session:
            try:
                response = session.request(
                    method,
                    url,
                    data=body,
                    headers=headers,
                    timeout=self._total,
                    allow_redirects=False,
                    stream=True,
                )
                kept = _read(response)
            except TargetRefused:
                return Answer(error="target_refused")
            except (requests.RequestException, HTTPError, OSError, ValueError) as error:
                return Answer(error=_error_class(error))
        return Answer(response.status_code, body=kept, retry_after=response.headers.get("Retry-After"))

    def _connect(self, host: str, port: int) -> socket.socket:
        """Open a socket to an address that was checked, so that nothing can be swapped in between (W5)."""
        failure = OSError(f"{host} has no address.")
        for address in resolve(host.strip("[]"), port):
            if not self._allow_any_address:
                check_address(address, allow_loopback=self._allow_loopback)
            try:
                opened = socket.create_connection((address, port), min(CONNECT_SECONDS, self._total))
            except OSError as error:
                failure = error
                continue
            # A second handle on the same connection: TLS takes the first one away from us.
            self._handle = opened.dup()
            if self._cut is not None:
                self.cut(self._cut)
            return opened
        raise failure


def ask(method: str, url: str, body: Any = None, token: str | None = None) -> tuple[int, Any]:
    """Call a running mock, for a command; raises OSError when nobody answers as one does."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    with requests.Session() as session:
        session.trust_env = False
        response = session.request(method, url, json=body, headers=headers, timeout=DOOR_SECONDS, allow_redirects=False)
        return response.status_code, response.json() if response.content else None


def _session(connect: Callable[[str, int], socket.socket]) -> requests.Session:
    """Make the session of one call; its sockets come from `connect` alone."""

    class Guarded(HTTPConnection):
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

    session = requests.Session()
    session.trust_env = False
    session.adapters.clear()
    session.mount("https://", Adapter())
    session.mount("http://", Adapter())
    return session


def _read(response: requests.Response) -> str:
    """Read up to the cap, undecoded, and keep the beginning as text."""
    read = bytearray()
    for part in response.raw.stream(KEPT_OF_ANSWER, decode_content=False):
        read += part
        if len(read) >= LARGEST_ANSWER:
            break
    return bytes(read[:KEPT_OF_ANSWER]).decode("utf-8", "replace").replace("\0", "\N{REPLACEMENT CHARACTER}")


def _error_class(error: Exception) -> str:
    reason = getattr(error.args[0], "reason", None) if error.args else None
    if isinstance(reason, NameResolutionError):
        return "unresolvable"
    if isinstance(error, requests.Timeout | TimeoutError):
        return "timeout"
    if isinstance(error, requests.exceptions.SSLError):
        return "tls"
    return "connection" if isinstance(error, requests.ConnectionError | OSError) else "bad_answer"
