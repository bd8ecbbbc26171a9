"""The HTTP client: limited in time, size and destination, whatever the server does."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest

from mock_alc.webhooks import http_client
from mock_alc.webhooks.answer import Answer
from mock_alc.webhooks.http_client import KEPT_BYTES, Call
from tests.support.waiting import eventually
from tests.unit.mock_alc.support import Receiver


def post(url: str, *, total: float = 5.0, allow_loopback: bool = True) -> Answer:
    """Send one small message."""
    return Call(allow_loopback=allow_loopback, total_seconds=total).post(url, b"{}", {})


@contextmanager
def raw_server(behave: Callable[[socket.socket], None]) -> Iterator[str]:
    """Listen on loopback and treat one connection as `behave` says."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = listener.accept()
        with connection, suppress(OSError):
            connection.recv(65536)
            behave(connection)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
    finally:
        thread.join(5)
        listener.close()


def until_the_end(connection: socket.socket) -> None:
    """Read, and say nothing, until the other side is gone."""
    while connection.recv(4096):
        pass


def drip(connection: socket.socket, data: bytes) -> None:
    """Send a byte every few milliseconds until the other side is gone."""
    while True:
        connection.sendall(data)
        threading.Event().wait(0.02)


def test_a_redirect_is_an_answer_and_its_target_is_never_visited(receiver: Receiver) -> None:
    """W4: a 307 would carry the body to another place."""
    receiver.answer(307, headers={"Location": receiver.url("/elsewhere")})
    assert post(receiver.url()).status == 307
    assert [request.path for request in receiver.received] == ["/hook"]


def drip_head(connection: socket.socket) -> None:
    """Drip the status line."""
    drip(connection, b"H")


def drip_a_header(connection: socket.socket) -> None:
    """Say 200, and then drip a header."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nX: ")
    drip(connection, b"x")


def drip_body(connection: socket.socket) -> None:
    """Send a whole head, and then drip the body."""
    connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    drip(connection, b"x")


@pytest.mark.parametrize("behave", [until_the_end, drip_head, drip_a_header, drip_body])
def test_silence_and_dripping_end_at_the_deadline(behave: Callable[[socket.socket], None]) -> None:
    """W4: one deadline for all of it, wherever the other side slows down."""
    started = time.monotonic()
    with raw_server(behave) as url:
        answer = post(url, total=0.3)
    assert (answer.status, answer.error) == (None, "timeout")
    assert time.monotonic() - started < 2


def test_an_endless_answer_is_read_to_the_cap_and_kept_in_part() -> None:
    """W4: the verdict stands on the status."""

    def flood(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            connection.sendall(b"x" * 4096)

    with raw_server(flood) as url:
        answer = post(url)
    assert (answer.status, len(answer.body)) == (200, KEPT_BYTES)


@pytest.mark.parametrize(
    "interim", ["102 Processing", "103 Early Hints\r\nLink: </a.css>; rel=preload", "100 Continue"]
)
@pytest.mark.parametrize("final", [b"200 OK\r\nContent-Length: 2\r\n\r\nok", b"500 Oh\r\nContent-Length: 2\r\n\r\nno"])
def test_an_interim_answer_is_not_the_answer(interim: str, final: bytes) -> None:
    """RFC 9110 15.2: any number of them come before the final one; else the delivery would come twice."""
    head = f"HTTP/1.1 {interim}\r\n\r\n".encode()

    def behave(connection: socket.socket) -> None:
        connection.sendall(head)
        threading.Event().wait(0.05)
        connection.sendall(head + b"HTTP/1.1 " + final)

    with raw_server(behave) as url:
        answer = post(url)
    assert (answer.status, answer.body) == (int(final[:3]), final[-2:].decode())


@pytest.mark.parametrize("start", ["HTTP/1.1 102 Processing\r\n\r\n", "HTTP/1.1 101 Switching Protocols\r\n\r\n"])
def test_an_interim_answer_alone_is_no_success(start: str) -> None:
    """Nothing but interim answers is no answer; nobody asked for another protocol."""
    with raw_server(lambda connection: connection.sendall(start.encode())) as url:
        answer = post(url, total=1)
    assert answer.error is not None or answer.status == 101


def test_interim_answers_without_end_stop_at_the_deadline() -> None:
    """W4: each would begin the wait again, if the time were not counted as a whole."""
    with raw_server(lambda connection: drip(connection, b"HTTP/1.1 102 Processing\r\n\r\n")) as url:
        assert post(url, total=0.3).error == "timeout"


def test_garbage_is_a_failure_and_no_exception() -> None:
    """W4: the receiver may say what it likes."""
    with raw_server(lambda connection: connection.sendall(b"\xff\xfe garbage\r\n\r\n")) as url:
        assert post(url).error is not None


def test_nobody_there_is_a_failure_and_no_exception() -> None:
    """W4: it is tried again, as after any failure."""
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    assert post(f"http://127.0.0.1:{port}/").error == "connection"


def test_a_name_rebound_after_its_check_is_refused_at_the_connection(
    monkeypatch: pytest.MonkeyPatch, receiver: Receiver
) -> None:
    """W5: the address that is connected to is the address that is checked."""
    monkeypatch.setattr(http_client, "resolve", lambda _host, _port: ["127.0.0.1"])
    port = receiver.url().split(":")[2].split("/")[0]
    assert post(f"http://rebound.example:{port}/hook", allow_loopback=False).error == "target_refused"
    assert receiver.received == []
    assert post(f"http://rebound.example:{port}/hook").status == 200


def test_an_unresolvable_name_is_named_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """W8: the error class tells what to mend."""

    def fail(_host: str, _port: int) -> list[str]:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(http_client, "resolve", fail)
    assert post("https://nowhere.example/").error == "unresolvable"


@contextmanager
def hanging_resolver(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Let names never resolve; yields an event that is set when somebody asks."""
    asked, release = threading.Event(), threading.Event()

    def hang(_host: str, _port: int) -> list[str]:
        asked.set()
        release.wait(10)
        return ["127.0.0.1"]

    monkeypatch.setattr(http_client, "resolve", hang)
    yield asked
    release.set()


