"""Renders a drawing as a `sequenceDiagram` of Mermaid."""

import re
from collections.abc import Iterator

from mock_alc.testing.wire.drawing import Drawing, Row
from mock_alc.testing.wire.exchange import Exchange


def as_mermaid(drawing: Drawing) -> str:
    """Return the drawing as the text of a `sequenceDiagram`."""
    names = {name: f"P{number}" for number, name in enumerate(drawing.participants, 1)}
    lines = ["sequenceDiagram", *(f"    participant {short} as {_plain(name)}" for name, short in names.items())]
    everybody = f"{names[drawing.participants[0]]},{names[drawing.participants[-1]]}" if names else ""
    lines += [line for row in drawing.rows() for line in _row(row, drawing, names, everybody)] if names else []
    return "\n".join([*lines, ""])


def _row(row: Row, drawing: Drawing, names: dict[str, str], everybody: str) -> Iterator[str]:
    notes = [row.later, row.note]
    yield from (f"    Note over {everybody}: {_plain(note)}" for note in notes if note)
    if row.exchange is None:
        return
    sender, receiver = names[row.exchange.sender], names[row.exchange.receiver]
    yield f"    {sender}->>{receiver}: {_plain(_asked(row.exchange))}"
    arrow = "-->>" if row.exchange.status is not None else "--x"
    yield f"    {receiver}{arrow}{sender}: {_plain(row.exchange.answer)}"
    if row.marked and drawing.highlight:
        said = f"{drawing.highlight.happened} {drawing.highlight.correct}"
        yield f"    Note over {everybody}: {_plain(said)}"


def _asked(one: Exchange) -> str:
    fault = f"({one.fault})" if one.fault else ""
    return " ".join(part for part in (one.what, one.about, fault) if part)


def _plain(words: str) -> str:
    """Escape what Mermaid reads as its own: it ends a message at a semicolon, and # begins an entity."""
    escaped = re.sub(r"[#;<>%]", lambda sign: f"#{ord(sign[0])};", " ".join(words.split()))
    return re.sub(r"\bend\b", "e#110;d", escaped)
