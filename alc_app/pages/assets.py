"""The blueprint's frame: templates and static files, served under a path that changes with their content.

What every page needs is one style sheet and `main.js`; a page names what it needs beside that (`page_assets`).
"""

import gzip
import hashlib
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from flask import Blueprint, Response, abort, request

from .sequence import PARTICIPANTS
from .workspace import Workspace

STATIC = Path(__file__).parent / "static"
FOR_EVER = f"public, max-age={365 * 24 * 60 * 60}"
"""A changed asset has another address."""
KINDS = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
EVERYWHERE = ("tokens", "base", "layout", "parts", "record", "install", "sequence", "overlays")
"""The sheets of every page, in one file: a request costs more than the bytes that a page does not use."""
_IMPORT = re.compile(r'^import .*?"\./([a-z_]+\.js)";$', re.MULTILINE)


class Face(Blueprint):
    """The blueprint of the pages; modules import each other by relative path, so they share the version."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(
            "pages",
            __name__,
            template_folder="templates",
            static_folder="static",
            static_url_path=f"/assets/{content_version()}",
        )
        participants = PARTICIPANTS if workspace.notes_exchanges else ()
        shared = {"workspace": workspace, "participants": participants, "modules_of": modules_of}
        self.app_context_processor(lambda: shared)

    def send_static_file(self, filename: str) -> Response:
        """Send a file, small where the browser takes it so. Only files are: a page with a token in it never is."""
        small = request.accept_encodings["gzip"] > 0
        body = _packed(filename) if small else _plain(filename)
        response = Response(body, content_type=KINDS[Path(filename).suffix])
        response.headers.update({"Vary": "Accept-Encoding", "Cache-Control": FOR_EVER})
        if small:
            response.headers["Content-Encoding"] = "gzip"
        return response


@cache
def modules_of(*entries: str) -> tuple[str, ...]:
    """Every module that these load, themselves included: the browser can fetch them all at once."""

    def reach(name: str, seen: set[str]) -> Iterator[str]:
        if name not in seen:
            seen.add(name)
            yield name
            for imported in _IMPORT.findall((STATIC / "js" / name).read_text(encoding="utf-8")):
                yield from reach(imported, seen)

    seen: set[str] = set()
    return tuple(found for entry in entries for found in reach(entry, seen))


def content_version() -> str:
    """Return a short digest over every static file."""
    digest = hashlib.sha256()
    for path in sorted(STATIC.rglob("*.*")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


@cache
def _plain(filename: str) -> bytes:
    """A file of ours, or the sheets of every page. Raises: NotFound."""
    if filename == "css/face.css":
        return b"".join((STATIC / "css" / f"{sheet}.css").read_bytes() for sheet in EVERYWHERE)
    path = (STATIC / filename).resolve()
    if not path.is_relative_to(STATIC) or not path.is_file() or path.suffix not in KINDS:
        abort(404)
    return path.read_bytes()


@cache
def _packed(filename: str) -> bytes:
    return gzip.compress(_plain(filename), mtime=0)
