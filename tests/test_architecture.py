"""What import-linter cannot say (its contracts are in pyproject.toml): where the outside is reached, how long things
are, and that names and files agree. Each test names all offenders at once.
"""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from alc_app.app import app as manifest

pytestmark = pytest.mark.xdist_group("sources")
ROOT = Path(__file__).parent.parent
PACKAGES = ("alc_app", "mock_alc")
SOURCES = sorted(
    path for package in PACKAGES for path in (ROOT / package).rglob("*.py") if "examples" not in path.parts
)
"""Examples are code of others: they call what the packages serve, as they like."""
GENERATED = ROOT / "alc_app/runtime/migrations"
"""Alembic's own code: a baseline is as long as there are tables."""
HTTP_CLIENTS = ("alc_app.runtime.http_client", "mock_alc.webhooks.http_client")
READ_THE_ENVIRONMENT = (
    "alc_app.config.settings",
    "alc_app.cli.demo",
    "alc_app.cli.serve",
    "mock_alc.config",
    "mock_alc.commands.cli",
)
REQUESTS_VERBS = {"Session", "session", "request", "get", "post", "put", "patch", "delete", "head", "options"}
ENTRIES_AT_MOST = 24


def test_the_first_look_at_the_app_is_the_tutorials_table_of_contents() -> None:
    """A reader with the tutorial in hand finds each step among few names."""
    for_programs = ("__pycache__", "py.typed")
    entries = sorted(path.name for path in (ROOT / "alc_app").iterdir() if path.name not in for_programs)

    assert len(entries) <= ENTRIES_AT_MOST, entries


def test_requests_is_opened_in_one_place_of_each_package() -> None:
    """There are the deadlines, the size limit and the ban on redirects."""
    others = [path for path in SOURCES if _name(path) not in HTTP_CLIENTS]

    assert not [f"{_name(path)}: requests.{verb}" for path in others for verb in _calls_of_requests(path)]


def test_text_is_read_and_written_in_a_named_encoding() -> None:
    """The locale's own is ASCII in a bare container, and our sources have other signs."""
    unnamed = [
        f"{_name(path)}: {ast.unparse(node)}"
        for path in SOURCES
        for node in _nodes(path, "read_text", "write_text", "fdopen")
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in ("read_text", "write_text", "fdopen")
        and "encoding" not in {keyword.arg for keyword in node.keywords}
    ]

    assert not unnamed


def test_naive_code_is_reached_through_the_labs_only() -> None:
    """Nothing that serves people can come to depend on code that is broken on purpose; and it says what it is."""
    naive, others = ROOT / "alc_app/labs/naive", [path for path in SOURCES if not _is_in(path, "alc_app.labs")]
    unmarked = [
        path.name
        for path in naive.rglob("*.py")
        if path.name not in ("runtime.py", "__main__.py") and not path.read_text().startswith('"""NAIVE, ')
    ]

    assert not [
        _name(path) for path in others if any(module.startswith("alc_app.labs.naive.") for module in _imports(path))
    ]
    assert not unmarked


def test_end_to_end_tests_drive_a_person_and_the_public_surface() -> None:
    """No monkeypatching there, no faked answers, and nothing imported from the packages."""
    wrong = {
        path.name
        for path in (ROOT / "tests/e2e").rglob("*.py")
        if "monkeypatch" in path.read_text()
        or any(module.split(".")[0] in (*PACKAGES, "responses") for module in _imports(path))
    }

    assert not wrong


def test_the_environment_is_read_where_settings_are_made() -> None:
    """Everything else is given its settings, and reads nothing while it is imported."""
    reading = {
        _name(path)
        for path in SOURCES
        for node in _nodes(path, "environ", "getenv")
        if isinstance(node, ast.Attribute) and ast.unparse(node) in ("os.environ", "os.getenv")
    }

    assert not reading - set(READ_THE_ENVIRONMENT)


def test_files_and_functions_are_short() -> None:
    """A file is one idea within 300 lines, a function does one thing within 40."""
    mine = [path for path in SOURCES if not path.is_relative_to(GENERATED)]
    files = {_name(path): lines for path in mine if (lines := len(path.read_text().splitlines())) > 300}
    functions = [f"{_name(path)}.{found}" for path in mine for found in _long_functions(path)]

    assert not files
    assert not functions


