"""Strict JSON in requests, and how long an answer asks us to wait."""

from __future__ import annotations

import contextlib
import json
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alc_app.attio.http import MAX_DEPTH, MAX_WAIT, BadRequest, FetchResponse, Request


def read(raw: bytes) -> Any:
    """The body as a handler reads it."""
    return Request(raw).json()


def nested(depth: int) -> bytes:
    """Lists in lists."""
    return b"[" * depth + b"]" * depth


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"{}{}",
        b"{'a': 1}",
        b'\xef\xbb\xbf{"a": 1}',
        '{"a": 1}'.encode("utf-16"),
        '{"a": 1}'.encode("utf-32"),
        b'{"a": "\xff"}',
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b'{"a": -Infinity}',
        b'{"a": 1e999}',
        b'{"a": -1e999}',
        b'{"a": ' + b"9" * 5000 + b"}",
        b'{"a": 1, "a": 1}',
        b'{"b": {"a": 1, "\\u0061": 2}}',
        b'{"a": "\\ud800"}',
        b'{"\\udfff": 1}',
        b'{"a": "\\u0000"}',
        b'{"a\\u0000": 1}',
        b'{"a\\u001f": 1}',
        b'{"a": "\n"}',
        b'{"a": "\0"}',
        b'{"a\x1f": 1}',
        b'{"a": "\xed\xa0\x80"}',
        nested(MAX_DEPTH + 2),
        b'{"a":' * (MAX_DEPTH + 1) + b"{}" + b"}" * (MAX_DEPTH + 1),
        nested(30_000),
        b'{"a":' * 10_000,
    ],
    ids=lambda raw: raw[:20],
)
def test_what_is_not_strict_json_is_a_bad_request_and_quickly(raw: bytes) -> None:
    """R9: 400 in less than 50 ms, never a 500."""
    started = time.thread_time()

    with pytest.raises(BadRequest):
        read(raw)
    assert time.thread_time() - started < 0.05


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (b" {} \n", {}),
        (nested(3), [[[]]]),
        (b'["' + b"[" * MAX_DEPTH + b'"]', ["[" * MAX_DEPTH]),
        (b'{"a": 1e308}', {"a": 1e308}),
        ('{"a": "ü😀\\n"}'.encode(), {"a": "ü😀\n"}),
        (b'{"a": "\\ud83d\\ude00"}', {"a": "😀"}),
        (b'{"a": {"b": 1}, "c": {"b": 1}}', {"a": {"b": 1}, "c": {"b": 1}}),
        (b"9" * 300, int("9" * 300)),
    ],
)
def test_what_is_json_is_read(raw: bytes, value: object) -> None:
    """R9: nothing is refused that a good sender may send."""
    assert read(raw) == value


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=5), inner, max_size=3),
    max_leaves=12,
)  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(value=VALUES)
def test_whatever_a_library_writes_is_read_back(value: object) -> None:
    """R9: a round trip, escaped and not."""
    assert read(json.dumps(value).encode()) == value
    assert read(json.dumps(value, ensure_ascii=False).encode()) == value


@settings(max_examples=60, deadline=None)
@given(raw=st.binary(max_size=60) | st.text('{}[]":,\\u0dEe+-.1NaIfinty ', max_size=60).map(str.encode))
def test_whatever_comes_it_is_read_or_refused(raw: bytes) -> None:
    """R9: no other error ever leaves."""
    with contextlib.suppress(BadRequest):
        read(raw)


def wait(value: str) -> float | None:
    """What an answer with this header asks for."""
    return FetchResponse(429, {"Retry-After": value}, "").retry_after()


@pytest.mark.parametrize(
    ("value", "seconds"), [("0", 0), ("7", 7), (" 7 ", 7), ("86401", MAX_WAIT), ("9" * 500, MAX_WAIT)]
)
def test_retry_after_in_seconds(value: str, seconds: float) -> None:
    """R21: capped at a day."""
    assert wait(value) == seconds


def test_retry_after_as_a_date() -> None:
    """R21: Attio's form; one that has passed is no wait, one of next year a day."""
    now = datetime.now(UTC)

    assert wait(format_datetime(now + timedelta(seconds=100), usegmt=True)) == pytest.approx(100, abs=2)
    assert wait(format_datetime(now - timedelta(hours=1), usegmt=True)) == 0
    assert wait(format_datetime(now + timedelta(days=400), usegmt=True)) == MAX_WAIT


@pytest.mark.parametrize(
    "form", ["Sun, 06 Nov 2094 08:49:37 GMT", "Sunday, 06-Nov-44 08:49:37 GMT", "Sat Nov  6 08:49:37 2094"]
)
def test_retry_after_takes_each_form_of_a_date(form: str) -> None:
    """R21: RFC 9110 5.6.7; the old ones have two digits of the year, or no zone."""
    assert wait(form) == MAX_WAIT


def test_a_date_counts_from_the_clock_of_whoever_sent_it() -> None:
    """R21: a machine whose clock is ten minutes off waits for the same time."""
    headers = {"Date": "Wed, 21 Oct 2026 07:28:00 GMT", "Retry-After": "Wed, 21 Oct 2026 07:28:07 GMT"}
    assert FetchResponse(429, headers, "").retry_after() == 7
    assert FetchResponse(429, headers | {"Date": "yesterday"}, "").retry_after() is not None


@pytest.mark.parametrize(
    "value",
    [
        "",
        "soon",
        "-1",
        "1.5",
        "٣",
        "²",
        "Mon, 01 Jan 99999999999999999999 00:00:00 GMT",
        "Mon, 01 Jan 2020 00:00:00 +99999999999999",
        "Mon, 99 Jan 2020 00:00:00 GMT",
    ],
)
def test_a_retry_after_that_makes_no_sense_is_none(value: str) -> None:
    """R21: never an error of ours."""
    assert wait(value) is None


@settings(max_examples=60, deadline=None)
@given(
    value=st.text(max_size=40)
    | st.from_regex(r"\w{3}, \d{1,12} \w{3} \d{1,22} \d+:\d+:\d+ [+-]?\w{1,12}", fullmatch=True)
)
def test_any_retry_after_is_a_wait_of_at_most_a_day_or_none(value: str) -> None:
    """Section 9 of the bar: a fuzz target."""
    found = wait(value)
    assert found is None or 0 <= found <= MAX_WAIT


@pytest.mark.parametrize(("status", "ok"), [(199, False), (200, True), (299, True), (300, False), (404, False)])
def test_ok_is_2xx(status: int, ok: bool) -> None:
    """As in the Fetch standard."""
    assert FetchResponse(status, {}, "").ok is ok


def test_an_answer_that_is_nested_too_deeply_is_a_value_error() -> None:
    """R9: RecursionError is not a ValueError, and nobody catches it."""
    with pytest.raises(ValueError, match="nested"):
        FetchResponse(200, {}, "[" * 100_000).json()
