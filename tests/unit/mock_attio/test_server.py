"""The stand-in as a server of its own."""

import http.client
import json
import logging
import os
import signal
import socket
import threading
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from alc_app.mock_attio.server import MockAttioServer, serve
from alc_app.mock_attio.store.config import MockAttioConfig
from tests.support.waiting import PATIENCE
from tests.unit.mock_attio.conftest import TOKEN, Clock, config_for

HEADERS = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}


@pytest.fixture(scope="module")
def server() -> Iterator[MockAttioServer]:
    """Run a stand-in for the tests of this file."""
    with MockAttioServer(config_for(Clock())) as running:
        yield running


@pytest.fixture
def connection(server: MockAttioServer) -> Iterator[http.client.HTTPConnection]:
    """Open one connection to it."""
    opened = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=PATIENCE)
    yield opened
    opened.close()


def ask(connection: http.client.HTTPConnection, method: str, path: str, body: str | None = None) -> int:
    """Send one request, read its reply to the end, and return the status."""
    connection.request(method, path, body, HEADERS)
    reply = connection.getresponse()
    reply.read()
    return reply.status


def test_one_connection_carries_many_requests(connection: http.client.HTTPConnection) -> None:
    """Keep-alive, also after a refused request with a body."""
    assert ask(connection, "GET", "/healthz") == 200
    before = connection.sock
    assert ask(connection, "POST", "/v2/nope", '{"data": "GET /v2/self"}') == 404
    assert ask(connection, "HEAD", "/v2/objects") == 200
    assert ask(connection, "POST", "/v2/objects/people/records/query", "{}") == 200
    assert connection.sock is before is not None


def test_a_chunked_body_is_read_to_its_end(connection: http.client.HTTPConnection) -> None:
    """The app gets the whole body, and none of it is taken for the next request."""
    path, body = "/v2/objects/people/records/query", iter([b'{"limit"', b": 1}"])
    connection.request("POST", path, body, HEADERS, encode_chunked=True)
    reply = connection.getresponse()
    assert (reply.status, len(json.loads(reply.read())["data"])) == (200, 1)
    assert ask(connection, "GET", "/healthz") == 200


def test_a_body_that_is_too_large_gets_its_answer(connection: http.client.HTTPConnection) -> None:
    """413 in Attio's shape reaches the client, although the app does not read such a body."""
    assert ask(connection, "POST", "/v2/objects/people/records", " " * 12_000_000) == 413


def test_the_control_api_refuses_what_a_proxy_has_forwarded(server: MockAttioServer) -> None:
    """The server hands these headers on, so that the control API sees them."""
    for header in ("X-Forwarded-For", "Forwarded"):
        connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=PATIENCE)
        connection.request("POST", "/_mock/reset", "{}", {**HEADERS, header: "for=192.0.2.7"})
        assert connection.getresponse().status == 403
        connection.close()


def test_a_port_that_is_taken_is_an_os_error(server: MockAttioServer) -> None:
    """The port is bound before anything else is done."""
    with pytest.raises(OSError, match="in use"):
        MockAttioServer(config_for(Clock()), port=int(server.url.rpartition(":")[2]))


@pytest.mark.parametrize("length", ["-1", "12x"])
def test_a_false_length_is_answered_and_the_connection_closed(server: MockAttioServer, length: str) -> None:
    """Content-Length that is no number."""
    host, port = server.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=PATIENCE) as raw:
        raw.sendall(
            f"GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\nGET / HTTP/1.1\r\n\r\n".encode()
        )
        answer = b"".join(iter(lambda: raw.recv(65_536), b""))
    assert answer.count(b"HTTP/1.1 ") == 1
    assert b"Connection: close" in answer


def test_a_closed_server_answers_nobody_not_even_on_an_open_connection() -> None:
    """`close()` ends idle connections, so that a test can see the stand-in go down."""
    server = MockAttioServer(config_for(Clock()))
    connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=PATIENCE)
    assert ask(connection, "GET", "/healthz") == 200
    server.close()
    server.close()
    with pytest.raises((http.client.HTTPException, OSError)):
        ask(connection, "GET", "/healthz")
    connection.close()


