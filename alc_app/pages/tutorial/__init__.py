"""The tutorial, alive: each of its steps is ticked off when it has really been seen, and says what was seen."""

from typing import Any

from flask import Blueprint, Response, abort, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response as AnyResponse

from alc_app.pages.workspace import NotPossible, Workspace

from .source_ranges import PLACES, excerpt
from .steps import CHAPTERS
from .tour import Tour
from .tour import strip as strip_of

__all__ = ["add_tutorial_page"]

VIEWS = "Views the record page"


def add_tutorial_page(pages: Blueprint, workspace: Workspace) -> None:
    """Add `/tutorial`, what its script asks for, and the strip that leads back to it from every other page."""
    tour = Tour(workspace)

    @pages.get("/tutorial")
    def tutorial() -> str:
        events_after = workspace.last_event_id()
        session["tutorial"] = "on"
        standings = tour.standings()
        return render_template(
            "tutorial.html",
            tour=tour.as_json(standings, request.args.get("step", "")),
            standings=standings,
            chapters=CHAPTERS,
            events_after=events_after,
        )

    @pages.get("/tutorial/state.json")
    def tutorial_state() -> dict[str, Any]:
        told = tour.as_json(tour.standings(), request.args.get("step", ""))
        return told | {"notes_exchanges": workspace.notes_exchanges}

    @pages.get("/tutorial/code/<step_id>.json")
    def tutorials_code(step_id: str) -> dict[str, Any]:
        theirs, _ = PLACES.get(step_id, (None, None))
        return {"code": excerpt(theirs)}

    @pages.post("/tutorial/reset")
    def reset_tutorial() -> AnyResponse:
        tour.begin()
        return redirect(url_for("pages.tutorial"), 303)

    @pages.post("/tutorial/log-in")
    def log_in_at_alc() -> dict[str, str]:
        wishes = request.get_json(silent=True)
        try:
            location = str(wishes.get("location", "")) if isinstance(wishes, dict) else ""
            return {"location": workspace.log_in_at_alc(location)}
        except NotPossible as why:
            abort(409, str(why))

    @pages.post("/tutorial/close")
    def close_tutorial() -> AnyResponse:
        session["tutorial"] = "off"
        return redirect(url_for("pages.people"), 303)

    @pages.after_request
    def note_view(response: Response) -> Response:
        # Once a tour: the log is drawn as runs, and each view would be one more.
        if request.endpoint == "pages.person" and response.status_code == 200 and not tour.has_seen("Usage 2"):
            workspace.note_user_action(VIEWS)
        return response

    @pages.app_context_processor
    def strip() -> dict[str, Any]:
        return {"tutorial_strip": lambda: _strip(workspace, tour)}


def _strip(workspace: Workspace, tour: Tour) -> dict[str, Any] | None:
    """What the strip under the bar says: an invitation to whoever is new, the current step to whoever has begun."""
    wish = session.get("tutorial", "")
    if not workspace.notes_exchanges or wish == "off" or request.endpoint == "pages.tutorial":
        return None
    if wish != "on":
        return {"begun": False} if request.endpoint == "pages.people" else None
    standings = tour.standings()
    return {"begun": True, **strip_of(standings), "total": len(standings)}
