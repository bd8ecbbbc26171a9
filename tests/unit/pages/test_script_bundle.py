"""The script of a page: our modules, joined as the browser would load them one by one."""

from __future__ import annotations

import re

import pytest

from alc_app.pages.script_bundle import SOURCES, in_order, page_script

MODULES = sorted(path.stem for path in SOURCES.glob("*.js"))
HEAD = re.compile(r'(?:import (?:\{ \w+(?:, \w+)* \} from )?"\./[a-z_]+\.js";\n)*')


@pytest.mark.parametrize("name", MODULES)
def test_a_module_can_be_joined(name: str) -> None:
    """Imports at its head, one a line, not renamed; it exports functions, classes and constants; it waits nowhere."""
    source = (SOURCES / f"{name}.js").read_text()

    body = source[HEAD.match(source).end() :]  # type: ignore[union-attr]  # it matches nothing at all, too
    assert not re.search(r"^\s*import\b|\bimport\(|^(?:const .*)?await\b|^export (?:let|var|default|\{|\*)", body, re.M)


@pytest.mark.parametrize("name", MODULES)
def test_each_module_comes_once_and_after_what_it_imports(name: str) -> None:
    """There is no circle."""
    order = in_order(name, "main")

    assert len(set(order)) == len(order)
    for place, module in enumerate(order):
        imported = set(re.findall(r'^import .*"\./([a-z_]+)\.js"', (SOURCES / f"{module}.js").read_text(), re.M))
        assert imported <= set(order[:place])


def test_the_script_of_a_page_has_its_own_module_before_main() -> None:
    """It listens before the events come."""
    script = page_script("inspector")

    assert script.index("// inspector.js\n") < script.index("// main.js\n")
    assert "// doctor.js\n" not in script
    assert not re.search(r"^(?:import|export)\b", script, re.MULTILINE)


def test_what_a_module_exports_is_what_others_take() -> None:
    """By its name, and nothing else of it can be seen."""
    script = page_script("main")

    assert "const { meta } = dom_js;\nconst { idle } = idle_js;\nconst { follow } = live_js;" in script
    assert "return { copy, fill, announce, meta, pause, alone };" in script
