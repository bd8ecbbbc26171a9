"""Which lines of the app made a call: they are shown beside it, so that a reader finds them."""

from __future__ import annotations

import sys
from pathlib import Path
from types import FrameType

APP = Path(__file__).parent.parent
NOT_THE_APP = ("runtime", "attio", "pages", "migrations", "mock_attio")
MOST = 3

Source = dict[str, str | int]


def source_lines() -> list[Source]:
    """The app's own frames on the stack, the innermost first: `{"file", "line", "function"}`."""
    found: list[Source] = []
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and len(found) < MOST:
        if line := line_of(frame):
            found.append(line)
        frame = frame.f_back
    return found


def line_of(frame: FrameType) -> Source | None:
    """Where a frame stands; None outside of the app's own files."""
    name = _app_file(frame.f_code.co_filename)
    if not name:
        return None
    return {"file": name, "line": frame.f_lineno, "function": frame.f_code.co_qualname}


def _app_file(path: str) -> str:
    """The file as the repository names it; empty, when it is not one that an integration developer writes."""
    if not path.startswith(str(APP)):
        return ""
    inside = Path(path).relative_to(APP)
    return "" if inside.parts[0] in NOT_THE_APP else f"{APP.name}/{inside.as_posix()}"
