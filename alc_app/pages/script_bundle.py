"""Join the JavaScript modules of a page into one script, because requests cost more than bytes.

Measured on loopback with an empty cache, ten pages: ready after 158 ms as one script, after 242 ms as native modules
with `modulepreload` (20 requests more).

Each module in `static/js` becomes a function that is called once, in the order of the imports, so its names stay
private. Therefore imports stand at the head of a module, one a line, without renaming and without cycles, and only
functions, classes and constants are exported. Tests check this.
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
    """Return the script of a page: its own module, those that every page needs, and all that these import.

    The page's own module comes before `main`, so that it listens before the first event arrives.
    """
    return "".join(_wrapped(module) for module in in_order(*dict.fromkeys((name, *EVERY_PAGE))))


def in_order(*modules: str) -> tuple[str, ...]:
    """Return these modules and all that they import, each after its imports."""

    def visit(name: str) -> Iterator[str]:
        if name not in seen:
            seen.add(name)
            for _, imported in _IMPORT.findall(_source(name)):
                yield from visit(imported)
            yield name

    seen: set[str] = set()
    return tuple(found for module in modules for found in visit(module))


def _wrapped(name: str) -> str:
    source = _source(name)
    exported = ", ".join(_EXPORT.findall(source))
    body = _EXPORT.sub("", _IMPORT.sub(_destructured, source))
    return f"// {name}.js\nconst {name}_js = (() => {{\n{body}return {{ {exported} }};\n}})();\n\n"


def _destructured(found: re.Match[str]) -> str:
    names, module = found.groups()
    return f"const {names} = {module}_js;" if names else ""


def _source(name: str) -> str:
    return (SOURCES / f"{name}.js").read_text(encoding="utf-8")
