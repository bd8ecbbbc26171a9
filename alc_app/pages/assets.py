"""The blueprint's frame: templates and static files, served under a path that changes with their content.

What every page needs is one style sheet and one script; a page names what it needs beside that (`sheet`, `script`).
"""

import gzip
import hashlib
import re
from functools import cache
from pathlib import Path

from flask import Blueprint, Response, abort, request

from . import script_bundle
from .sequence import PARTICIPANTS
from .workspace import Workspace

STATIC = Path(__file__).parent / "static"
FOR_EVER = f"public, max-age={365 * 24 * 60 * 60}"
"""A changed asset has another address."""
KINDS = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
EVERYWHERE = ("tokens", "base", "layout", "parts", "record", "install", "sequence", "overlays")
"""The sheets of every page, in one file: a request costs more than the bytes that a page does not use."""

_PAGE_SCRIPT = re.compile(r"js/([a-z_]+)\.page\.js")


class Face(Blueprint):
    """The blueprint of the pages; they share one version, which is in their path."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(
            "pages",
            __name__,
            template_folder="templates",
            static_folder="static",
            static_url_path=f"/assets/{content_version()}",
        )
        participants = PARTICIPANTS if workspace.notes_exchanges else ()
        shared = {"workspace": workspace, "participants": participants}
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


def content_version() -> str:
    """Return a short digest over every static file, and over how they are joined."""
    digest = hashlib.sha256()
    for path in (*sorted(STATIC.rglob("*.*")), Path(__file__), Path(script_bundle.__file__)):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


@cache
def _files() -> frozenset[str]:
    """What there is to send: nothing else is ever opened, whatever an address says."""
    return frozenset(path.relative_to(STATIC).as_posix() for kind in KINDS for path in STATIC.rglob(f"*{kind}"))


@cache
def _plain(filename: str) -> bytes:
    """A file of ours, the sheets of every page, or the script of a page. Raises: NotFound."""
    if filename == "css/face.css":
        return b"".join((STATIC / "css" / f"{sheet}.css").read_bytes() for sheet in EVERYWHERE)
    page = _PAGE_SCRIPT.fullmatch(filename)
    if (f"js/{page[1]}.js" if page else filename) not in _files():
        abort(404)
    return script_bundle.page_script(page[1]).encode() if page else (STATIC / filename).read_bytes()


@cache
def _packed(filename: str) -> bytes:
    return gzip.compress(_plain(filename), mtime=0)
