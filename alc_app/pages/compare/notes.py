"""Why a passage differs: the `TUTORIAL:` comments of our files, each with a link to what shows it.

The form of one: `TUTORIAL: it sends no secret, so … [lab forged-signature]`. It ends with its link, and may go on over
several lines, in a comment or a docstring.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from alc_app.pages.source_code import LINK

BEGINS: Final = "TUTORIAL:"
_CODES = re.compile(r" \([A-Z]\d+(?:, [A-Z]\d+)*\)")
"""Requirement codes, which only readers of the source look up."""


@dataclass(frozen=True)
class Note:
    """What the tutorial's code does and what ours does instead; where that can be seen."""

    text: str  # a sentence or two
    kind: str  # lab, story, step or docs
    target: str  # the name of the lab, the story or the step; the path of Attio's page


def read_notes(lines: list[str]) -> tuple[list[Note], set[int]]:
    """Return the notes in these lines, and the indices of the lines that belong to a note alone.

    Raises: ValueError, if a note has no link.
    """
    notes: list[Note] = []
    alone: set[int] = set()
    for begin in (index for index, line in enumerate(lines) if BEGINS in line):
        before, _, text = lines[begin].partition(BEGINS)
        end = begin
        while not (link := LINK.search(text)):
            end += 1
            if end == len(lines) or not lines[end].strip():
                raise ValueError(f"This TUTORIAL comment names nothing that shows it: {text.strip()}")
            text += " " + lines[end].strip().lstrip("# ")
        notes.append(Note(_sentence(text[: link.start()]), link[1], link[2]))
        alone.update(range(begin, end + 1) if not before.split("#")[0].strip() else ())
    return notes, alone


def _sentence(text: str) -> str:
    plain = _CODES.sub("", text).replace("`", "").strip()
    return re.sub(r"^it\b", "The tutorial’s code", plain)
