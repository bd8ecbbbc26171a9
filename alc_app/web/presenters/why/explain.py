"""Why a person is Pending, Failed or nothing: one paragraph over us, ALC and the CRM, made of facts.

`explain` is a pure function. Each part of the paragraph is a table in `sentences.py`: the first row that is true of
the facts gives the sentence, and a part without such a row is left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from string import Formatter

from alc_app.web.presenters.why.facts import Facts, Moment, Value
from alc_app.web.presenters.why.sentences import PARTS, Do, Row

Sentence = tuple[str | Moment, ...]
"""Text with moments in it, which each reader is shown in their own way."""


@dataclass(frozen=True)
class Explanation:
    """The paragraph, and where the user can do what it advises."""

    sentences: Sequence[Sentence]
    do: Do = ""


def explain(facts: Facts) -> Explanation:
    """Explain the status of a person from facts."""
    rows = [row for part in PARTS if (row := _first(part, facts))]
    values = facts.values()
    return Explanation([_fill(row.text, values) for row in rows], next((row.do for row in rows if row.do), ""))


def _first(part: Sequence[Row], facts: Facts) -> Row | None:
    return next((row for row in part if row.when(facts)), None)


def _fill(template: str, values: Mapping[str, Value]) -> Sentence:
    """Put values into a template; moments stay what they are."""
    parts: list[str | Moment] = []
    for text, name, _, _ in Formatter().parse(template):
        parts += [text, *(values[name] if name else ())]
    return tuple(part for part in parts if part)
