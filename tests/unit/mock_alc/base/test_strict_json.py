"""Strict JSON."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_alc.base.strict_json import NotStrictJson, read_object


@pytest.mark.parametrize(
    "raw",
    [
        b"", b"[]", b"null", b'"a"', b"{", b"\xff", b'{"a":NaN}', b'{"a":Infinity}', b'{"a":1e999}', b'{"a":1,"a":2}',
        b'{"a":"\\ud800"}', '{"a":1}'.encode("utf-16"), b"\xef\xbb\xbf{}", b'{"a":' + b"9" * 5000 + b"}",
        b'{"a":' + b"[" * 40 + b"]" * 40 + b"}", b'{"a":' + b"[" * 60000 + b"]" * 60000 + b"}",
    ],
)  # fmt: skip
def test_what_is_not_one_plain_object_is_refused(raw: bytes) -> None:
    """R9's list: always NotStrictJson, never another error."""
    with pytest.raises(NotStrictJson):
        read_object(raw)


def test_a_plain_object_is_read() -> None:
    """R9: with text of any language, and values of every kind."""
    assert read_object('{"name": "Zoë", "n": [1, {"b": null}]}'.encode()) == {"name": "Zoë", "n": [1, {"b": None}]}


@given(st.binary(max_size=200))
def test_no_bytes_break_the_reader(raw: bytes) -> None:
    """Fuzzed: whatever the bytes, the result is an object or NotStrictJson."""
    try:
        read_object(raw)
    except NotStrictJson:
        return
