"""The house holds together: who may import whom, where the outside is reached, how long things are."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from alc_app.app import app as manifest

ROOT = Path(__file__).parent.parent
PACKAGES = ("alc_app", "mock_alc")
SOURCES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
APP_FILES = [
    "alc_app.app",
    "alc_app.blocks",
    "alc_app.connectors",
    "alc_app.events",
    "alc_app.extensions",
    "alc_app.record_events",
    "alc_app.send_to_alc_record_action",
    "alc_app.send_to_alc_server",
    "alc_app.settings",
    "alc_app.webhooks",
]
DOORS = ["alc_app.clients", "alc_app.leads", "alc_app.record_events.subscription_rows"]
LABS = ["alc_app.labs", "alc_app.labs.naive"]
"""Break it: the naive code, and the glue that plays it against ours."""
HARNESS = ("alc_app.labs.naive.runtime", "alc_app.labs.naive.__main__")
"""What runs the naive code; the rest of its room is the tutorial's text."""
ENTRANCES = ["alc_app.cli.serve"]
"""The command line's processes: they may start the stand-in, as they may start anything."""
VERBS = {"Session", "session", "request", "get", "post", "put", "patch", "delete", "head", "options"}


def name_of(path: Path) -> str:
    """The module that a file is."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports_of(path: Path) -> Iterator[str]:
    """Every module that a file imports, anywhere in it; of `from a import b`, both `a` and `a.b`."""
    package = path.relative_to(ROOT).parts[:-1]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package[: len(package) - node.level + 1]) if node.level else ""
            module = ".".join(part for part in (base, node.module or "") if part)
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)


def within(module: str, rooms: list[str]) -> bool:
    """Is the module one of these, or in one of these packages?"""
    return any(module == room or module.startswith(f"{room}.") for room in rooms)


def ours(path: Path) -> Iterator[str]:
    """The modules of ours that a file imports."""
    return (module for module in imports_of(path) if within(module, list(PACKAGES)))


def files_in(rooms: list[str]) -> list[Path]:
    """The files of some rooms."""
    return [path for path in SOURCES if within(name_of(path), rooms)]


@pytest.mark.parametrize("path", [p for p in files_in(APP_FILES) if not within(name_of(p), DOORS)], ids=name_of)
def test_app_files_know_the_sdk_the_doors_and_each_other(path: Path) -> None:
    """Rule 1: no flask, no sqlmodel, no requests; the standard library, `alc_app.attio`, the doors, the story."""
    for module in imports_of(path):
        standard = module.split(".")[0] in sys.stdlib_module_names
        known = module == "alc_app" or within(module, [*APP_FILES, *DOORS, "alc_app.attio"])
        assert standard or known, f"{path} imports {module}"


@pytest.mark.parametrize("path", files_in(["alc_app.attio"]), ids=name_of)
def test_the_sdk_surface_imports_nothing_of_ours(path: Path) -> None:
    """Rule 2: an app could be moved to another runtime, and take the surface along."""
    assert all(within(module, ["alc_app.attio"]) for module in ours(path)), list(ours(path))


@pytest.mark.parametrize("path", files_in(["alc_app.runtime", "alc_app.pages"]), ids=name_of)
def test_the_runtime_and_the_pages_are_handed_the_app_and_never_import_it(path: Path) -> None:
    """Rule 2: they know the surface; what the app does comes to them as the manifest."""
    assert not [module for module in ours(path) if within(module, [*APP_FILES, *DOORS, *LABS, "alc_app.web.workspace"])]


@pytest.mark.parametrize("path", files_in(["alc_app.labs.naive"]), ids=name_of)
def test_naive_code_has_the_sdk_surface_and_nothing_of_ours_that_makes_it_safe(path: Path) -> None:
    """And says in its first word what it is. Its harness opens no request by itself, and asks whether it may run."""
    harness = ["alc_app.runtime.http_client", "alc_app.config.settings"] if name_of(path) in HARNESS else []
    for module in ours(path):
        assert module in ("alc_app", "alc_app.runtime") or within(
            module, ["alc_app.attio", "alc_app.labs.naive", *harness]
        )
    if not harness:
        assert path.read_text().startswith('"""NAIVE, ')


@pytest.mark.parametrize("path", [p for p in SOURCES if not within(name_of(p), LABS)], ids=name_of)
def test_naive_code_is_reached_through_the_labs_and_they_by_whoever_joins_the_rooms(path: Path) -> None:
    """Nothing that serves people can come to lean on code that is broken on purpose."""
    if name_of(path) != "alc_app.web.factory":
        assert not [module for module in ours(path) if within(module, LABS)]


