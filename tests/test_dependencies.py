"""Dependencies and lint gates: each says what it is for, and an audit that saw nothing has not passed."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROJECT = (ROOT / "pyproject.toml").read_text()
DEPENDENCIES = PROJECT.partition("dependencies = [")[2].partition("\n]")[0]
SECURITY_RULE = re.compile(r"# noqa:[^#]*\bS\d+(?P<reason>.*)")


def test_every_dependency_says_why_it_is_there() -> None:
    """D1: fixed by the task, or each made for one job."""
    fixed, _, chosen = DEPENDENCIES.partition("# Each made for one job.")

    assert len(re.findall(r'^    "', fixed, re.MULTILINE)) == 4
    rows = [line for line in chosen.splitlines() if line.startswith('    "')]
    assert rows
    assert not [row for row in rows if not re.search(r"# \S", row)]


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
        (NOTHING, "", 0, "NOT audited, the list of known vulnerabilities could not be asked: ERROR:pip_audit"),
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
