"""HTTP calls to real sockets that redirect, stall, flood and cut off."""

from __future__ import annotations

import gzip
import re
import socket
import time
from collections.abc import Callable
from contextvars import copy_context
from pathlib import Path

import pytest
import requests

from alc_app.attio.host import trace
from alc_app.attio.host.errors import FetchAnswerLost, FetchError, FetchNotSent, FetchTooLarge
from alc_app.attio.http import FetchResponse
from alc_app.runtime import http_client
from alc_app.runtime.http_client import Http, harden
from alc_app.runtime.observability.metrics import CALLS, serve_metrics
from tests.unit.runtime.conftest import Peer

OK = b"HTTP/1.1 200 OK\r\n"
Serve = Callable[..., Peer]


def get(url: str) -> FetchResponse:
    """One call."""
    return Http().request("GET", url, headers={"Authorization": "Bearer ours"})


@pytest.fixture
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same bounds, in tenths of a second."""
    monkeypatch.setattr(http_client, "READ_TIMEOUT", 0.3)
    monkeypatch.setattr(http_client, "TOTAL_TIMEOUT", 0.5)


def test_an_answer_is_handed_over_whole(peer: Serve) -> None:
    """Status, headers without regard to case, text in its charset."""
    head = b"HTTP/1.1 404 Nope\r\nretry-after: 5\r\nContent-Type: application/json\r\nContent-Length: 4\r\n\r\n"

    answer = get(peer(head + "é!".encode() + b"\n").url)

    assert (answer.status, answer.text, answer.retry_after()) == (404, "é!\n", 5)


def test_a_byte_order_mark_is_no_part_of_the_text(peer: Serve) -> None:
    """The Fetch standard's text() and json() drop it; the tutorial's code reads such an answer."""
    body = b'\xef\xbb\xbf{"id": "lead_1"}'
    head = OK + f"Content-Length: {len(body)}\r\n\r\n".encode()

    assert get(peer(head + body).url).json() == {"id": "lead_1"}


@pytest.mark.parametrize(
    "interim", [b"100 Continue", b"102 Processing", b"103 Early Hints\r\nLink: </a.css>; rel=preload"]
)
def test_an_interim_answer_is_not_the_answer(peer: Serve, interim: bytes) -> None:
    """RFC 9110 15.2: any number of them may come before the final one."""
    head = b"HTTP/1.1 " + interim + b"\r\n\r\n"

    assert get(peer(head + head + OK + b"Content-Length: 2\r\n\r\nhi").url).text == "hi"


@pytest.mark.usefixtures("hurry")
def test_interim_answers_without_end_stop_at_the_deadline(peer: Serve) -> None:
    """O10: each would begin the wait again, if the time were not counted as a whole."""
    with pytest.raises(FetchAnswerLost):
        get(peer(*[b"HTTP/1.1 102 Processing\r\n\r\n"] * 200, gap=0.01).url)


def test_a_deadline_ends_a_call_and_lets_no_other_begin(peer: Serve) -> None:
    """O10: of what a person waits for, over all of its calls; after the block there is none."""
    slow = peer(OK, b"Content-Length: 2\r\n\r\n", b"hi", gap=1.0)
    with http_client.deadline(time.monotonic() + 0.3), pytest.raises(FetchAnswerLost):
        get(slow.url)
    with http_client.deadline(time.monotonic()), pytest.raises(FetchNotSent):
        get(slow.url)
    assert get(slow.url).text == "hi"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_answers(peer: Serve, status: int) -> None:
    """O8: a 307 would replay the POST, code and all, to another origin."""
    target = peer(OK + b"\r\n")
    there = peer(b"HTTP/1.1 %d Go\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n" % (status, target.url.encode()))

    answer = Http().request("POST", there.url, headers={}, json={"secret": 1})

    assert answer.status == status
    assert not target.seen


def test_the_environment_changes_neither_the_token_nor_the_way(
    peer: Serve, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """O9: a `.netrc` would replace the Bearer, a proxy variable would show it to somebody else."""
    there, proxy = peer(OK + b"Content-Length: 0\r\n\r\n"), peer(OK + b"Content-Length: 0\r\n\r\n")
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login someone password else")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("http_proxy", proxy.url)
    monkeypatch.setenv("no_proxy", "")

    get(there.url)

    assert b"Authorization: Bearer ours\r\n" in there.seen[0]
    assert not proxy.seen


@pytest.mark.usefixtures("hurry")
@pytest.mark.parametrize(
    ("pieces", "gap"),
    [
        ((b"",), 5.0),
        ((OK + b"Content-Length: 10\r\n\r\n12", b""), 5.0),
        ((OK + b"Content-Length: 500\r\n\r\n", *[b"x"] * 500), 0.02),
        (tuple(bytes([byte]) for byte in OK + b"X-Long: " + b"x" * 500), 0.02),
        ((OK, *[b"X-More: 1\r\n"] * 90), 0.02),
    ],
    ids=["says nothing", "stalls", "drips its body", "drips a header", "drips headers"],
)
def test_a_peer_cannot_hold_us_up(peer: Serve, pieces: tuple[bytes, ...], gap: float) -> None:
    """O10: one deadline for headers and body together, however slowly they come."""
    started = time.monotonic()

    with pytest.raises(FetchAnswerLost):
        get(peer(*pieces, gap=gap).url)
    assert time.monotonic() - started < 1.5


@pytest.mark.parametrize(
    "body",
    [
        OK + b"\r\n" + b"x" * (http_client.MAX_RESPONSE + 1),
        OK + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(b"0" * http_client.MIB) * 64,
    ],
    ids=["endless", "gzip bomb"],
)
def test_a_peer_cannot_flood_us(peer: Serve, body: bytes) -> None:
    """O10: 16 MiB, counted after it has been unpacked."""
    with pytest.raises(FetchTooLarge, match="larger than 16 MiB"):
        get(peer(body).url)


def test_a_token_response_is_small(peer: Serve) -> None:
    """O10: 1 MiB is enough for it."""
    body = OK + b"\r\n" + b"x" * (http_client.MAX_TOKEN_RESPONSE + 1)

    with pytest.raises(requests.ConnectionError, match="larger than 1 MiB"):
        harden(requests.Session()).get(peer(body).url)


def test_an_answer_as_large_as_the_cap_is_taken(peer: Serve) -> None:
    """O10: the edge."""
    assert (
        len(get(peer(OK + b"Content-Type: text/plain\r\n\r\n" + b"x" * http_client.MAX_RESPONSE).url).text)
        == http_client.MAX_RESPONSE
    )


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"nonsense\r\n\r\n",
        OK + b"Content-Length: 10\r\n\r\n12",
        OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nab",
        OK + b"Content-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello",
    ],
    ids=["closed", "not HTTP", "cut", "cut in a chunk", "not gzip"],
)
def test_an_answer_that_is_not_whole_is_lost(peer: Serve, answer: bytes) -> None:
    """C2: the request was sent, so it may have been carried out."""
    with pytest.raises(FetchAnswerLost):
        get(peer(answer).url)


def test_an_unpacked_answer_that_comes_in_pieces_is_whole(peer: Serve) -> None:
    """O10: a pause in the body is not taken for its end."""
    packed = gzip.compress(b"hello" * 100)
    head = OK + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed)

    assert get(peer(head, *(bytes([byte]) for byte in packed), gap=0.001).url).text == "hello" * 100


def test_where_nobody_listens_nothing_was_sent() -> None:
    """C2: a definite failure; the intent may be closed."""
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]

    with pytest.raises(FetchNotSent):
        get(f"http://127.0.0.1:{port}")
    with pytest.raises(FetchNotSent):
        get("http://no-such-host.invalid")


@pytest.mark.parametrize("url", ["https://[::1", "http://"])
def test_an_address_that_is_none_is_an_error_of_ours(url: str) -> None:
    """C2: no error of a library is raised to the caller."""
    with pytest.raises(FetchError):
        get(url)


def test_connections_are_used_again(peer: Serve) -> None:
    """The deadline is that of each answer, not that of the connection."""
    there = peer(OK + b"Content-Length: 2\r\n\r\n{}", OK + b"Content-Length: 3\r\n\r\n{} ", gap=0.05)
    client = Http()

    assert [len(client.request("GET", there.url, headers={}).text) for _ in range(2)] == [2, 3]
    assert len(there.seen) == 1


def test_any_session_can_be_hardened(peer: Serve) -> None:
    """Authlib's session has the same limits."""
    session = harden(requests.Session())

    assert session.get(peer(b"HTTP/1.1 302 Go\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n").url).status_code == 302
    assert session.trust_env is False


