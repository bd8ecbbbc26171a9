"""The doctor's page: the report and the dead letters. Opening it runs no check; its script asks for the report."""

from dataclasses import asdict
from typing import Any

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from .filters import utc
from .workspace import NotPossible, Workspace


def add_doctor_page(pages: Blueprint, workspace: Workspace) -> None:
    """Add `/doctor`, its report, and the replay and dismissal of dead letters."""

    @pages.get("/doctor")
    def doctor() -> str:
        events_after = workspace.last_event_id()
        return render_template(
            "doctor.html",
            letters=workspace.dead_letters(),
            events_after=events_after,
        )

    @pages.post("/doctor/report")
    def report() -> dict[str, Any]:
        options = request.get_json(silent=True)
        return dict(workspace.examine(repair=isinstance(options, dict) and options.get("mend") is True))

    @pages.get("/doctor/dead-letters.json")
    def dead_letters() -> dict[str, Any]:
        return {
            "dead_letters": [
                asdict(letter) | {"since": utc(letter.since).isoformat()} for letter in workspace.dead_letters()
            ]
        }

    @pages.post("/doctor/dead-letters")
    def change_dead_letter() -> Response:
        change = {"replay": workspace.replay, "dismiss": workspace.dismiss}.get(request.form.get("do", ""))
        if change is None:
            abort(400)
        try:
            change(request.form.get("id", ""))
        except NotPossible as why:
            abort(409, str(why))
        return redirect(url_for("pages.doctor"), 303)
