"""Runs by their address: `/runs.json` for the dock, `/runs/<trace id>` for everybody who has the link."""

import time
from typing import Any

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from .labs import Labs
from .runs import MOST_RUNS, SEARCHED, Message, Run, Scope, as_json, body, find_runs, run_of
from .waterfall import waterfall
from .workspace import NotPossible, Workspace


def add_run_pages(pages: Blueprint, workspace: Workspace, labs: Labs | None) -> None:
    """Add the list of runs, the page of one, and skipping its wait, which only labs can."""

    @pages.get("/runs.json")
    def runs() -> dict[str, Any]:
        scope = Scope(request.args.get("record", ""), "connection" in request.args)
        return {"runs": [as_json(run) for run in find(scope, request.args.get("limit", MOST_RUNS, type=int))]}

    @pages.get("/runs/<trace_id>")
    def run_page(trace_id: str) -> str:
        events_after = workspace.last_event_id()
        messages, now = messages_of(trace_id), time.time()
        run = run_of(messages, now)
        return render_template(
            "run.html",
            run=run,
            rows=waterfall(messages, run, now),
            again=next((each for each in workspace.record_actions("people") if each.label == run.what), None),
            can_skip=labs is not None and run.status == "Pending" and bool(_lead_id(messages)),
            events_after=events_after,
        )

    @pages.post("/runs/<trace_id>/skip-wait")
    def skip_wait(trace_id: str) -> Response:
        lead_id = _lead_id(messages_of(trace_id))
        try:
            if labs is None or not lead_id:
                raise NotPossible("Only a run that waits for ALC’s agent can skip the wait, and only in development.")
            labs.decide_now(lead_id)
        except NotPossible as why:
            abort(409, str(why))
        return redirect(url_for("pages.run_page", trace_id=trace_id), 303)

    @pages.app_context_processor
    def for_the_dock() -> dict[str, Any]:
        return {"last_run": last_run, "runs_address": _address}

    def find(scope: Scope, limit: int) -> list[Run]:
        beginnings = workspace.begun_by_user(SEARCHED)
        return find_runs(beginnings, workspace.messages_of, time.time(), scope, max(1, min(limit, MOST_RUNS)))

    def last_run(dock: dict[str, Any]) -> Run | None:
        scope = Scope(dock.get("record", ""), dock.get("connection", False))
        return next(iter(find(scope, 1)), None)

    def messages_of(trace_id: str) -> list[Message]:
        found = list(workspace.messages_of(trace_id)) if workspace.notes_exchanges and trace_id.isalnum() else []
        return found or abort(404, "There is no such run. The app keeps runs for a day.")


def _address(dock: dict[str, Any]) -> str:
    """Return the address of the runs that a page's dock shows."""
    which = {name: dock[name] for name in ("record", "connection") if dock.get(name)}
    return url_for("pages.runs", page=dock["page"], **which)


def _lead_id(messages: list[Message]) -> str:
    """Return ALC's id of the lead that the run has sent, or an empty text."""
    posts = {message["call"] for message in messages if message["label"] == "POST /api/v1/leads"}
    found = (
        body(message, "response").get("id")
        for message in messages
        if message["kind"] == "answer" and message["call"] in posts
    )
    return next((str(each) for each in found if each), "")
