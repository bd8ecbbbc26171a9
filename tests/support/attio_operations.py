"""The table of Attio's operations in the stand-in's README. `python -m tests.support.attio_operations` writes it."""

from __future__ import annotations

import re
from pathlib import Path

from werkzeug.routing import Map

from alc_app.mock_attio.api.operations import OPERATIONS
from alc_app.mock_attio.app import create_app
from alc_app.mock_attio.store.config import MockAttioConfig

README = Path(__file__).parents[2] / "alc_app" / "mock_attio" / "README.md"
FILL = "python -m tests.support.attio_operations"
BLOCK = re.compile(r"(?<=<!-- operations -->\n).*(?=<!-- end of operations -->)", re.DOTALL)


def routes() -> Map:
    """Return the routes of the stand-in."""
    app = create_app(MockAttioConfig("sqlite://", token="t"))
    app.extensions["mock_attio"].database.close()
    return app.url_map


def table() -> str:
    """Return the table in Markdown, one row for each operation, below a sentence with the sum."""
    found = routes()
    answers = [(one, "has" if one.is_answered(found) else "answers 501") for one in OPERATIONS]
    count = sum(answer == "has" for _, answer in answers)
    head = f"It has {count} of Attio's {len(OPERATIONS)} operations and answers 501 to the others.\n\n"
    rows = [f"| {one.name} | `{one.method} {one.path}` | {answer} |" for one, answer in answers]
    return head + "\n".join(["| operation | endpoint | stand-in |", "|---|---|---|", *rows]) + "\n"


def fill(text: str) -> str:
    """Return the README with the table as it must be now."""
    return BLOCK.sub(lambda _: table(), text)


if __name__ == "__main__":
    README.write_text(fill(README.read_text()))
