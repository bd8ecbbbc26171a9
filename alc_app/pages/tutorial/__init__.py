"""The tutorial's page: each step is ticked off when the exchange log shows that it happened."""

from typing import Any

from flask import Blueprint, Response, abort, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response as AnyResponse

from alc_app.attio.host import trace
from alc_app.pages.workspace import NotPossible, Workspace

from .source_ranges import SOURCES, excerpt
from .steps import CHAPTERS
from .tour import Tour

__all__ = ["add_tutorial_page"]

VIEWS = "Views the record page"
CONNECT = "/connections/alc/connect?next=/tutorial"
"""Where Connect leads: to ALC, and back to the tutorial."""


def add_tutorial_page(pages: Blueprint, workspace: Workspace) -> None:
    """Add `/tutorial`, its state as JSON, and the strip on other pages that leads back to it."""
    tour = Tour(workspace)

    @pages.get("/tutorial")
    def tutorial() -> str:
        events_after = workspace.last_event_id()
        session["tutorial"] = "on"
        look = tour.look()
        return render_template(
            "tutorial.html",
            tour=tour.as_json(look, request.args.get("step", "")),
            states=look.states,
            chapters=CHAPTERS,
            events_after=events_after,
        )

    @pages.get("/tutorial/state.json")
    def tutorial_state() -> dict[str, Any]:
        state = tour.as_json(tour.look(), request.args.get("step", ""))
        return state | {"notes_exchanges": workspace.notes_exchanges}

    @pages.get("/tutorial/code/<step_id>.json")
    def tutorials_code(step_id: str) -> dict[str, Any]:
        theirs, _ = SOURCES.get(step_id, (None, None))
        return {"code": excerpt(theirs)}

    @pages.post("/tutorial/reset")
    def reset_tutorial() -> AnyResponse:
        tour.begin()
        return redirect(url_for("pages.tutorial"), 303)

    @pages.post("/tutorial/log-in")
    def log_in_at_alc() -> dict[str, str]:
        options = request.get_json(silent=True)
        try:
            location = str(options.get("location", "")) if isinstance(options, dict) else ""
            return {"location": workspace.log_in_at_alc(location)}
        except NotPossible as why:
            abort(409, str(why))

    @pages.post("/tutorial/close")
    def close_tutorial() -> AnyResponse:
        session["tutorial"] = "off"
        return redirect(url_for("pages.people"), 303)

    @pages.after_request
    def note_view(response: Response) -> Response:
        # Only once a tour: the log is drawn as runs, and each view would add one.
        is_view = request.endpoint == "pages.person" and response.status_code == 200
        if is_view and not trace.is_rehearsal(trace.trace_id()) and not tour.has_seen("Usage 2"):
            workspace.note_user_action(VIEWS)
        return response

    @pages.app_context_processor
    def strip() -> dict[str, Any]:
        return {"tutorial_strip": lambda: _strip(workspace, tour), "connect_from_tutorial": CONNECT}


def _strip(workspace: Workspace, tour: Tour) -> dict[str, Any] | None:
    """Return the strip under the bar: an invitation, the current step, or None for no strip."""
    choice = session.get("tutorial", "")
    if not workspace.notes_exchanges or choice == "off" or request.endpoint == "pages.tutorial":
        return None
    if choice != "on":
        return {"begun": False} if request.endpoint == "pages.people" else None
    return {"begun": True, **tour.look().strip}
