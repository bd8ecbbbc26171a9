"""Draws what went over the wire in a failing test: text for the terminal, and an HTML file."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path

from mock_alc.double.driver import Driver
from mock_alc.testing.wire.diagnosis import diagnose
from mock_alc.testing.wire.drawing import Drawing
from mock_alc.testing.wire.exchanges import make_exchanges
from mock_alc.testing.wire.page import as_page
from mock_alc.testing.wire.text import as_text

LONGEST_NAME = 120


def draw(test: str, mocks: Sequence[Driver], folder: Callable[[], Path]) -> str:
    """Return the text about the mocks of a test, and write one HTML file for each into `folder()`.

    `test` is pytest's id of the test, which names the files. A mock without exchanges is left out.
    """
    drawn = []
    for number, mock in enumerate(mocks, 1):
        exchanges = make_exchanges(mock.requests(), mock.deliveries(), mock.name)
        if not exchanges:
            continue
        drawing = Drawing(test, exchanges, highlight=diagnose(exchanges))
        drawn.append(show(drawing, test if number == 1 else f"{test}-{number}", folder()))
    return "\n\n".join(drawn) or "The mock received no request and delivered nothing."


def show(drawing: Drawing, name: str, folder: Path) -> str:
    """Return the text of a drawing, and write it as an HTML file of this name into the folder."""
    return f"{as_text(drawing)}\n\n{_write(drawing, name, folder)}"


def _write(drawing: Drawing, name: str, folder: Path) -> str:
    """Write the HTML file and return where it is, or why it could not be written."""
    safe = re.sub(r"[^\w.-]+", "-", name).strip("-")[-LONGEST_NAME:]
    file = folder / f"{safe}.html"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file.write_text(as_page(drawing), encoding="utf-8")
    except OSError as problem:
        return f"The HTML file could not be written: {problem}"
    return f"As HTML: {file.resolve().as_uri()}"
