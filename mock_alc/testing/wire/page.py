"""Renders a drawing as one HTML file that loads nothing and runs nothing."""

import json
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from mock_alc.testing.wire.drawing import Drawing
from mock_alc.testing.wire.exchange import Exchange

LONGEST = 4_096
"""Characters of a body that are shown."""


def as_page(drawing: Drawing) -> str:
    """Return the drawing as an HTML page; everything in it is escaped."""
    here = FileSystemLoader(Path(__file__).parent)
    templates = Environment(loader=here, autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    templates.filters.update(lanes=lambda one: _lanes(one, drawing.participants), parts=_parts)
    return templates.get_template("page.html").render(drawing=drawing, rows=list(drawing.rows()))


def _lanes(one: Exchange, participants: list[str]) -> dict[str, Any]:
    """Return the columns of an arrow and its direction."""
    ends = [participants.index(one.sender) + 1, participants.index(one.receiver) + 1]
    first, last = sorted(ends)
    return {"first": first, "last": last, "span": last - first, "direction": "right" if ends[0] == first else "left"}


def _parts(one: Exchange) -> list[tuple[str, str]]:
    """Return what is known of an exchange, each part with its heading."""
    parts = [
        ("Fault", one.fault),
        ("Signature", one.signature),
        ("Delivery", f"{one.delivery_id} to {one.path}" if one.event else ""),
        ("Query", _shown(one.query)),
        ("Headers", _lines(one.headers)),
        ("Body", _shown(one.body)),
        ("Headers of the answer", _lines(one.answer_headers)),
        ("Answer", _shown(one.answer_body)),
    ]
    return [(heading, text) for heading, text in parts if text]


def _lines(headers: Any) -> str:
    return "\n".join(f"{name}: {value}" for name, value in (headers or {}).items())


def _shown(value: Any) -> str:
    if not value:
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=2)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
