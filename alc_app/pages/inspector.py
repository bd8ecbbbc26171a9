"""The inspector: the requests between the participants, and the webhook deliveries with what became of them."""

from collections.abc import Mapping
from typing import Any, Final

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from .inspector_rows import DeliveryPage, InspectorQuery, RequestPage, as_json
from .workspace import NotPossible, Workspace

STEP: Final = 50
"""Rows that a page shows at first, and how many "Load more" adds."""
MOST: Final = 500
LONGEST_SEARCH: Final = 200
TABS: Final = ("requests", "deliveries")


def add_inspector(pages: Blueprint, workspace: Workspace) -> None:
    """Add `/inspector` with its two tabs, the rows of one as JSON, and redelivery."""

    @pages.get("/inspector")
    def inspector() -> str:
        events_after, query, tab = workspace.last_event_id(), inspector_query(), opened_tab()
        page = rows_of(tab, query)
        return render_template(
            "inspector.html",
            tab=tab,
            query=query,
            rows=page.rows,
            more=min(query.shown + STEP, MOST) if page.has_more and query.shown < MOST else 0,
            redelivered=request.args.get("redelivered", ""),
            events_after=events_after,
        )

    @pages.get("/inspector/rows.json")
    def inspector_rows() -> dict[str, Any]:
        page = rows_of(opened_tab(), inspector_query())
        return {"rows": [as_json(row) for row in page.rows], "has_more": page.has_more}

    @pages.post("/inspector/deliveries")
    def redeliver() -> ResponseValue:
        given = request.get_json(silent=True) if request.is_json else request.form
        delivery_id = str(given.get("id", "")) if isinstance(given, Mapping) else ""
        try:
            workspace.redeliver(delivery_id)
        except NotPossible as why:
            abort(409, str(why))
        webhook_id = delivery_id.partition(":")[2]
        if request.is_json:
            return {"webhook_id": webhook_id}
        place: dict[str, Any] = {name: request.form.get(name) or None for name in ("q", "failed", "shown")}
        place |= {"tab": "deliveries", "redelivered": webhook_id, "_anchor": f"delivery-{delivery_id}"}
        return redirect(url_for("pages.inspector", **place), 303)

    def rows_of(tab: str, query: InspectorQuery) -> RequestPage | DeliveryPage:
        return workspace.deliveries(query) if tab == "deliveries" else workspace.requests(query)


ResponseValue = Response | dict[str, str]


def opened_tab() -> str:
    """Return the tab that the address names."""
    tab = request.args.get("tab", "")
    return tab if tab in TABS else TABS[0]


def inspector_query() -> InspectorQuery:
    """Read the query from the address; invalid values fall back to the default."""
    return InspectorQuery(
        search=request.args.get("q", "").strip()[:LONGEST_SEARCH],
        failed="failed" in request.args,
        shown=min(max(request.args.get("shown", STEP, type=int), STEP), MOST),
    )
