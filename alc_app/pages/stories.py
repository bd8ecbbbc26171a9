"""Stories: the shortest days on which a storm has broken a promise, told, and played on both sides."""

from flask import Blueprint, Response, abort, render_template, request

from .labs import Labs, Story, StoryUnreadable, stream
from .workspace import Workspace

LARGEST_KB = 64
"""The file of a story of six lines has about two."""


def add_story_pages(pages: Blueprint, workspace: Workspace, labs: Labs) -> None:
    """Add `/labs/stories`, which opens a file, `/labs/stories/<name>`, and playing a story."""

    @pages.get("/labs/stories")
    def open_story() -> str:
        return _page(None)

    @pages.get("/labs/stories/<name>")
    def story(name: str) -> str:
        return _page(next((each for each in labs.stories() if each.name == name), None) or abort(404))

    @pages.post("/labs/stories/run")
    def play_story() -> Response:
        if (request.content_length or 0) > LARGEST_KB * 1024:
            abort(413, f"The file of a story has at most {LARGEST_KB} KB.")
        if missing := labs.missing():
            abort(409, missing)
        try:
            return stream(lambda: labs.play(request.get_json(silent=True)))
        except StoryUnreadable as problem:
            abort(422, str(problem))

    def _page(story: Story | None) -> str:
        values = {"events_after": workspace.last_event_id(), "missing": labs.missing(), "largest_kb": LARGEST_KB}
        return render_template("story.html", story=story, **values)
