"""The chaos proxy causes the faults that it names; otherwise tests with faults would prove nothing."""

from __future__ import annotations

import time
from collections.abc import Iterator
from random import Random

import pytest
import requests

from tests.support.chaos import proxy as chaos
from tests.support.chaos.proxy import ChaosProxy
from tests.support.waiting import PATIENCE

HELLO = chaos.http_answer(201, b'{"hello": "world"}', ("Content-Type", "application/json"), ("Set-Cookie", "a=1"))


@pytest.fixture
def upstream() -> Iterator[ChaosProxy]:
    """A server that answers every request with hello."""
    server = ChaosProxy()
    server.always("", chaos.says(HELLO))
    yield server
    server.close()


@pytest.fixture
def proxy(upstream: ChaosProxy) -> Iterator[ChaosProxy]:
    """The proxy under test."""
    between = ChaosProxy(upstream.url)
    yield between
    between.close()


def post(proxy: ChaosProxy, path: str = "/x") -> requests.Response:
    """Send one request through the proxy."""
    return requests.post(f"{proxy.url}{path}", data=b"the body", headers={"X-Ours": "1"}, timeout=PATIENCE)


def test_what_no_rule_matches_passes_through(proxy: ChaosProxy, upstream: ChaosProxy) -> None:
    """Status, headers and body, both ways."""
    proxy.plan("GET /x", chaos.dropped)
    answer = post(proxy, "/x?y=1")

    assert (answer.status_code, answer.json(), answer.headers["Set-Cookie"]) == (201, {"hello": "world"}, "a=1")
    [asked] = upstream.seen
    assert (asked.line, asked.body, asked.headers["X-Ours"]) == ("POST /x?y=1", b"the body", "1")
    assert asked.headers["Host"] == proxy.url.removeprefix("http://")


@pytest.mark.parametrize(
    ("fault", "asked"),
    [(chaos.dropped, 0), (chaos.answer_lost, 1), (chaos.cut, 1), (chaos.garbage, 1)],
    ids=lambda value: getattr(value, "__name__", value),
)
def test_no_whole_answer_comes(proxy: ChaosProxy, upstream: ChaosProxy, fault: chaos.Fault, asked: int) -> None:
    """The client cannot know whether the upstream got the request."""
    proxy.plan("POST /x", fault)
    with pytest.raises(requests.RequestException):
        _ = post(proxy).content
    assert len(upstream.seen) == asked


@pytest.mark.parametrize(
    ("fault", "asked", "status", "body"),
    [
        (chaos.not_json, 1, 201, b"<html>It works!</html>"),
        (chaos.twice, 2, 201, b'{"hello": "world"}'),
        (chaos.answers(503, b"no", ("Retry-After", "1")), 0, 503, b"no"),
        (chaos.answers(204), 0, 204, b""),
        (chaos.drips(0.001), 1, 201, b'{"hello": "world"}'),
        (chaos.drips(0.001, chaos.http_answer(200, b"drop")), 0, 200, b"drop"),
    ],
    ids=["not JSON", "twice", "503", "204", "drips", "drips by itself"],
)
def test_an_odd_answer_comes(
    proxy: ChaosProxy, upstream: ChaosProxy, fault: chaos.Fault, asked: int, status: int, body: bytes
) -> None:
    """And the upstream was asked as often as the fault says."""
    proxy.plan("POST /x", fault)
    answer = post(proxy)
    assert (answer.status_code, answer.content, len(upstream.seen)) == (status, body, asked)


def test_a_late_answer_is_late(proxy: ChaosProxy) -> None:
    """It is complete."""
    proxy.plan("POST", chaos.late(0.1))
    started = time.monotonic()
    assert post(proxy).status_code == 201
    assert time.monotonic() - started > 0.1


def test_planned_faults_are_played_in_order_and_once(proxy: ChaosProxy) -> None:
    """Then the rule for every call, and after `heal` none."""
    proxy.always("POST", chaos.answers(500))
    proxy.plan("POST /x", chaos.answers(501), chaos.answers(502))
    assert [post(proxy).status_code for _ in range(3)] == [501, 502, 500]
    proxy.heal()
    assert post(proxy).status_code == 201
    assert proxy.faults() == {"answers 501": 1, "answers 502": 1, "answers 500": 1}
    assert len(proxy.sent("POST /x")) == 4


def test_random_faults_come_again_with_their_seed(proxy: ChaosProxy) -> None:
    """A soak that failed can be run again."""
    proxy_faults = {"POST /x": [chaos.answers(500), chaos.answers(502)]}

    def run() -> list[int]:
        proxy.at_random(Random(7), 0.5, proxy_faults)  # noqa: S311 - the same again is what is wanted
        return [post(proxy).status_code for _ in range(12)]

    first = run()
    assert set(first) == {201, 500, 502}
    assert run() == first
    assert post(proxy, "/y").status_code == 201


def test_connections_are_refused_while_it_is_away(proxy: ChaosProxy) -> None:
    """Then they are accepted again at the same address."""
    with proxy.away(), pytest.raises(requests.ConnectionError, match="refused"):
        post(proxy)
    assert post(proxy).status_code == 201


def test_an_upstream_that_is_gone_is_a_connection_that_ends(proxy: ChaosProxy, upstream: ChaosProxy) -> None:
    """The proxy adds nothing of its own."""
    with upstream.away(), pytest.raises(requests.ConnectionError):
        post(proxy)
