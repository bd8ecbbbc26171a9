"""A fake of the runtime's record actions: it answers with the NDJSON lines that a test prepares."""

import json
import threading
from collections.abc import Iterator, Sequence
from typing import Any

from flask import Blueprint, Response, abort, redirect, request
from werkzeug.wrappers import Response as Redirect

from alc_app.pages import ConnectionView
from tests.support.fakes.workspace import CONNECTED, UNSENT_CARD, FakeWorkspace

LONGEST_WAIT_SECONDS = 10.0

Line = dict[str, Any]
Card = dict[str, Any]
Step = Line | threading.Event  # an event holds the reply back until the test sets it

DONE: Line = {"effect": "done"}


class Stage:
    """The script of the next click, the scripts of resumed runs, and what the browser sent."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self.script: Sequence[Step] = (DONE,)
        self.trace_id = "t1"
        self.runs: dict[str, Sequence[Step]] = {}
        self.clicks: list[str] = []
        self.bulk_clicks: list[tuple[str, list[str]]] = []
        self.answers: list[object] = []


def action_routes(stage: Stage) -> Blueprint:
    """The routes that the pages post to."""
    routes = Blueprint("actions", __name__)

    @routes.post("/people/<record_id>/actions/<action_id>")
    def trigger(record_id: str, action_id: str) -> Response:
        stage.clicks.append(f"{record_id} {action_id}")
        return play(stage.script, stage.trace_id)

    @routes.post("/people/bulk-actions/<action_id>")
    def trigger_bulk(action_id: str) -> Response:
        stage.bulk_clicks.append((action_id, request.get_json()["record_ids"]))
        return play(stage.script)

    @routes.post("/actions/runs/<run_id>")
    def resume(run_id: str) -> Response:
        if run_id not in stage.runs:
            abort(410, "This action has waited too long for its answer, so it was given up.")
        stage.answers.append(request.get_json()["answer"])
        return play(stage.runs[run_id])

    return routes


def widget_routes(workspace: FakeWorkspace) -> Blueprint:
    """The route that renders a widget."""
    routes = Blueprint("widgets", __name__)

    @routes.get("/people/<record_id>/widgets/<widget_id>.json")
    def draw(record_id: str, widget_id: str) -> Card:
        del widget_id
        return workspace.cards.get(record_id, UNSENT_CARD)

    return routes


def connection_routes(workspace: FakeWorkspace) -> Blueprint:
    """The routes behind connect and disconnect on the install page; both succeed at once."""
    routes = Blueprint("connections", __name__, url_prefix="/connections/alc")

    @routes.get("/connect")
    def connect() -> Redirect:
        workspace.view = CONNECTED
        return redirect(request.args.get("next", "/apps/alc?notice=connected"), code=303)

    @routes.get("/ended")
    def ended() -> Redirect:
        return redirect("/apps/alc?notice=connected", code=303)

    @routes.post("/disconnect")
    def disconnect() -> Redirect:
        workspace.view = ConnectionView("none")
        return redirect("/apps/alc?notice=disconnected", code=303)

    return routes


def play(script: Sequence[Step], trace_id: str = "") -> Response:
    """Stream the lines; an event delays those after it until the test sets it. The run is called `trace_id`."""

    def lines() -> Iterator[str]:
        for step in script:
            if isinstance(step, threading.Event):
                step.wait(LONGEST_WAIT_SECONDS)
            else:
                yield json.dumps(step) + "\n"

    return Response(lines(), mimetype="application/x-ndjson", headers={"X-Request-Id": trace_id})
