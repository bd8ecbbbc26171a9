"""Colour source code for the pages: Pygments reads it, and the style sheet colours a few kinds of words."""

from __future__ import annotations

import re
from functools import cache
from pathlib import PurePath
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pygments.token import _TokenType

Piece = tuple[str, str]
"""A kind (empty for plain text), and the text: the page writes `<span class="c-KIND">text</span>`."""
CodeLine = tuple[Piece, ...]

LINK: Final = re.compile(r" ?\[(lab|story|step|docs) ([\w/-]+)\]")
"""The end of a `TUTORIAL:` comment: what shows it. Compare makes a link of it."""
LEXERS: Final = {".py": "python", ".ts": "typescript", ".graphql": "graphql"}
KINDS: Final = {
    "Comment": "comment",
    "Literal.String.Doc": "comment",
    "Literal.String": "string",
    "Literal": "number",
    "Keyword": "keyword",
    "Operator.Word": "keyword",
    "Name.Decorator": "name",
    "Name.Function": "name",
    "Name.Class": "name",
}
"""Kinds by Pygments' name of the token or of the nearest one above it."""


@cache
def colour(text: str, file: str) -> tuple[CodeLine, ...]:
    """Split source code into lines of coloured pieces. The ending of `file` names the language; others stay plain."""
    language = LEXERS.get(PurePath(file).suffix)
    if language is None:
        return tuple(((("", line),) if line else ()) for line in text.split("\n"))
    from pygments import lex  # late: pages without code need none of it
    from pygments.lexers import get_lexer_by_name

    lines: list[list[Piece]] = [[]]
    for token, value in lex(text, get_lexer_by_name(language, stripnl=False, ensurenl=False)):
        for number, part in enumerate(value.split("\n")):
            if number:
                lines.append([])
            if part:
                _append(lines[-1], _kind(token), part)
    return tuple(map(tuple, lines))


def without_links(text: str) -> str:
    """Return source code without the links of its `TUTORIAL:` comments, which a page cannot follow. No line is lost."""
    return LINK.sub("", text)


def outdent(line: CodeLine, width: int) -> CodeLine:
    """Return a line without its first `width` characters, which are space."""
    return ((line[0][0], line[0][1][width:]), *line[1:]) if line else ()


def _append(line: list[Piece], kind: str, text: str) -> None:
    """Add a piece; one of the same kind as the last one is joined with it, as is space."""
    if line and (line[-1][0] == kind or not text.strip()):
        line[-1] = (line[-1][0], line[-1][1] + text)
    else:
        line.append((kind, text))


def _kind(token: _TokenType) -> str:
    for above in reversed(token.split()):
        if found := KINDS.get(str(above).removeprefix("Token.")):
            return found
    return ""
