"""Find the lines of the app that made a call, to show them beside it."""

from __future__ import annotations

import ast
import itertools
import sys
from functools import cache
from pathlib import Path
from types import FrameType
from typing import Any

APP = Path(__file__).parents[2]
NOT_THE_APP = ("runtime", "attio", "pages", "mock_attio", "labs")
"""Folders of alc_app that a reader of the tutorial does not look for."""
MAX_EXCERPT = 44
AROUND = 8
"""Lines shown before and after a line that is in no function, or in one longer than MAX_EXCERPT."""

Source = dict[str, str | int]


def source_lines() -> list[Source]:
    """Return the app's stack frames for this call, outermost first: `{"file", "line", "function"}`.

    There is one for each file: the calling line for the outermost file, the called function for the others.
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
    """Return where a frame is, or None outside of the app's own files."""
    file = _shown_as(frame.f_code.co_filename)
    return {"file": file, "line": frame.f_lineno, "function": frame.f_code.co_qualname} if file else None


@cache
def _shown_as(path: str) -> str | None:
    """Return the path of a file from the repository on, or None if it is not one of the app's own."""
    if not path.startswith(str(APP)):
        return None
    inside = Path(path).relative_to(APP)
    return None if inside.parts[0] in NOT_THE_APP else f"{APP.name}/{inside.as_posix()}"


def excerpt(source: Source) -> dict[str, Any] | None:
    """Return the function around a line, or the lines near it: `{"file", "lines": [{"number", "text", "hot"}]}`.

    `hot` marks the line itself. None if the file is not one of the app's: the log comes from a database.
    """
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
    if last - first > MAX_EXCERPT:
        first, last = max(first, line - AROUND), min(last, line + AROUND)
    return max(first, 1), last