@pytest.mark.parametrize("path", [p for p in SOURCES if not within(name_of(p), ["alc_app.mock_attio"])], ids=name_of)
def test_the_stand_in_is_reached_over_http_only(path: Path) -> None:
    """Rule 3: nothing imports it but the command that starts it."""
    if within(name_of(path), ENTRANCES):
        return
    assert not [module for module in ours(path) if within(module, ["alc_app.mock_attio"])]


@pytest.mark.parametrize("path", files_in(["alc_app.mock_attio"]), ids=name_of)
def test_the_stand_in_knows_the_shared_executor_and_nothing_else_of_the_house(path: Path) -> None:
    """Rule 3: it could be unplugged."""
    assert all(within(module, ["alc_app.mock_attio", "alc_app.attio"]) for module in ours(path)), list(ours(path))


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_the_app_and_the_mock_meet_on_the_wire(path: Path) -> None:
    """Rule 4: `alc_app` and `mock_alc` never import each other."""
    own = path.relative_to(ROOT).parts[0]
    assert all(module.split(".")[0] == own for module in ours(path))


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_requests_is_opened_in_one_place_of_each_package(path: Path) -> None:
    """Rule 5: the session factory, with its deadlines, its cap and no redirects."""
    if name_of(path) in ("alc_app.runtime.http_client", "mock_alc.webhooks.http_client"):
        return
    calls = [node.func for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
    opened = [
        call.attr
        for call in calls
        if isinstance(call, ast.Attribute) and isinstance(call.value, ast.Name) and call.value.id == "requests"
    ]
    assert not VERBS & set(opened), f"{path} opens requests by itself"


@pytest.mark.parametrize("path", sorted((ROOT / "tests/e2e").glob("*.py")), ids=lambda path: path.name)
def test_end_to_end_tests_drive_a_person_and_the_public_surface(path: Path) -> None:
    """Rule 6: no monkeypatching there, no faked answers, nothing from inside the house."""
    assert not list(ours(path))
    assert "responses" not in imports_of(path)
    assert "monkeypatch" not in path.read_text()


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_the_environment_is_read_where_settings_are_made(path: Path) -> None:
    """Habit 4: factories take a config; nothing reads the environment while it is imported."""
    may = (
        "alc_app.config.settings",
        "alc_app.cli.demo",
        "alc_app.cli.serve",
        "mock_alc.config",
        "mock_alc.commands.cli",
    )
    reads = any(
        isinstance(node, ast.Attribute) and ast.unparse(node) in ("os.environ", "os.getenv")
        for node in ast.walk(_tree(path))
    )
    assert not reads or name_of(path) in may


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_files_and_functions_are_short(path: Path) -> None:
    """Habit 5: a file is one idea within 300 lines, a function does one thing within 40."""
    assert len(path.read_text().splitlines()) <= 300
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or 0) - node.lineno + 1
            nested = sum(isinstance(inner, ast.FunctionDef) for inner in ast.walk(node)) > 1
            assert lines <= (70 if nested or node.name == "on_trigger" else 40), f"{node.name}: {lines} lines"


def test_each_webhook_of_the_manifest_is_the_file_of_its_name() -> None:
    """Habit 2: nothing looks for files by their name, so a test holds the manifest to them."""
    for file_name, handler in manifest.webhooks.items():
        assert handler.__module__ == f"alc_app.webhooks.{file_name}"
        assert handler.__name__ == file_name


def test_each_record_event_of_the_manifest_is_the_file_of_its_name() -> None:
    """Habit 2: "record.updated" is handled by record_updated in record_events/record_updated.py."""
    for event_type, handler in manifest.record_events.items():
        name = event_type.replace(".", "_").replace("-", "_")
        assert (handler.__module__, handler.__name__) == (f"alc_app.record_events.{name}", name)


def test_the_scripts_are_short_and_go_to_the_root_first() -> None:
    """Five scripts at most, each under 25 lines, each starting where it should."""
    scripts = sorted((ROOT / "scripts").iterdir())
    assert {script.name for script in scripts} <= {"setup", "demo", "test", "check", "bench"}
    for script in scripts:
        text = script.read_text()
        assert len(text.splitlines()) < 25, script
        assert 'cd "$(dirname "$0")/.."' in text, script


def test_nothing_names_a_package_index() -> None:
    """D1: the locks carry hashes, and no addresses."""
    for lock in ("requirements.txt", "requirements-test.txt"):
        text = (ROOT / lock).read_text()
        assert "--hash=sha256:" in text
        assert "://" not in text
        assert "index-url" not in text.replace("--no-emit-index-url", "")


def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text())
