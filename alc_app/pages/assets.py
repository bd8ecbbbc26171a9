"""The blueprint's frame: templates and static files, served under a path that changes with their content."""

import hashlib
from pathlib import Path

from flask import Blueprint

from .sequence import PARTICIPANTS
from .workspace import Workspace

STATIC = Path(__file__).parent / "static"
ONE_YEAR = 365 * 24 * 60 * 60


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
        modules = sorted(path.name for path in (STATIC / "js").iterdir())
        participants = PARTICIPANTS if workspace.notes_exchanges else ()
        self.app_context_processor(lambda: {"workspace": workspace, "modules": modules, "participants": participants})

    def get_send_file_max_age(self, filename: str | None) -> int:
        """Let browsers keep every asset: a changed one has another address."""
        return ONE_YEAR


def content_version() -> str:
    """Return a short digest over every static file."""
    digest = hashlib.sha256()
    for path in sorted(STATIC.rglob("*.*")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]
