"""The script of a page: its modules, joined into one file."""

from __future__ import annotations

import re

from alc_app.pages.script_bundle import SOURCES, in_order, page_script

MODULES = sorted(path.stem for path in SOURCES.glob("*.js"))
HEAD = re.compile(r'(?:import (?:\{ \w+(?:, \w+)* \} from )?"\./[a-z_]+\.js";\n)*')


def test_every_module_can_be_joined() -> None:
    """Imports at its head, one a line, not renamed; it exports functions, classes and constants; it waits nowhere."""
    forbidden = re.compile(
        r"^\s*import\b|\bimport\(|^(?:const .*)?await\b|^export (?:let|var|default|\{|\*)", re.MULTILINE
    )
    sources = {name: (SOURCES / f"{name}.js").read_text() for name in MODULES}

    assert not [name for name, source in sources.items() if forbidden.search(HEAD.sub("", source, count=1))]


def test_each_module_comes_once_and_after_what_it_imports() -> None:
    """There is no cycle."""
    order = in_order(*MODULES)

    assert sorted(order) == MODULES
    for place, module in enumerate(order):
        imported = set(re.findall(r'^import .*"\./([a-z_]+)\.js"', (SOURCES / f"{module}.js").read_text(), re.M))
        assert imported <= set(order[:place]), module


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
    assert "return { copy, fill, announce, copyText, meta, pause, singleFlight };" in script
