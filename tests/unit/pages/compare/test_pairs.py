"""The tutorial's files beside ours: every line is shown, every difference says why, and every link leads somewhere."""

from __future__ import annotations

import re

import pytest

from alc_app.labs.scenarios import SCENARIOS
from alc_app.labs.stories import of_the_tutorial
from alc_app.pages.compare.notes import BEGINS, read_notes
from alc_app.pages.compare.pairs import PAIRS, TUTORIAL, Pair
from alc_app.pages.compare.rows import Language, Row, rows_of
from alc_app.pages.tutorial.steps import BY_SLUG

SIDES: list[tuple[Pair, Language]] = [(pair, "typescript") for pair in PAIRS]
SIDES += [(pair, "python") for pair in PAIRS if pair.port_path]
EACH_SIDE = pytest.mark.parametrize(("pair", "language"), SIDES, ids=[f"{pair.name} {side}" for pair, side in SIDES])
EACH_PAIR = pytest.mark.parametrize("pair", PAIRS, ids=[pair.name for pair in PAIRS])
NOTES = [note for pair in PAIRS for row in rows_of(pair, "typescript") for note in row.notes]


def code(text: str) -> str:
    """Return what a passage does: without comments, docstrings, imports and the breaks of its lines."""
    text = re.sub(r'""".*?"""', "", text, flags=re.DOTALL)
    text = re.sub(r"(?m)^\s*#.*$|  #.*$|^(?:from|import) .*$", "", text)
    return re.sub(r",(?=[)\]}])", "", re.sub(r"\s+", "", text))


def test_all_eight_files_are_there() -> None:
    """Whatever TypeScript and GraphQL of Attio's is kept in the repository."""
    files = {
        path.relative_to(TUTORIAL).as_posix() for path in TUTORIAL.rglob("*") if path.suffix in (".ts", ".graphql")
    }
    assert len(PAIRS) == 8
    assert {pair.typescript for pair in PAIRS} == files


@EACH_SIDE
def test_every_line_of_both_files_is_shown_once(pair: Pair, language: Language) -> None:
    """Blank lines between passages and the comments that became sentences are all that is left out."""
    rows = rows_of(pair, language)
    theirs = (pair.port_path if language == "python" else None) or pair.theirs_path
    for path, passages in ((theirs, [row.theirs for row in rows]), (pair.ours_path, [row.ours for row in rows])):
        shown = "\n".join(passage.text for passage in passages if passage)
        assert sorted(filter(str.strip, shown.split("\n"))) == sorted(filter(str.strip, path.read_text().split("\n")))


@EACH_SIDE
def test_the_tutorials_lines_keep_their_order(pair: Pair, language: Language) -> None:
    """The page reads as the tutorial does; ours may be jumped in."""
    numbers = [number for row in rows_of(pair, language) if row.theirs for number, _ in row.theirs.lines]
    assert numbers == sorted(numbers)


def differs(row: Row) -> bool:
    """Say whether ours does something else than the literal port, or than nothing."""
    return code(row.ours.text) != code(row.theirs.text if row.theirs else "")


@EACH_PAIR
def test_every_difference_says_why(pair: Pair) -> None:
    """A passage of ours that does not do what the tutorial's does has a `TUTORIAL:` comment.

    Without a port there is no Python to compare with: then each passage below the imports has one.
    """
    first, *others = rows_of(pair, "python" if pair.port_path else "typescript")
    unexplained = [row.ours.text for row in others if differs(row) and not row.notes]

    assert not unexplained
    assert others or not differs(first)


@EACH_PAIR
def test_what_is_the_same_is_not_called_a_difference(pair: Pair) -> None:
    """A comment that outlives its difference is found here."""
    rows = rows_of(pair, "python")[1:] if pair.port_path else ()
    assert not [row.notes for row in rows if row.notes and not differs(row)]


def test_every_comment_of_our_files_is_shown() -> None:
    """None is lost between two passages."""
    assert len(NOTES) == sum(pair.ours_path.read_text().count(BEGINS) for pair in PAIRS)


@pytest.mark.parametrize(
    "note", NOTES, ids=[f"{note.kind} {note.target} {number}" for number, note in enumerate(NOTES)]
)
def test_a_why_is_a_sentence_with_a_link_that_exists(note: object) -> None:
    """To a lab, a story, a step of the tutorial or a page of Attio's."""
    text, kind, target = note.text, note.kind, note.target
    known = {
        "lab": {scenario.lab.name for scenario in SCENARIOS},
        "story": {story.name for story in of_the_tutorial()},
        "step": set(BY_SLUG),
        "docs": {"rest-api/endpoint-reference/records"},
    }

    assert re.fullmatch(r"The tutorial’s code .*\.", text) and "\n" not in text and len(text) < 260
    assert target in known[kind]


def test_most_differences_have_a_lab_or_a_story() -> None:
    """And every lab is linked from the code that decides it."""
    linked = {note.target for note in NOTES if note.kind == "lab"}
    assert linked == {scenario.lab.name for scenario in SCENARIOS}


def test_a_comment_without_a_link_is_an_error() -> None:
    """It would be a difference that nobody can see."""
    with pytest.raises(ValueError, match="names nothing that shows it: it waits"):
        read_notes(["    # TUTORIAL: it waits", "", "    wait()"])


def test_a_comment_beside_code_leaves_the_code() -> None:
    """Only lines that belong to the note alone are left out."""
    notes, alone = read_notes(
        ["except E:  # TUTORIAL: it fails (C3). [lab crm-down]", "# TUTORIAL: it", "# ends. [step x]"]
    )

    assert [note.text for note in notes] == ["The tutorial’s code fails.", "The tutorial’s code ends."]
    assert alone == {1, 2}
