"""The blueprint of the pages: templates, and static files under a path that changes with their content.

Every page loads one style sheet and one script. Its template may name a second sheet and another script (`sheet`,
`script`).
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
CACHE_FOREVER = f"public, max-age={365 * 24 * 60 * 60}"
"""A changed file has another address."""
CONTENT_TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
COMMON_SHEETS = ("tokens", "base", "layout", "parts", "record", "install", "sequence", "code", "overlays")
"""The style sheets of every page, sent as one file: a request costs more than the bytes that a page does not use."""

_PAGE_SCRIPT = re.compile(r"js/([a-z_]+)\.page\.js")


class PagesBlueprint(Blueprint):
    """The blueprint of the pages."""

    def __init__(self, workspace: Workspace) -> None:
        """Make the workspace and the diagram's participants available to every template."""
        super().__init__(
            "pages",
            __name__,
            template_folder="templates",
            static_folder="static",
            static_url_path=f"/assets/{content_version()}",
        )
        participants = PARTICIPANTS if workspace.notes_exchanges else ()
        shared = {"workspace": workspace, "participants": participants, "may": workspace.may}
        self.app_context_processor(lambda: shared)

    def send_static_file(self, filename: str) -> Response:
        """Send a static file, compressed if the browser accepts gzip.

        Only static files are compressed: compressing a page with a secret in it could reveal the secret (BREACH).
        """
        accepts_gzip = request.accept_encodings["gzip"] > 0
        body = _gzipped(filename) if accepts_gzip else _content(filename)
        response = Response(body, content_type=CONTENT_TYPES[Path(filename).suffix])
        response.headers.update({"Vary": "Accept-Encoding", "Cache-Control": CACHE_FOREVER})
        if accepts_gzip:
            response.headers["Content-Encoding"] = "gzip"
        return response


@cache
def content_version() -> str:
    """Return a short digest over all static files and the code that joins them."""
    digest = hashlib.sha256()
    for path in (*sorted(STATIC.rglob("*.*")), Path(__file__), Path(script_bundle.__file__)):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


@cache
def _files() -> frozenset[str]:
    """Return the names of all static files. No other file is ever opened, whatever the address says."""
    return frozenset(path.relative_to(STATIC).as_posix() for kind in CONTENT_TYPES for path in STATIC.rglob(f"*{kind}"))


@cache
def _content(filename: str) -> bytes:
    """Return a static file, the joined common sheets, or the joined script of a page. Raises: NotFound."""
    if filename == "css/common.css":
        return b"".join((STATIC / "css" / f"{sheet}.css").read_bytes() for sheet in COMMON_SHEETS)
    page = _PAGE_SCRIPT.fullmatch(filename)
    if (f"js/{page[1]}.js" if page else filename) not in _files():
        abort(404)
    return script_bundle.page_script(page[1]).encode() if page else (STATIC / filename).read_bytes()


@cache
def _gzipped(filename: str) -> bytes:
    return gzip.compress(_content(filename), mtime=0)
