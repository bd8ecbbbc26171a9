"""Counting what happened lately."""

from mock_alc.limits import SlidingWindow


def test_the_limit_is_per_key_and_passes_with_the_window() -> None:
    """A19."""
    now = [0.0]
    window = SlidingWindow(limit=2, window=60, ticks=lambda: now[0])
    for now[0] in (0.0, 10.0):
        window.count("a")
    assert (window.wait("a"), window.wait("b")) == (51, 0)
    now[0] = 60.0
    assert window.wait("a") == 0


def test_memory_stays_bounded() -> None:
    """A19: a flood of new keys pushes the oldest out."""
    window = SlidingWindow(limit=1, keys=3)
    for key in "abcd":
        window.count(key)
    assert [bool(window.wait(key)) for key in "abcd"] == [False, True, True, True]
