"""W3C Trace Context: read strictly, written as version 00, and carried along."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextvars import copy_context
from typing import Any

import pytest
from werkzeug.test import Client

from alc_app.attio.host import trace

TRACE_ID, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
HEADER = f"00-{TRACE_ID}-{PARENT}-01"
"""The example of the standard."""


def test_a_valid_header_is_read() -> None:
    """Trace Context 3.2.2."""
    assert trace.read(HEADER) == (TRACE_ID, True)
    assert trace.read(f"00-{TRACE_ID}-{PARENT}-00") == (TRACE_ID, False)


@pytest.mark.parametrize("end", ["", "-more", "-", "-01-02"])
def test_a_later_version_is_read_as_far_as_this_one_goes(end: str) -> None:
    """Trace Context 4.3: of its flags, only the one that is known."""
    assert trace.read(f"cc-{TRACE_ID}-{PARENT}-03{end}") == (TRACE_ID, True)
    assert trace.read(f"cc-{TRACE_ID}-{PARENT}-fe{end}") == (TRACE_ID, False)


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "00",
        f"ff-{TRACE_ID}-{PARENT}-01",
        f"00-{'0' * 32}-{PARENT}-01",
        f"00-{TRACE_ID}-{'0' * 16}-01",
        f"00-{TRACE_ID.upper()}-{PARENT}-01",
        f"00-{TRACE_ID}-{PARENT}-01-more",
        f"00-{TRACE_ID}-{PARENT}-01-",
        f"cc-{TRACE_ID}-{PARENT}-01.more",
        f"00-{TRACE_ID}-{PARENT}-1",
        f"00-{TRACE_ID}-{PARENT}",
        f"00-{TRACE_ID[1:]}-{PARENT}-01",
        f"00-{TRACE_ID}-{PARENT}-01,00-{TRACE_ID}-{PARENT}-01",
        f"0x-{TRACE_ID}-{PARENT}-01",
        f" {HEADER}",
        f"{HEADER}\n",
        f"00-{TRACE_ID}-{PARENT}-0١",
    ],
)
def test_a_header_that_is_not_valid_is_none(header: str | None) -> None:
    """Trace Context 3.2.2.5: whoever gets one begins anew."""
    assert trace.read(header) is None


def test_each_call_is_a_span_of_its_own_in_the_same_trace() -> None:
    """Trace Context 3.2.2.4: a new parent id for each call; the flag goes along."""
    with trace.resumed(f"00-{TRACE_ID}-{PARENT}-00"):
        first, second = trace.traceparent(), trace.traceparent()

    for header in (first, second):
        assert re.fullmatch(rf"00-{TRACE_ID}-[0-9a-f]{{16}}-00", header or "")
    assert len({first, second, f"00-{TRACE_ID}-{PARENT}-00"}) == 3


def test_what_was_not_kept_begins_anew_and_what_was_before_comes_back() -> None:
    """A row of an older version has no trace; its run still has one."""
    with trace.resumed(HEADER):
        with trace.resumed(None):
            assert trace.trace_id() not in ("", TRACE_ID)
            assert trace.read(trace.traceparent())
        assert trace.trace_id() == TRACE_ID


def test_outside_of_a_trace_there_is_nothing_to_say() -> None:
    """A command line that calls Attio has no caller."""

    def outside() -> tuple[str | None, str]:
        trace._current.set(None)
        return trace.traceparent(), trace.trace_id()

    assert copy_context().run(outside) == (None, "")


@trace.traced
def says_its_trace(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """An answer that streams after the function has returned."""
    del environ
    start_response("200 OK", [("Content-Type", "text/plain")])

    def body() -> Iterator[bytes]:
        yield trace.trace_id().encode()

    return body()


def test_a_request_goes_on_with_its_callers_trace_and_the_answer_says_so() -> None:
    """The trace still stands while the answer streams."""
    answer = Client(says_its_trace).get("/", headers={"traceparent": HEADER})

    assert answer.text == TRACE_ID
    assert trace.read(answer.headers["traceparent"]) == (TRACE_ID, True)
    assert answer.headers["traceparent"] != HEADER


def test_a_request_without_a_trace_begins_one_of_its_own() -> None:
    """Each its own, whatever the thread did before."""
    client = Client(says_its_trace)
    ids = {client.get("/", headers={"traceparent": header}).text for header in ("", "nonsense", "00-0-0-0")}

    assert len(ids) == 3
    assert all(re.fullmatch("[0-9a-f]{32}", found) for found in ids)
