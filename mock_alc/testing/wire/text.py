"""Renders a drawing as text for a terminal: a line for each exchange, and one for its fault."""

from collections.abc import Sequence
from textwrap import wrap

from mock_alc.testing.wire.drawing import Drawing, Highlight, Row
from mock_alc.testing.wire.exchange import Exchange, shorten

WIDTH = 100
LONGEST_ABOUT = 44
Block = list[str]
"""The lines of one row."""


def as_text(drawing: Drawing, *, longest: int = 34) -> str:
    """Return the drawing, with at most `longest` lines for its rows.

    What is marked is explained first. If there are too many rows, those around the marked one are shown, or the last.
    """
    rows = list(drawing.rows())
    blocks = _blocks(rows)
    first, last = _window([len(block) for block in blocks], _marked(rows), longest)
    lines = _explanation(drawing.highlight) if drawing.highlight else []
    lines += [f"      {first} earlier rows are not shown"] if first else []
    lines += [line for block in blocks[first:last] for line in block]
    lines += [f"      {len(rows) - last} later rows are not shown"] if last < len(rows) else []
    return "\n".join(lines)


def _explanation(highlight: Highlight) -> list[str]:
    happened = f"Look at number {highlight.index + 1}: {highlight.happened}"
    return [*wrap(happened, WIDTH), *wrap(highlight.correct, WIDTH), ""]


def _marked(rows: Sequence[Row]) -> int:
    return next((at for at, row in enumerate(rows) if row.marked), max(len(rows) - 1, 0))


def _window(heights: Sequence[int], centre: int, longest: int) -> tuple[int, int]:
    """Return the largest range of rows around `centre` whose heights add up to no more than `longest`."""
    first = last = centre
    while True:
        wider = [(first, last + 1)] if last < len(heights) else []
        wider += [(first - 1, last)] if first > 0 else []
        wider.sort(key=lambda ends: max(ends[1] - 1 - centre, centre - ends[0]))
        fitting = [ends for ends in wider if sum(heights[ends[0] : ends[1]]) <= longest]
        if not fitting:
            return first, last
        first, last = fitting[0]


def _blocks(rows: Sequence[Row]) -> list[Block]:
    """Return the lines of each row, with the columns of all rows aligned."""
    cells = [_cells(row.exchange) for row in rows if row.exchange]
    widths = [max(len(cell[at]) for cell in cells) for at in range(4)] if cells else []
    return [_block(row, widths) for row in rows]


def _block(row: Row, widths: Sequence[int]) -> Block:
    lines = [f"      … {row.later}"] if row.later else []
    lines += [f"      {row.note}"] if row.note else []
    if row.exchange is None:
        return lines
    columns = [cell.ljust(width) for cell, width in zip(_cells(row.exchange), [*widths, 0], strict=True)]
    lines.append(f"{'>>' if row.marked else '  '}{row.number:>3}  {'  '.join(columns)}".rstrip())
    return [*lines, f"       {_fault(row.exchange)}"] if row.exchange.fault else lines


def _cells(one: Exchange) -> list[str]:
    """Return the columns of an exchange: time, direction, what, what about, and the answer."""
    direction = f"{one.sender} → {one.receiver}"
    return [f"{one.at:%H:%M:%S}", direction, one.what, shorten(one.about, LONGEST_ABOUT), f"→ {one.answer}"]


def _fault(one: Exchange) -> str:
    return f"({one.fault}{'; a correct app refuses it' if one.forged else ''})"
