"""The door to our own memory for whoever looks after it: what a row goes on with, what is counted and forgotten."""

from __future__ import annotations

from alc_app.attio.runtime import current
from alc_app.lead_rows import Lead


def trace_of(lead_id: str) -> str | None:
    """The trace of the click that the lead began with."""
    with current().reading() as session:
        lead = session.get(Lead, lead_id)
        return lead.traceparent if lead else None
