"""The tutorial's code beside ours: an overview of the files, and a page for each."""

from __future__ import annotations

from flask import Blueprint, abort, render_template, request

from alc_app.pages.labs import Labs
from alc_app.pages.tutorial.steps import BY_SLUG, NUMBERS
from alc_app.pages.workspace import Workspace

from .pairs import BY_NAME, PAIRS
from .rows import Language, rows_of

__all__ = ["add_compare_pages"]


def add_compare_pages(pages: Blueprint, workspace: Workspace, labs: Labs | None) -> None:
    """Add `/compare` and `/compare/<name>`. Without `labs`, no difference links to one."""

    @pages.get("/compare")
    def compare() -> str:
        differences = {pair.name: sum(len(row.notes) for row in rows_of(pair, "typescript")) for pair in PAIRS}
        return render_template(
            "compare_files.html", pairs=PAIRS, differences=differences, events_after=workspace.last_event_id()
        )

    @pages.get("/compare/<name>")
    def compare_file(name: str) -> str:
        pair = BY_NAME.get(name) or abort(404)
        language: Language = "python" if request.args.get("as") == "python" and pair.port_path else "typescript"
        number = PAIRS.index(pair)
        return render_template(
            "compare.html",
            pair=pair,
            language=language,
            rows=rows_of(pair, language),
            following=PAIRS[number + 1] if number + 1 < len(PAIRS) else None,
            labs={lab.name: lab.title for lab in labs.all()} if labs else {},
            stories={story.name: story.promised for story in labs.stories()} if labs else {},
            steps={slug: NUMBERS[step.id] for slug, step in BY_SLUG.items()},
            events_after=workspace.last_event_id(),
        )
