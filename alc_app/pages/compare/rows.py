"""Lay a file of the tutorial and ours side by side, passage by passage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Literal

from alc_app.pages.source_code import CodeLine, colour

from .notes import Note, read_notes
from .pairs import Pair

Language = Literal["typescript", "python"]
"""The tutorial's own file, or its literal port."""


@dataclass(frozen=True)
class Passage:
    """Lines of a file with their numbers, coloured."""

    text: str
    lines: Sequence[tuple[int, CodeLine]]


@dataclass(frozen=True)
class Row:
    """A passage of each file, and why they differ. Without notes they do the same."""

    theirs: Passage | None
    ours: Passage
    notes: Sequence[Note]


@cache
def rows_of(pair: Pair, language: Language) -> tuple[Row, ...]:
    """Return the rows of a pair in the tutorial's order. Raises: ValueError, if a cut is not found once."""
    place, path = (1, pair.port_path) if language == "python" else (0, pair.theirs_path)
    theirs = _cut(path or pair.theirs_path, [cut[place] for cut in pair.cuts])
    ours = _cut(pair.ours_path, [cut[2] for cut in pair.cuts])
    rows = []
    for left, right in zip(theirs, ours, strict=True):
        if right is None:
            raise ValueError(f"A passage of {pair.ours_path.name} has no beginning.")
        notes, alone = read_notes(right.text.split("\n"))
        shown = [line for index, line in enumerate(right.lines) if index not in alone]  # the notes stand above the code
        rows.append(Row(left, Passage(right.text, shown), tuple(notes)))
    return tuple(rows)


def _cut(path: Path, begins: Sequence[str]) -> list[Passage | None]:
    """Cut a file where these texts begin; return the passages in the order of the texts, None for an empty text."""
    source = path.read_text(encoding="utf-8").rstrip("\n")
    wrong = [text for text in begins if text and source.count(text) != 1]
    if wrong:
        raise ValueError(f"Not found once in {path.name}: {wrong}")
    first = {text: source.count("\n", 0, source.index(text)) for text in begins if text}
    ends = dict(pairwise([*sorted(first.values()), source.count("\n") + 1]))
    lines, coloured = source.split("\n"), colour(source, path.name)
    return [_passage(lines, coloured, first[text], ends[first[text]]) if text else None for text in begins]


def _passage(lines: Sequence[str], coloured: Sequence[CodeLine], begin: int, end: int) -> Passage:
    while end > begin + 1 and not lines[end - 1].strip():
        end -= 1
    numbered = [(index + 1, coloured[index]) for index in range(begin, end)]
    return Passage("\n".join(lines[begin:end]), numbered)
