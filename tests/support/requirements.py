"""Find where requirements are cited. `python -m tests.support.requirements` updates the tests in the list."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
LIST = ROOT / "tests" / "requirements.yaml"
FILL = "python -m tests.support.requirements"
LETTERS = "OARWUCDI"
ROOMS = ("alc_app", "mock_alc", "tests")
CITED = re.compile(rf"\b([{LETTERS}])([1-9]\d?)(?:(?:[-–]| to )\1([1-9]\d?))?\b")
REMARKS = {
    ".js": re.compile(r"(?<![:\"'`])//.*|/\*[\s\S]*?\*/"),
    ".html": re.compile(r"\{#[\s\S]*?#\}|<!--[\s\S]*?-->"),
    ".md": re.compile(r".+"),
}


def codes(text: str) -> set[str]:
    """Return the requirement codes in a text; a range such as C1-C3 stands for each of them."""
    return {f"{m[1]}{n}" for m in CITED.finditer(text) for n in range(int(m[2]), int(m[3] or m[2]) + 1)}


def remarks(path: Path) -> Iterator[str]:
    """Yield the comments and docstrings of a source file, or each line of a text. Files without a code are left out."""
    source = path.read_text()
    if not CITED.search(source):
        return
    if path.suffix != ".py":
        yield from REMARKS[path.suffix].findall(source)
        return
    if any(CITED.search(line.partition("#")[2]) for line in source.splitlines()):  # tokenizing takes long
        tokens = tokenize.generate_tokens(io.StringIO(source).readline)
        yield from (token.string for token in tokens if token.type == tokenize.COMMENT)
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield node.value.value


def sources() -> list[Path]:
    """Return every file that may cite a requirement."""
    kinds = {".py", *REMARKS}
    return sorted(path for room in ROOMS for path in (ROOT / room).rglob("*") if path.suffix in kinds)


@cache
def every_test() -> dict[str, str]:
    """Return the docstring of every test by its pytest id."""
    found: dict[str, str] = {}
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        _collect(ast.parse(path.read_text()).body, path.relative_to(ROOT).as_posix(), found)
    return found


def _collect(body: list[ast.stmt], prefix: str, found: dict[str, str]) -> None:
    for node in body:
        if isinstance(node, ast.ClassDef) and node.name.startswith("Test"):
            _collect(node.body, f"{prefix}::{node.name}", found)
        elif isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            found[f"{prefix}::{node.name}"] = ast.get_docstring(node) or ""


def filled(text: str) -> str:
    """Return the list with the tests that cite each row's code, in the order of their files."""
    cited = {name: codes(docstring) for name, docstring in every_test().items()}
    code, lines = "", list[str]()
    for line in text.splitlines():
        if line[:1].isalpha():
            code = line.partition(":")[0]
        if line.startswith("  tests:"):
            entries = [f"    - {name}" for name in cited if code in cited[name]]
            lines += ["  tests:" if entries else "  tests: []", *entries]
        elif not line.startswith("    - "):
            lines.append(line)
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    LIST.write_text(filled(LIST.read_text()))
