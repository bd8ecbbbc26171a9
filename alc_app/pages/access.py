"""The access page: who has signed in, what people have asked for, and how to end somebody's sessions."""

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from .workspace import Workspace


def add_access_page(pages: Blueprint, workspace: Workspace) -> None:
    """Add `/access` and the end of sessions."""

    @pages.get("/access")
    def access() -> str:
        return render_template("access.html", access=workspace.access(), events_after=workspace.last_event_id())

    @pages.post("/access/end-sessions")
    def end_sessions() -> Response:
        workspace.end_sessions(request.form.get("id", ""))
        return redirect(url_for("pages.access"), 303)
