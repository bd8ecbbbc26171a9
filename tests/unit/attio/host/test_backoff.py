"""The wait until what has failed is tried again."""

from collections.abc import Callable

import pytest

from alc_app.attio.host import backoff as module
from alc_app.attio.host.backoff import backoff


def test_each_wait_is_twice_as_long_as_the_one_before_up_to_the_longest() -> None:
    """Five seconds at first, and never more than an hour."""
    assert [backoff(tries, 5.0, 3600.0) for tries in (1, 2, 3, 10, 11)] == [5.0, 10.0, 20.0, 2560.0, 3600.0]


@pytest.mark.parametrize("tries", [1025, 100_000])
def test_whoever_is_away_for_months_is_still_asked_again(tries: int) -> None:
    """2.0 ** 1024 is no number: an hour between two tries would come to it in six weeks."""
    assert backoff(tries, 5.0, 3600.0) == 3600.0


@pytest.mark.parametrize(("luck", "share"), [(min, 0.75), (max, 1.0)])
def test_what_failed_together_is_not_tried_again_together(
    monkeypatch: pytest.MonkeyPatch, luck: Callable[[float, float], float], share: float
) -> None:
    """R21: chance takes up to a quarter off a wait, and never adds to the longest."""
    monkeypatch.setattr(module, "JITTER", 0.25)
    monkeypatch.setattr(module.random, "uniform", luck)

    assert [backoff(tries, 4.0, 10.0) for tries in (1, 2, 3)] == [4.0 * share, 8.0 * share, 10.0 * share]
