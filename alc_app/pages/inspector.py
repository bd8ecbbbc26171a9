"""The inspector: the calls between the participants, and the webhook deliveries with what became of them."""

from typing import Any

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from .view_models import DeliveryView
from .workspace import NotPossible, Workspace


def add_inspector(pages: Blueprint, workspace: Workspace) -> None:
    """Add `/inspector`, its deliveries as JSON, and redelivery."""

    @pages.get("/inspector")
    def inspector() -> str:
        events_after = workspace.last_event_id()
        return render_template(
            "inspector.html",
            deliveries=workspace.deliveries(),
            events_after=events_after,
        )

    @pages.get("/inspector/deliveries.json")
    def deliveries() -> dict[str, Any]:
        return {"deliveries": [as_json(delivery) for delivery in workspace.deliveries()]}

    @pages.post("/inspector/deliveries")
    def redeliver() -> Response:
        try:
            workspace.redeliver(request.form.get("id", ""))
        except NotPossible as why:
            abort(409, str(why))
        return redirect(url_for("pages.inspector"), 303)


def as_json(delivery: DeliveryView) -> dict[str, Any]:
    """Return a delivery as JSON for the page's script."""
    return {
        "id": delivery.id,
        "webhook_id": delivery.webhook_id,
        "received_at": delivery.received_at.isoformat(),
        "state": delivery.state,
        "tries": delivery.tries,
        "why": delivery.why or "",
        "body": delivery.body,
        "can_run_again": delivery.can_run_again,
    }
