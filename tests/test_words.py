"""The words of the house (CONTRIBUTING.md, "Words"): a string that a person reads has none of these phrases."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
INSTEAD = {
    r"\banew\b": "again",
    r"\balso for days\b": "even if it waits for days",
    r"\bholds (?:nothing|no)\b": "contains no …",
    r"\bis with the doctor\b": "appears in Doctor",
    r"\b(?:is|are|was|were|be|been|being) told\b": "who tells whom: ALC reports …",
    r"\btells? of\b|\btold of\b": "report",
    r"\bbrings? home\b": "return",
    r"\bhas done it\b": "name what has finished",
    r"(?:^|[.:] )One (?:that|who)\b": "name the thing: a run that …",
    r"\b(?:nobody|somebody|anybody|everybody)\b": "no one, someone, anyone, everyone; or name the person",
    r"\bwho(?:m|so)?ever\b": "name the person",
    r"\b(?:is|are|was) at it\b": "is working on it",
    r"\bc[oa]me to nothing\b": "failed",
    r"\bwhat (?:came|comes|becomes?|became) of\b": "the result",
    r"\bto the letter\b": "exactly",
    r"\bcannot be asked\b": "cannot be reached",
    r"\bnot at hand\b": "missing",
    r"(?<!instead of )(?<!before )(?<!after )\bverdicts?\b": "result",  # "instead of verdict" is a place in a story
    r"\b(?:an|each|every|of|log of|keeps) exchanges?\b": "request",
    r"\bmend(?:s|ed|ing)?\b": "fix, repair",
    r"\bought\b": "should",
}
"""Phrases that need reading twice, as regular expressions, and what to say instead."""

OURS = ("alc_app/", "mock_alc/", "README.md", "CONTRIBUTING.md")
NOT_OURS = ("alc_app/labs/naive/", "alc_app/mock_attio/api/operations.json")
"""The tutorial's own code, and Attio's own words."""
UNREAD = {
    ".html": re.compile(r"\{#.*?#\}|\{[%{].*?[%}]\}|<[^<>]*?>", re.DOTALL),
    ".md": re.compile(r"```.*?```|`[^`\n]*`|\]\([^)\s]*\)", re.DOTALL),
    ".yaml": re.compile(r"^\s*#.*", re.MULTILINE),
}
"""What a person does not read, by the kind of file: comments, markup, and code in prose."""
STRING_OF_SCRIPT = re.compile(r"""/\*.*?\*/|(?<!:)//[^\n]*|("[^"\n]*"|'[^'\n]*'|`[^`]*`)""", re.DOTALL)
PHRASE = re.compile("|".join(f"(?P<n{number}>{phrase})" for number, phrase in enumerate(INSTEAD)), re.IGNORECASE)


def visible_strings(root: Path) -> Iterator[tuple[str, str]]:
    """Yield each text that a person may read, with its place, `file:line`."""
    ours = [path for room in OURS for path in ((root / room).rglob("*") if room.endswith("/") else [root / room])]
    for path in sorted(path for path in ours if path.is_file()):
        name = path.relative_to(root).as_posix()
        if name.startswith(NOT_OURS) or "/migrations/" in name:
            continue
        if path.suffix == ".py":
            yield from _strings_of_python(name, path.read_text())
        elif path.suffix == ".js":
            yield from _strings_of_script(name, path.read_text())
        elif path.suffix in UNREAD:
            read = UNREAD[path.suffix].sub(lambda unread: "\n" * unread[0].count("\n"), path.read_text())
            yield from ((f"{name}:{number}", line) for number, line in enumerate(read.splitlines(), 1))


def _strings_of_python(name: str, source: str) -> Iterator[tuple[str, str]]:
    """Yield the strings of a module, without docstrings: only a command's docstring is shown, as its help."""
    tree = ast.parse(source)
    unread = set()
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list) and not _is_command(node):
            unread |= {one.value for one in body if isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant)}
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and _is_said(node.value)
            and node not in unread
        ):
            yield f"{name}:{node.lineno}", " ".join(node.value.split())


def _is_said(text: str) -> bool:
    """Return whether a person may read a string: it has several words, or one that begins as a sentence does."""
    return " " in text or text.istitle()


def _strings_of_script(name: str, source: str) -> Iterator[tuple[str, str]]:
    """Yield the strings of a script that a person may read."""
    for found in STRING_OF_SCRIPT.finditer(source):
        if _is_said((found[1] or "")[1:-1]):
            yield f"{name}:{source.count(chr(10), 0, found.start()) + 1}", found[1]


def _is_command(node: ast.AST) -> bool:
    """Return whether a node is a function with a decorator of click."""
    decorators = node.decorator_list if isinstance(node, ast.FunctionDef) else []
    return any(re.search(r"\b(?:command|group)\b", ast.unparse(decorator)) for decorator in decorators)


def banned(root: Path) -> list[str]:
    """Return a line for each phrase to be replaced: its place, the text around it, and what to say."""
    remedies = {f"n{number}": instead for number, instead in enumerate(INSTEAD.values())}
    return [
        f"{place}: “{text[max(0, found.start() - 40) : found.end() + 40].strip()}” → {remedies[str(found.lastgroup)]}"
        for place, text in visible_strings(root)
        for found in PHRASE.finditer(text)
    ]


def test_no_string_that_a_person_reads_has_a_phrase_of_the_list() -> None:
    """UI, commands, errors and READMEs say it plainly; a hit names its file, its line and the word to use."""
    hits = banned(ROOT)
    assert not hits, "\n".join([f"{len(hits)} phrases to replace:", *hits])


def test_a_phrase_is_found_with_its_place_in_each_kind_of_file(tmp_path: Path) -> None:
    """Strings, a command's help, templates, scripts and prose are read; docstrings, comments and code are not."""
    files = {
        "alc_app/a.py": '"""Sealed anew."""\nSAID = f"It is {1} sealed anew."\nWHO, NAME = "Somebody", "verdict"\n',
        "mock_alc/b.py": '@main.command()\ndef do() -> None:\n    """Ask anew."""\n',
        "alc_app/c.html": "{# anew #}\n<p title=x>Ask\nanew</p>\n",
        "alc_app/d.js": '// anew\nconst SAID = "Asked anew.";\n',
        "alc_app/README.md": "`anew`\n\nAsked anew.\n",
        "mock_alc/e.yaml": "# anew\nsummary: Ask anew.\n",
        "tests/f.py": 'SAID = "asked anew"\n',
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)

    assert [hit.partition(": ")[0] for hit in banned(tmp_path)] == [
        "alc_app/README.md:3",
        "alc_app/a.py:2",
        "alc_app/a.py:3",
        "alc_app/c.html:3",
        "alc_app/d.js:2",
        "mock_alc/b.py:3",
        "mock_alc/e.yaml:2",
    ]