def test_a_resolver_that_hangs_ends_at_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    """W4: getaddrinfo takes no timeout, and the lease of a delivery is only a little longer than its deadline."""
    started = time.monotonic()
    with hanging_resolver(monkeypatch):
        answer = post("https://slow.example/", total=0.3)
    assert (answer.status, answer.error) == (None, "timeout")
    assert time.monotonic() - started < 2


def test_a_call_can_be_cut_while_its_host_is_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """W11, reset: as one that waits for its answer."""
    call, answers = Call(allow_loopback=True, total_seconds=10), list[Answer]()
    with hanging_resolver(monkeypatch) as asked:
        thread = threading.Thread(target=lambda: answers.append(call.post("https://slow.example/", b"{}", {})))
        thread.start()
        eventually(asked.is_set)
        call.abort("aborted")
        thread.join(2)
        assert [answer.error for answer in answers] == ["aborted"]


def test_many_dead_addresses_share_one_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    """W4: each address gets what the others have left."""
    tried = list[str]()

    def connect(address: tuple[str, int], timeout: float) -> socket.socket:
        tried.append(address[0])
        threading.Event().wait(timeout)
        raise TimeoutError("timed out")

    monkeypatch.setattr(http_client, "resolve", lambda _host, _port: [f"93.184.215.{number}" for number in range(9)])
    monkeypatch.setattr(socket, "create_connection", connect)
    started = time.monotonic()
    assert post("https://dead.example/", total=0.3).error == "timeout"
    assert time.monotonic() - started < 2
    assert len(tried) < 9


def test_proxies_and_netrc_of_the_environment_are_ignored(monkeypatch: pytest.MonkeyPatch, receiver: Receiver) -> None:
    """O9's rule for this side: nothing around the process changes what is sent."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    assert post(receiver.url()).status == 200


def test_a_call_can_be_cut_from_another_thread() -> None:
    """W11, reset: work under way ends at once."""
    connected = threading.Event()

    def wait_for_the_end(connection: socket.socket) -> None:
        connected.set()
        until_the_end(connection)

    call, answers = Call(allow_loopback=True, total_seconds=10), list[Answer]()
    with raw_server(wait_for_the_end) as url:
        thread = threading.Thread(target=lambda: answers.append(call.post(url, b"{}", {})))
        thread.start()
        eventually(connected.is_set)
        call.abort("aborted")
        thread.join(2)
    assert [answer.error for answer in answers] == ["aborted"]
