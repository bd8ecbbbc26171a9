"""The lines that each step shows: they are found, once, and are those that make the call."""

from __future__ import annotations

import re

import pytest

from alc_app.pages.source_code import LINK
from alc_app.pages.tutorial.source_ranges import HERE, SOURCES, Range, excerpt
from alc_app.pages.tutorial.steps import STEPS

RANGES = [(step, place) for step, places in SOURCES.items() for place in places if place]


def test_every_step_has_its_place() -> None:
    """In the tutorial's order."""
    assert list(SOURCES) == [step.id for step in STEPS]


@pytest.mark.parametrize("step, place", RANGES, ids=[f"{step} {place.file}" for step, place in RANGES])
def test_a_place_is_found_once(step: str, place: Range) -> None:
    """A file that was changed or renamed is noticed here, before a reader is shown the wrong lines."""
    assert place.path.read_text().count(place.begin) == 1
    first, last = place.lines()
    assert first <= last < first + 25


@pytest.mark.parametrize("step", [step.id for step in STEPS if step.chapter in ("Usage", "Later", "Removal")])
def test_lines_of_ours_that_name_a_step_are_in_the_place_of_that_step(step: str) -> None:
    """Comments such as `# Usage 8` stand in the app's own files: the two must say the same."""
    place = SOURCES[step][1]
    text = place.path.read_text()
    first, last = place.lines()
    named = [n for n, line in enumerate(text.splitlines(), 1) if re.search(rf"# {step}\b(?!-)", line)]
    assert not named or any(first <= number <= last for number in named), named


def test_the_tutorials_files_are_whole() -> None:
    """They are Attio's words: each begins and ends as in the tutorial."""
    files = {path.relative_to(HERE).as_posix() for path in HERE.rglob("*.[tg]*") if path.suffix in (".ts", ".graphql")}
    assert files == {
        "app.ts",
        "get-person-phone-numbers.graphql",
        "send-to-alc-record-action.ts",
        "send-to-alc.server.ts",
        "webhooks/lead-processed.webhook.ts",
        "webhooks/prospect-updated.webhook.ts",
        "events/connection-added.event.ts",
        "events/connection-removed.event.ts",
    }
    ours = HERE.parent.parent / "get_person_phone_numbers.graphql"
    assert (HERE / "get-person-phone-numbers.graphql").read_text() == ours.read_text()


def test_an_excerpt_has_its_lines_and_a_few_around_them() -> None:
    """Those that are meant are marked, and what indents all of them is left out."""
    shown = excerpt(Range("send-to-alc.server.ts", "return lead", "lead"))

    assert shown and (shown["first"], shown["last"]) == (39, 39)
    assert [line["number"] for line in shown["lines"]] == [37, 38, 39, 40]
    assert [line["number"] for line in shown["lines"] if line["meant"]] == [39]


@pytest.mark.parametrize("step, place", RANGES, ids=[f"{step} {place.file}" for step, place in RANGES])
def test_an_excerpt_has_no_links_that_cannot_be_followed(step: str, place: Range) -> None:
    """Compare makes links of those that end our TUTORIAL comments."""
    shown = excerpt(place)

    assert shown
    assert not [line for line in shown["lines"] if LINK.search(line["text"]) or LINK.search(str(line["pieces"]))]