def test_closing_waits_for_the_request_in_progress() -> None:
    """`close()` returns when the response has been sent."""
    begun, go_on = threading.Event(), threading.Event()
    moment = Clock().moment

    def slow_now() -> datetime:
        if threading.current_thread().name.startswith("waitress"):  # the sender's thread need not wait
            begun.set()
            go_on.wait(PATIENCE)
        return moment

    statuses: list[int] = []

    def create() -> None:
        connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=PATIENCE)
        body = '{"data": {"values": {"email_addresses": ["slow@example.com"]}}}'
        statuses.append(ask(connection, "POST", "/v2/objects/people/records", body))
        connection.close()

    server = MockAttioServer(config_for(slow_now))
    client, closing = threading.Thread(target=create), threading.Thread(target=server.close)
    client.start()
    assert begun.wait(PATIENCE)
    closing.start()
    closing.join(0.1)
    assert closing.is_alive()
    go_on.set()
    closing.join()
    client.join()
    assert statuses == [200]


def test_records_outlive_the_server(tmp_path: Path) -> None:
    """A database in a file keeps what was written, and is not seeded twice."""
    config = MockAttioConfig(f"sqlite:///{tmp_path}/attio.db", TOKEN)
    path = "/v2/objects/people/records"
    for expected in (200, 400):
        with MockAttioServer(config) as server:
            connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=PATIENCE)
            body = '{"data": {"values": {"email_addresses": ["once@example.com"]}}}'
            assert ask(connection, "POST", path, body) == expected
            connection.close()


def test_a_server_closes_whose_loop_needs_no_waking(monkeypatch: pytest.MonkeyPatch) -> None:
    """The loop may be awake already, and have closed what wakes it before it is woken."""
    server = MockAttioServer(config_for(Clock()))
    wake = server._server.trigger._physical_pull

    def wake_late() -> None:
        wake()
        server._thread.join()
        wake()

    monkeypatch.setattr(server._server.trigger, "_physical_pull", wake_late)
    server.close()

    assert not server._thread.is_alive()


def test_writers_in_parallel_lose_nothing(tmp_path: Path) -> None:
    """C13: writing transactions of one SQLite file wait for each other; one upsert creates, the others update."""
    config = config_for(Clock(), database_url=f"sqlite:///{tmp_path}/attio.db")
    path = "/v2/objects/people/records?matching_attribute=email_addresses"
    statuses: list[int] = []
    with MockAttioServer(config) as server:

        def upsert(number: int) -> None:
            connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=PATIENCE)
            emails = f'["one@example.com", "n{number}@example.com"]'
            statuses.append(ask(connection, "PUT", path, f'{{"data": {{"values": {{"email_addresses": {emails}}}}}}}'))
            connection.close()

        threads = [threading.Thread(target=upsert, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=PATIENCE)
        query = '{"filter": {"email_addresses": {"$starts_with": "n"}}, "limit": 500}'
        connection.request("POST", "/v2/objects/people/records/query", query, HEADERS)
        found = connection.getresponse().read()
        connection.close()
    assert statuses == [200] * 8
    assert all(f"n{number}@example.com".encode() in found for number in range(8))


class StopWhenReady(logging.Handler):
    """Sends this process a signal as soon as the server says that it answers."""

    def __init__(self, number: signal.Signals) -> None:
        super().__init__()
        self.number = number

    def emit(self, record: logging.LogRecord) -> None:
        os.kill(os.getpid(), self.number)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_serve_stops_cleanly_when_told_to(number: signal.Signals) -> None:
    """C15: `serve` returns, and the handlers that were there before are back."""
    before = signal.getsignal(number)
    logger, handler = logging.getLogger("alc_app.mock_attio.server"), StopWhenReady(number)
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        serve(config_for(Clock()), "127.0.0.1", 0)
    finally:
        logger.removeHandler(handler)
        logger.setLevel(logging.NOTSET)
    assert signal.getsignal(number) is before
