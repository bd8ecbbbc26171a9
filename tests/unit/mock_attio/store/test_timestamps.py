"""Moments in Attio's spelling."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alc_app.mock_attio.store.timestamps import normalise, to_text


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2023", "2023-01-01T00:00:00.000000000Z"),
        ("2023-02", "2023-02-01T00:00:00.000000000Z"),
        ("2023-01-02T13:00", "2023-01-02T13:00:00.000000000Z"),
        ("2023-01-02 13:00:05", "2023-01-02T13:00:05.000000000Z"),
        ("2023-01-02T13:00:00.000000000+02:00", "2023-01-02T11:00:00.000000000Z"),
        ("2023-01-02T13:00:00.123456789Z", "2023-01-02T13:00:00.123456789Z"),
    ],
)
def test_shorter_forms_are_padded_and_zones_become_utc(written: str, read: str) -> None:
    """The examples of Attio's documentation."""
    assert normalise(written) == read


@pytest.mark.parametrize("text", ["", "soon", "2023-13", "2023-02-30", "20230102", "0001-01-01T00:00+01:00", "٢٠٢٣"])
def test_what_is_no_moment_is_an_error(text: str) -> None:
    """ValueError, for the caller to turn into its own refusal."""
    with pytest.raises(ValueError, match=r"."):
        normalise(text)


@given(st.datetimes(timezones=st.just(UTC)), st.datetimes(timezones=st.just(UTC)))
def test_texts_sort_as_moments_do(one: datetime, other: datetime) -> None:
    """That is why moments are stored as text."""
    assert (to_text(one) < to_text(other)) == (one < other)
    assert normalise(to_text(one)) == to_text(one)
