"""How often: what is limited, for each person or else for each address, once. A test holds the routes to the table.

Somebody who clicks meets none of these. They stop scripts, floods and mistakes before these cost others anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from alc_app.runtime.stores.rate_limit import Limit

MINUTE, HOUR = 60, 3600


@dataclass(frozen=True)
class LimitedUse:
    """What somebody does too often: `what` completes "You can … 60 times a minute"."""

    what: str
    limit: Limit
    routes: tuple[str, ...]
    counts_people: bool = False
    """Whether each selected person counts, and not each request."""


CLICKS = ("POST /people/<uuid:record_id>/actions/<action_id>", "POST /people/bulk-actions/<action_id>")
LIMITS: Mapping[str, LimitedUse] = {
    "sign in": LimitedUse("sign in", Limit(3000, 10 * MINUTE), ("GET /sign-in", "GET /sign-in/callback")),
    "connect": LimitedUse(
        "connect or disconnect",
        Limit(300, MINUTE),
        ("GET /connections/alc/connect", "GET /connections/alc/callback", "POST /connections/alc/disconnect"),
    ),
    "click": LimitedUse(
        "press buttons",
        Limit(600, MINUTE),
        (*CLICKS, "POST /actions/runs/<run_id>", "POST /runs/<trace_id>/skip-wait"),
    ),
    "send": LimitedUse("act on people", Limit(5000, HOUR), CLICKS, counts_people=True),
    "workflow": LimitedUse("run workflows", Limit(300, MINUTE), ("POST /workflows/<workflow_id>/runs",)),
    "mend": LimitedUse(
        "run checks and repairs",
        Limit(120, MINUTE),
        (
            "POST /doctor/report",
            "POST /doctor/dead-letters",
            "POST /inspector/deliveries",
            "POST /apps/alc/catch-up",
            "POST /apps/alc/rotate-secrets",
        ),
    ),
}
REFUSED_DELIVERIES = Limit(600, MINUTE)
"""Deliveries with a bad signature, for each handler and address, in the memory of each process (R22)."""
