"""The modules of a page, joined to one script: a request costs more than the bytes.

What is read is what lies in `static/js`. Each module becomes a function of its own, called once and in the order of the
imports, so that its names stay its own. For that, imports stand at the head of a module, on one line each, and in no
circle, and what is exported is a function, a class or a constant: a test holds our modules to it.
"""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

SOURCES = Path(__file__).parent / "static" / "js"
EVERY_PAGE = ("strip", "main")
_IMPORT = re.compile(r'^import (?:(\{.+?\}) from )?"\./([a-z_]+)\.js";$', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async )?(?:function\*?|class|const) (\w+))", re.MULTILINE)


@cache
def page_script(name: str) -> str:
    """The script of a page: its module, what every page needs, and all that they import.

    The page's own comes before `main`: it listens before the events come.
    """
    return "".join(_called(module) for module in in_order(*dict.fromkeys((name, *EVERY_PAGE))))


def in_order(*modules: str) -> tuple[str, ...]:
    """These modules and all that they import, each after its imports."""

    def reach(name: str) -> Iterator[str]:
        if name not in seen:
            seen.add(name)
            for _, imported in _IMPORT.findall(_source(name)):
                yield from reach(imported)
            yield name

    seen: set[str] = set()
    return tuple(found for module in modules for found in reach(module))


def _called(name: str) -> str:
    source = _source(name)
    exported = ", ".join(_EXPORT.findall(source))
    body = _EXPORT.sub("", _IMPORT.sub(_taken, source))
    return f"// {name}.js\nconst {name}_js = (() => {{\n{body}return {{ {exported} }};\n}})();\n\n"


def _taken(found: re.Match[str]) -> str:
    names, module = found.groups()
    return f"const {names} = {module}_js;" if names else ""


def _source(name: str) -> str:
    return (SOURCES / f"{name}.js").read_text(encoding="utf-8")
