"""The workflows page: the definitions, the newest runs, and starting and switching workflows."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from .people import LONGEST_SEARCH
from .view_models import PeopleQuery, Person
from .workflow_models import SWITCH_LABELS
from .workspace import CrmUnavailable, NotPossible, Workspace

OFFERED: Final = 20
"""People to choose from, when what was typed names more than one."""


def add_workflows_page(pages: Blueprint, workspace: Workspace) -> None:
    """Add `/workflows`, its content as JSON, starting a run and switching a trigger."""

    @pages.get("/workflows")
    def workflows() -> str:
        events_after = workspace.last_event_id()
        typed = request.args.get("person", "")[:LONGEST_SEARCH]
        return render_template(
            "workflows.html",
            workflows=workspace.workflows(),
            runs=workspace.workflow_runs(),
            chosen=chosen_person(workspace),
            asked_for=request.args.get("workflow", ""),
            typed=typed,
            choices=matching(workspace, typed) if typed else (),
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
        record_id, typed = request.form.get("record_id", ""), request.form.get("person", "").strip()
        if not is_record_id(record_id):
            if not typed:
                abort(400, "Choose a person first.")
            choices = matching(workspace, typed)
            if len(choices) != 1:
                return redirect(
                    url_for("pages.workflows", person=typed, workflow=workflow_id, _anchor=workflow_id), 303
                )
            record_id = choices[0].record_id
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


def chosen_person(workspace: Workspace) -> Person | None:
    """Return the person whose record leads here (`?record=`); None while the CRM is unavailable."""
    record_id = request.args.get("record", "")
    try:
        return workspace.person(record_id) if is_record_id(record_id) else None
    except CrmUnavailable:
        return None


def matching(workspace: Workspace, typed: str) -> Sequence[Person]:
    """Return the people that somebody may mean by this text. Raises: CrmUnavailable."""
    return workspace.people(PeopleQuery(search=typed[:LONGEST_SEARCH], page_size=OFFERED)).rows


def is_record_id(text: str) -> bool:
    """Return whether a text has the form of a record id (a UUID)."""
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False
