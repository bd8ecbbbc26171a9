"""Who may do what: every route of the app, once. A test compares this table with the routes, in both directions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

Access = Literal["anyone", "signed", "token", "member", "admin"]

WHO_MAY: Mapping[Access, tuple[str, ...]] = {
    "anyone": (
        "GET /healthz",
        "GET /readyz",
        "GET /sign-in",
        "GET /sign-in/callback",
        "GET /signed-out",
        "GET /assets/<path:filename>",
        "POST /naive/hooks/<handler_id>",  # labs: the tutorial's handler, which verifies nothing
    ),
    "signed": (  # by a signature; `Intake` answers these in front of Flask (runtime/routes/webhooks.py)
        "GET /hooks/<handler_id>",
        "POST /hooks/<handler_id>",
        "GET /attio/events/<handler_id>",
        "POST /attio/events/<handler_id>",
    ),
    "token": (  # by a token that the route verifies
        "GET /metrics",
    ),
    "member": (  # see people, send them, run a workflow for one of them
        "GET /",
        "GET /people",
        "GET /people.json",
        "GET /people/<uuid:record_id>",
        "GET /people/<uuid:record_id>/activity.json",
        "GET /people/<uuid:record_id>/tasks.json",
        "GET /people/<uuid:record_id>/why.json",
        "GET /people/<uuid:record_id>/widgets/<widget_id>.json",
        "POST /people/<uuid:record_id>/actions/<action_id>",
        "POST /people/bulk-actions/<action_id>",
        "POST /actions/runs/<run_id>",
        "GET /events",
        "GET /events.json",
        "GET /apps/alc",
        "GET /workflows",
        "GET /workflows.json",
        "POST /workflows/<workflow_id>/runs",
        "GET /tutorial",
        "GET /tutorial/state.json",
        "GET /tutorial/code/<step_id>.json",
        "POST /tutorial/close",
        "GET /compare",
        "GET /compare/<name>",
        "POST /sign-out",
    ),
    "admin": (  # all of that, and what changes something for everybody, or shows what others have sent
        "GET /connections/alc/connect",
        "GET /connections/alc/callback",
        "GET /connections/alc/ended",
        "POST /connections/alc/disconnect",
        "GET /apps/alc/steps.json",
        "POST /apps/alc/catch-up",
        "POST /apps/alc/rotate-secrets",
        "GET /settings",
        "POST /settings",
        "POST /workflows/<workflow_id>/switch",
        "GET /doctor",
        "POST /doctor/report",
        "GET /doctor/dead-letters.json",
        "POST /doctor/dead-letters",
        "GET /inspector",
        "GET /inspector/rows.json",
        "POST /inspector/deliveries",
        "GET /exchanges.json",
        "GET /exchanges/<int:number>.json",
        "GET /runs.json",
        "GET /runs/<trace_id>",
        "POST /runs/<trace_id>/skip-wait",
        "GET /exchanges/<int:number>/source.json",
        "POST /tutorial/reset",
        "POST /tutorial/log-in",
        "GET /access",
        "POST /access/end-sessions",
        "GET /labs",
        "GET /labs/<name>",
        "POST /labs/<name>/run",
        "GET /labs/stories",
        "GET /labs/stories/<name>",
        "POST /labs/stories/run",
        "GET /labs/what-if",
        "GET /labs/what-if.json",
        "GET /labs/what-if/story.json",
    ),
}
ACCESS: Mapping[str, Access] = {route: access for access, routes in WHO_MAY.items() for route in routes}


def role_may(role: str, route: str) -> bool:
    """Tell whether somebody in this role may use a route of the table. Raises: KeyError, if it has no such route."""
    return ACCESS[route] != "admin" or role == "admin"
