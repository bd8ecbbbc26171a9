"""Which lines of the app made a call: they are shown beside it, so that a reader finds them."""

from __future__ import annotations

import ast
import itertools
import sys
from pathlib import Path
from types import FrameType
from typing import Any

APP = Path(__file__).parents[2]
NOT_THE_APP = ("runtime", "attio", "pages", "mock_attio", "labs")
LONGEST_EXCERPT = 44
AROUND = 8

Source = dict[str, str | int]


def source_lines() -> list[Source]:
    """Where the app's own code stands now, the story first and the door last: `{"file", "line", "function"}`.

    Of a file that another one calls it is the function that was called; of the outermost one, the line that calls.
    """
    groups = [list(group) for _, group in itertools.groupby(_frames(), key=lambda source: source["file"])]
    entries = [group[-1] for group in groups[:-1]] + [group[0] for group in groups[-1:]]
    return entries[::-1]


def _frames() -> list[Source]:
    found: list[Source] = []
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if line := line_of(frame):
            found.append(line)
        frame = frame.f_back
    return found


def line_of(frame: FrameType) -> Source | None:
    """Where a frame stands; None outside of the app's own files."""
    path = frame.f_code.co_filename
    if not path.startswith(str(APP)):
        return None
    inside = Path(path).relative_to(APP)
    if inside.parts[0] in NOT_THE_APP:
        return None
    return {"file": f"{APP.name}/{inside.as_posix()}", "line": frame.f_lineno, "function": frame.f_code.co_qualname}


def excerpt(source: Source) -> dict[str, Any] | None:
    """The function around a line, or what is near it: `{"file", "lines": [{"number", "text", "hot"}]}`."""
    path, line = (APP.parent / str(source["file"])).resolve(), int(source["line"])
    if not path.is_relative_to(APP) or not path.is_file():
        return None
    text = path.read_text(encoding="utf-8")
    first, last = _function_around(text, line)
    lines = text.splitlines()
    shown = [{"number": n, "text": lines[n - 1], "hot": n == line} for n in range(first, min(last, len(lines)) + 1)]
    return {"file": source["file"], "lines": shown}


def _function_around(text: str, line: int) -> tuple[int, int]:
    spans = [
        (min([node.lineno, *(d.lineno for d in node.decorator_list)]), node.end_lineno or node.lineno)
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    around = [span for span in spans if span[0] <= line <= span[1]]
    first, last = max(around, default=(line - AROUND, line + AROUND))
    if last - first > LONGEST_EXCERPT:
        first, last = max(first, line - AROUND), min(last, line + AROUND)
    return max(first, 1), last
