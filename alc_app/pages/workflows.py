"""The workflows' page: the definitions, what each run has come to, and how to start one. No canvas."""

from typing import Any, Final
from uuid import UUID

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from .view_models import Person
from .workflow_models import SWITCHED
from .workspace import CrmUnavailable, NotPossible, Workspace

OFFERED: Final = 50
"""People to choose from; anybody else is started from their own page."""


def add_workflows_page(pages: Blueprint, workspace: Workspace) -> None:
    """Add `/workflows`, what its script asks for, and the two things that can be done there."""

    @pages.get("/workflows")
    def workflows() -> str:
        events_after = workspace.last_event_id()
        chosen = request.args.get("record", "")
        return render_template(
            "workflows.html",
            workflows=workspace.workflows(),
            runs=workspace.workflow_runs(),
            people=people_to_choose(workspace, chosen),
            chosen=chosen,
            switched=SWITCHED,
            events_after=events_after,
        )

    @pages.get("/workflows.json")
    def workflows_json() -> dict[str, Any]:
        return {
            "workflows": [workflow.as_json() for workflow in workspace.workflows()],
            "runs": [run.as_json() for run in workspace.workflow_runs()],
        }

    @pages.post("/workflows/<workflow_id>/runs")
    def run_workflow(workflow_id: str) -> Response:
        record_id = request.form.get("record_id", "")
        if not is_record_id(record_id):
            abort(400, "Choose a person first.")
        try:
            run_id = workspace.run_workflow(workflow_id, record_id)
        except NotPossible as why:
            abort(409, str(why))
        return redirect(url_for("pages.workflows", _anchor=f"run-{run_id}"), 303)

    @pages.post("/workflows/<workflow_id>/switch")
    def switch_workflow(workflow_id: str) -> Response:
        try:
            workspace.switch_workflow(workflow_id, on=request.form.get("on") == "true")
        except NotPossible as why:
            abort(409, str(why))
        return redirect(url_for("pages.workflows", _anchor=workflow_id), 303)


def people_to_choose(workspace: Workspace, chosen: str) -> list[Person]:
    """The first people by name, the chosen one among them; nobody, while the CRM is away."""
    try:
        page = workspace.people(search="", sort="name", descending=False, page=1, page_size=OFFERED)
        there = list(page.rows)
        if is_record_id(chosen) and chosen not in [person.record_id for person in there]:
            there += [person for person in [workspace.person(chosen)] if person]
    except CrmUnavailable:
        return []
    return there


def is_record_id(text: str) -> bool:
    """Whether a text is the id of a record, by its form."""
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False
