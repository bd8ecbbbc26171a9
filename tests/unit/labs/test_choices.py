"""The choices of a lab are shuffled, so that nobody wins by their place."""

from __future__ import annotations

from collections import Counter

from alc_app.labs.runner import shuffled
from alc_app.labs.scenarios import SCENARIOS


def test_every_choice_is_kept_and_each_time_in_the_same_order() -> None:
    """A reload of the page moves nothing."""
    for scenario in SCENARIOS:
        once = shuffled(scenario.lab)
        assert once == shuffled(scenario.lab)
        assert sorted(once, key=lambda choice: choice.id) == sorted(scenario.lab.choices, key=lambda choice: choice.id)


def test_no_place_has_the_second_choice_of_most_labs() -> None:
    """As the labs are written, the second choice is what the tutorial's code does in most of them."""
    places = Counter(shuffled(scenario.lab).index(scenario.lab.choices[1]) for scenario in SCENARIOS)
    assert max(places.values()) <= len(SCENARIOS) / 2
