"""Coloured source code: every character stays, and the words get their kinds."""

from __future__ import annotations

from pathlib import Path

import pytest

from alc_app.pages import source_code
from alc_app.pages.compare.pairs import PAIRS
from alc_app.pages.source_code import CodeLine, colour, outdent, without_links

FILES = sorted({path for pair in PAIRS for path in (pair.theirs_path, pair.ours_path)})


def plain(lines: tuple[CodeLine, ...]) -> str:
    return "\n".join("".join(text for _, text in line) for line in lines)


@pytest.mark.parametrize("file", FILES, ids=[file.name for file in FILES])
def test_colours_change_no_character(file: Path) -> None:
    """Python, TypeScript and GraphQL; what is copied from the page is the file."""
    text = file.read_text()
    assert plain(colour(text, file.name)) == text


def test_words_get_their_kinds() -> None:
    """A docstring is a comment to a reader, and a token over several lines is one on each."""
    first, second, third = colour('def f():\n    """One\n    two."""', "a.py")

    assert first == (("keyword", "def "), ("name", "f"), ("", "():"))
    assert second == (("", "    "), ("comment", '"""One'))
    assert third == (("comment", '    two."""'),)


def test_the_links_of_comments_can_be_left_out() -> None:
    """Only those; no line is lost."""
    text = '# TUTORIAL: it asks\n# no one. [lab answer-lost]\nrows[lab]\n"""\n[story under_way_shown]\n"""'
    assert without_links(text) == '# TUTORIAL: it asks\n# no one.\nrows[lab]\n"""\n\n"""'


def test_a_file_in_another_language_stays_plain() -> None:
    """An excerpt may be of any file."""
    assert colour("a = 1\n\nb", "notes.txt") == ((("", "a = 1"),), (), (("", "b"),))


def test_a_line_is_moved_to_the_left() -> None:
    """An empty one has nothing to lose."""
    assert outdent((("comment", "    two"), ("", " x")), 4) == (("comment", "two"), ("", " x"))
    assert outdent((), 4) == ()


def test_the_style_sheet_has_each_kind() -> None:
    """A kind that it lacks would be plain."""
    sheet = (Path(source_code.__file__).parent / "static/css/code.css").read_text()
    assert all(f".c-{kind} " in sheet for kind in source_code.KINDS.values())
