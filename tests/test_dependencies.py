"""Dependencies and lint gates: each says what it is for, and an audit that saw nothing has not passed."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROJECT = (ROOT / "pyproject.toml").read_text()
DEPENDENCIES = tomllib.loads(PROJECT)["project"]["dependencies"]
FIXED = ["flask", "requests", "authlib", "sqlmodel"]
MODULES = {"flask-wtf": "flask_wtf", "pyyaml": "yaml"}
COME_WITH_THEM = {"click", "jinja2", "werkzeug", "urllib3", "pydantic", "sqlalchemy"}
"""Flask is made of the first three, requests of the fourth, SQLModel of the others."""
SECURITY_RULE = re.compile(r"# noqa:[^#]*\bS\d+(?P<reason>.*)")


def test_every_dependency_says_why_it_is_there() -> None:
    """D1: fixed by the task, or each made for one job."""
    lists = PROJECT.partition("dependencies = [")[2].partition("[project.scripts]")[0]
    unexplained = [line.strip(' ",') for line in lists.splitlines() if line.startswith('    "') and "# " not in line]

    assert [re.split(r"\W", name)[0] for name in unexplained] == [*FIXED, "pytest"]


def test_the_package_brings_what_mock_alc_imports() -> None:
    """D1: each is a dependency that it names, or one that comes with it by its nature; what only tests need is not."""
    files = [path for path in (ROOT / "mock_alc").rglob("*.py") if "examples" not in path.parts]
    imported = {name for path in files for name in _imported(path)} - set(sys.stdlib_module_names) - {"mock_alc"}
    brought = {MODULES.get(name := re.split(r"[>=<]", each)[0], name) for each in DEPENDENCIES}

    assert brought <= imported
    assert imported - brought == COME_WITH_THEM | {"pytest", "responses"}


@pytest.mark.parametrize("lock", sorted(ROOT.glob("requirements*.txt")), ids=lambda lock: lock.name)
def test_a_lock_is_made_by_a_command_that_anybody_can_repeat(lock: Path) -> None:
    """D1: its first lines give the command, which names no path of one machine."""
    command = lock.read_text().partition("\nalembic==")[0]

    assert "uv pip compile" in command
    assert not re.findall(r"[\s=](/\S+)", command)


def test_every_exception_from_a_security_rule_says_why() -> None:
    """D2: on the same line, after the rule."""
    files = [path for room in ("alc_app", "mock_alc", "tests") for path in (ROOT / room).rglob("*.py")]
    found = [
        (f"{path.relative_to(ROOT)}:{number}", exception["reason"])
        for path in files
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if (exception := SECURITY_RULE.search(line)) and path != Path(__file__)
    ]

    assert len(found) > 20
    assert not [place for place, reason in found if not re.search(r"[-(] ?\w", reason)]


def test_the_gates_are_named_and_run() -> None:
    """D2: ruff with these families of rules, and mypy as strict as it is."""
    rules = set(re.findall(r'"(\w+)"', PROJECT.partition("\nselect = [")[2].partition("]")[0]))
    check = (ROOT / "scripts" / "check").read_text()

    assert {"S", "B", "DTZ", "PL"} <= rules
    assert "strict = true" in PROJECT.partition("[tool.mypy]")[2].partition("\n[")[0]
    for gate in ("ruff format --check", "ruff check", "mypy", "lint-imports", "vulture", "scripts/audit"):
        assert gate in check


NOTHING = 'echo "ERROR:pip_audit._cli:flask: Dependency not found and could not be audited" >&2; exit 1'
SOMETHING = 'echo "Found 1 known vulnerability in 1 package" >&2; echo "flask 3.0 GHSA-0 3.1"; exit 1'
ALL_IS_WELL = 'echo "No known vulnerabilities found" >&2'


@pytest.mark.parametrize(
    ("answer", "required", "code", "said"),
    [
        (ALL_IS_WELL, "", 0, "no locked package has a known vulnerability"),
        (SOMETHING, "", 1, "flask 3.0 GHSA-0 3.1"),
        (NOTHING, "", 0, "NOT audited, because the vulnerability list could not be reached: ERROR:pip_audit"),
        (NOTHING, "required", 1, "NOT audited"),
    ],
)
def test_an_audit_that_saw_nothing_has_not_passed(
    tmp_path: Path, answer: str, required: str, code: int, said: str
) -> None:
    """D4: it is said in as many words, and fails where an audit is required."""
    (tmp_path / "scripts").mkdir()
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    audit = shutil.copy(ROOT / "scripts" / "audit", tmp_path / "scripts" / "audit")
    tool = tmp_path / ".venv" / "bin" / "pip-audit"
    tool.write_text(f"#!/bin/sh\n{answer}\n")
    tool.chmod(0o755)

    done = subprocess.run(  # noqa: S603 - our own script
        ["/bin/sh", audit], env={**os.environ, "AUDIT": required}, capture_output=True, text=True, check=False
    )

    assert done.returncode == code, done.stderr
    assert said in done.stdout


def _imported(path: Path) -> Iterator[str]:
    """Yield the first part of the name of each module that a file imports."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.partition(".")[0]
