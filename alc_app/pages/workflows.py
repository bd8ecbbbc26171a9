"""The workflows page: the definitions, the newest runs, and starting and switching workflows."""

from typing import Any, Final
from uuid import UUID

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from .view_models import Person
from .workflow_models import SWITCH_LABELS
from .workspace import CrmUnavailable, NotPossible, Workspace

OFFERED: Final = 50
"""The number of people to choose from; a workflow for anybody else is started from their own page."""


def add_workflows_page(pages: Blueprint, workspace: Workspace) -> None:
    """Add `/workflows`, its content as JSON, starting a run and switching a trigger."""

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
            switch_labels=SWITCH_LABELS,
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
    """Return the first people by name, and the chosen one; empty while the CRM is unavailable."""
    try:
        page = workspace.people(search="", sort="name", descending=False, page=1, page_size=OFFERED)
        people = list(page.rows)
        if is_record_id(chosen) and chosen not in [person.record_id for person in people]:
            people += [person for person in [workspace.person(chosen)] if person]
    except CrmUnavailable:
        return []
    return people


def is_record_id(text: str) -> bool:
    """Return whether a text has the form of a record id (a UUID)."""
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False
