"""Stories: days on which something goes wrong, told, and played on both sides.

Some are the shortest days on which a storm has broken a promise. Others begin at an arrow of the live sequence: its
panel offers what can go wrong (`/labs/what-if.json`), and the address of `/labs/what-if` names the story.
"""

import json
from typing import Any

from flask import Blueprint, Response, abort, render_template, request

from .labs import Labs, Story, StoryUnreadable, stream
from .workspace import Workspace

LARGEST_KB = 64
"""The file of a story of six lines has about two."""
LONGEST_REFERENCE = 1000
BOTH = "both"


def add_story_pages(pages: Blueprint, workspace: Workspace, labs: Labs) -> None:
    """Add `/labs/stories`, which opens a file, `/labs/stories/<name>`, `/labs/what-if`, and playing a story."""

    @pages.get("/labs/stories")
    def open_story() -> str:
        return _page(None)

    @pages.get("/labs/stories/<name>")
    def story(name: str) -> str:
        found = next((each for each in labs.stories() if each.name == name), None)
        return _page(found or abort(404), link=request.path)

    @pages.post("/labs/stories/run")
    def play_story() -> Response:
        if (request.content_length or 0) > LARGEST_KB * 1024:
            abort(413, f"The file of a story has at most {LARGEST_KB} KB.")
        if missing := labs.missing():
            abort(409, missing)
        try:
            with_naive = request.args.get("sides", BOTH) == BOTH
            return stream(lambda: labs.play(request.get_json(silent=True), with_naive=with_naive))
        except StoryUnreadable as problem:
            abort(422, str(problem))

    @pages.get("/labs/what-if")
    def what_if() -> str:
        return _page(_told(), link=request.full_path, is_what_if=True)

    @pages.get("/labs/what-if.json")
    def what_if_json() -> dict[str, Any]:
        found = labs.what_if(request.args.get("message", 0, type=int))
        return {"choices": [{"story": story, "says": says} for story, says in found.choices] if found else []}

    @pages.get("/labs/what-if/story.json")
    def what_if_file() -> Response:
        headers = {"Content-Disposition": 'attachment; filename="story.json"'}
        return Response(json.dumps(_told().file, indent=2) + "\n", content_type="application/json", headers=headers)

    def _told() -> Story:
        try:
            return labs.tell(request.args.get("story", "")[:LONGEST_REFERENCE])
        except StoryUnreadable as problem:
            abort(422, str(problem))

    def _page(story: Story | None, **values: Any) -> str:
        values |= {"events_after": workspace.last_event_id(), "missing": labs.missing(), "largest_kb": LARGEST_KB}
        values["with_naive"] = request.args.get("sides", BOTH) == BOTH
        return render_template("story.html", story=story, **values)
