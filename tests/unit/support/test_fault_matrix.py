"""The failpoints in the code are those of the fault matrix, and the reverse."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.support.chaos.fault_matrix import EVERYWHERE, MATRIX, around

SOURCES = sorted((Path(__file__).parents[3] / "alc_app").rglob("*.py"))
STEPS = ("step", "repeatable")


def places_in_the_code() -> Iterator[str]:
    """Yield every `failpoint("…")`, and both failpoints of every step."""
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef) and any(ast.unparse(mark) in STEPS for mark in node.decorator_list):
                yield from around(node.name)
            elif isinstance(node, ast.Call) and node.args and isinstance(name := node.args[0], ast.Constant):
                called = ast.unparse(node.func)
                if called == "failpoint":
                    yield str(name.value)
                elif called.endswith("step"):
                    yield from around(str(name.value))


def test_the_places_in_the_code_are_those_of_the_matrix() -> None:
    """A new step needs a row in the matrix, or no test would kill a process there."""
    assert set(places_in_the_code()) == EVERYWHERE


def test_each_place_belongs_to_one_row() -> None:
    """So that a failing kill test names the row that it breaks."""
    assert sum(len(places) for places in MATRIX.values()) == len(EVERYWHERE)