def test_every_call_says_which_trace_it_belongs_to(peer: Serve) -> None:
    """Trace Context: the same id, another span for each call; Authlib's session too. Outside of a trace, nothing."""
    there = [peer(OK + b"Content-Length: 0\r\n\r\n") for _ in range(3)]

    with trace.resumed(f"00-{'a' * 32}-{'b' * 16}-01"):
        get(there[0].url)
        harden(requests.Session()).get(there[1].url)
    copy_context().run(lambda: (trace._current.set(None), get(there[2].url)))

    first, second, none = [re.findall(rb"(?i)traceparent: (.*)\r", peer.seen[0]) for peer in there]
    assert trace.read(first[0].decode()) == trace.read(second[0].decode()) == ("a" * 32, True)
    assert first != second
    assert none == []


def test_every_call_is_counted_by_its_host_and_how_it_ended(peer: Serve) -> None:
    """Operations: a peer that begins to fail is seen; a path, which may hold an id, is no label."""
    there = peer(b"HTTP/1.1 503 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
    broken = peer(b"nonsense\r\n\r\n")
    get(f"{there.url}/leads/lead_1")
    with pytest.raises(FetchAnswerLost):
        get(broken.url)

    counted = {
        (sample.labels["host"], sample.labels["status"]): sample.value
        for family in CALLS.collect()
        for sample in family.samples
        if sample.name.endswith("_count")
    }
    assert counted[there.url.removeprefix("http://"), "503"] == 1
    assert counted[broken.url.removeprefix("http://"), "none"] == 1


def test_a_worker_shows_what_it_counts_to_this_machine() -> None:
    """Operations: a worker's calls are counted in the worker."""
    with serve_metrics(0) as server:
        text = get(f"http://127.0.0.1:{server.server_port}/metrics").text
        server.shutdown()

    assert "# TYPE alc_app_call_seconds histogram" in text