def test_each_webhook_and_record_event_of_the_manifest_is_the_file_of_its_name() -> None:
    """Nothing looks for files by name, so a test holds the manifest to them: "record.updated" is record_updated.py."""
    named = {f"alc_app.webhooks.{name}": handler for name, handler in manifest.webhooks.items()}
    events = {event.replace(".", "_").replace("-", "_"): handler for event, handler in manifest.record_events.items()}
    named |= {f"alc_app.record_events.{name}": handler for name, handler in events.items()}

    assert {name: handler.__module__ for name, handler in named.items()} == {name: name for name in named}
    assert [handler.__name__ for handler in named.values()] == [name.rpartition(".")[2] for name in named]


def test_a_docstring_of_a_test_says_more_than_codes() -> None:
    """A code names a requirement; the sentence behind it says which part of it this test shows."""
    bare = re.compile(r'def (test_\w+)\([^"]*?:\n\s+"""(?:[A-Z]\d+(?:, )?)+\.?"""')
    tests = (ROOT / "tests").rglob("test_*.py")

    assert not [f"{path.name}: {name}" for path in tests for name in bare.findall(path.read_text())]


def test_the_unit_tests_mirror_the_packages() -> None:
    """A folder of tests/unit is one of alc_app or mock_alc, so that the tests of a file are found by its path."""
    folders = [path.parent.relative_to(ROOT / "tests/unit") for path in (ROOT / "tests/unit").rglob("test_*.py")]
    strays = {
        str(folder)
        for folder in folders
        if not (ROOT / "alc_app" / folder).is_dir() and not (ROOT / folder).is_dir() and folder.parts[0] != "support"
    }

    assert not strays


def test_the_scripts_are_short_and_go_to_the_root_first() -> None:
    """Five scripts at most, each under 25 lines, each starting where it should."""
    scripts = {script.name: script.read_text() for script in (ROOT / "scripts").iterdir()}

    assert set(scripts) <= {"setup", "demo", "test", "check", "audit", "bench"}
    assert not [name for name, text in scripts.items() if len(text.splitlines()) >= 25]
    assert not [name for name, text in scripts.items() if 'cd "$(dirname "$0")/.."' not in text]


def test_setup_refuses_a_python_that_is_too_old(tmp_path: Path) -> None:
    """In one sentence, and before it makes anything: the stand-in for python3 says no, as an old one would."""
    for name in ("scripts/setup", "pyproject.toml", "requirements.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / "python3").write_text("#!/bin/sh\necho AssertionError >&2\nexit 1\n")
    (tmp_path / "python3").chmod(0o755)

    environment = os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    command = ["sh", str(tmp_path / "scripts/setup")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603 - ours

    said = "setup: python3 must be Python 3.11 or newer, with SQLite 3.35 or newer\n"
    assert (done.returncode, done.stderr, (tmp_path / ".venv").exists()) == (1, said, False)


def test_nothing_names_a_package_index() -> None:
    """D1: the locks carry hashes, and no addresses."""
    for lock in ("requirements.txt", "requirements-test.txt"):
        text = (ROOT / lock).read_text()
        assert "--hash=sha256:" in text
        assert "://" not in text
        assert "index-url" not in text.replace("--no-emit-index-url", "")


def _name(path: Path) -> str:
    """Return the module that a file is."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _is_in(path: Path, room: str) -> bool:
    return f"{_name(path)}.".startswith(f"{room}.")


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module or ''}.{alias.name}" for alias in node.names)


def _calls_of_requests(path: Path) -> set[str]:
    calls = [node.func for node in _nodes(path, "requests") if isinstance(node, ast.Call)]
    return REQUESTS_VERBS & {
        call.attr
        for call in calls
        if isinstance(call, ast.Attribute) and isinstance(call.value, ast.Name) and call.value.id == "requests"
    }


def _long_functions(path: Path) -> Iterator[str]:
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or 0) - node.lineno + 1
            has_inner = sum(isinstance(inner, ast.FunctionDef) for inner in ast.walk(node)) > 1
            if lines > (70 if has_inner or node.name == "on_trigger" else 40):
                yield f"{node.name}: {lines} lines"


def _nodes(path: Path, *words: str) -> Iterator[ast.AST]:
    """Yield the nodes of a file that has one of these words; most have none, and are not parsed."""
    return ast.walk(_tree(path)) if any(word in path.read_text() for word in words) else iter(())


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text())
