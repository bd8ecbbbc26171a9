"""The states of a lead and every change between them, as one table. README.md beside this file draws it.

Only ALC (an answer, a verdict, an answer to our question) or a person changes a lead. `apply` is the one place that
does it: it sets the fields that belong to the new state, and has the record show what follows from it.

TUTORIAL: it keeps no state, and so it cannot know what it has lost.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlmodel import Session

from alc_app.attio.host.context import current
from alc_app.leads.models import OPEN, Lead, present_record
from alc_app.leads.record_values import update_values

SEND_TIMEOUT = 240.0
"""Seconds after which a send is looked into: longer than all calls and waits of a send together."""
FIRST_VERDICT_CHECK = 900.0
"""Seconds after which ALC is asked for a verdict; then again after twice as long, up to a day."""

SEND, ADOPT = "send", "adopt"
"""Events without a lead before: a person sends somebody; the doctor finds a chat of ours that has no row."""
CLAIM = "claim"
"""A run sends it now, so nobody else looks into it for a while."""
TAKEN = "taken"
"""ALC has the lead: it answered the POST, or our question about it."""
TRY_AGAIN = "try again"
"""ALC asked us to wait, or its answer was lost."""
NOT_TAKEN = "not taken"
"""ALC has refused the lead, or has never received it."""
COMPLETE, FAILED = "complete", "failed"
"""ALC's verdicts. One without a lead id may overtake the answer to the POST."""
ASK_AGAIN = "ask again"
"""ALC was asked for the verdict; the next question is due later."""
LOST = "lost"
"""ALC no longer knows the lead."""

TRANSITIONS: Mapping[tuple[str | None, str], str] = {
    (None, SEND): "sending",
    (None, ADOPT): "pending",
    ("sending", CLAIM): "sending",
    ("sending", TRY_AGAIN): "sending",
    ("sending", TAKEN): "pending",
    ("sending", NOT_TAKEN): "not_sent",
    ("sending", COMPLETE): "complete",
    ("sending", FAILED): "failed",
    ("pending", ASK_AGAIN): "pending",
    ("pending", COMPLETE): "complete",
    ("pending", FAILED): "failed",
    ("pending", LOST): "failed",
    ("not_sent", TAKEN): "pending",
    ("not_sent", COMPLETE): "complete",
    ("not_sent", FAILED): "failed",
    ("complete", TAKEN): "complete",
    ("complete", COMPLETE): "complete",
    ("complete", FAILED): "failed",
    ("failed", TAKEN): "failed",
    ("failed", COMPLETE): "complete",
    ("failed", FAILED): "failed",
}
"""The state after an event, by the state before. What is not here changes nothing."""
DUE_IN = {"sending": SEND_TIMEOUT, "pending": FIRST_VERDICT_CHECK}
"""Seconds until a job looks at an open lead, by its state. An ended one is never due."""


def begin(session: Session, record_id: str, event: str, due_in: float | None = None, **fields: Any) -> Lead:
    """Add the row of a new lead, by SEND or ADOPT, for the record that exists. That one must be locked."""
    status, record_id = TRANSITIONS[None, event], present_record(session, record_id)
    workspace_id, now, user = current().settings.workspace_id, current().now(), current().current_user
    fields |= {"sent_by": user.id if user else None}
    lead = Lead(workspace_id=workspace_id, record_id=record_id, alc_record_id=record_id, created_at=now, **fields)
    lead.status, lead.due_at = status, _due_at(status, due_in)
    session.add(lead)
    _show(session, lead)
    return lead


def apply(session: Session, lead: Lead, event: str, due_in: float | None = None, **fields: Any) -> bool:
    """Change a lead by an event, with the `fields` that the event brings. Its record must be locked.

    Returns whether the event means anything in this state. `due_in` replaces the usual seconds until a job looks.
    """
    status = TRANSITIONS.get((lead.status, event))
    if status is None:
        return False
    lead.status, lead.due_at, lead.why = status, _due_at(status, due_in), None
    if event == TRY_AGAIN:
        lead.tries, lead.attempt = lead.tries + 1, lead.attempt + 1
    elif event != CLAIM:
        lead.tries = 0
    if status != "sending":
        lead.name = lead.phone_number = None
    for name, value in fields.items():
        setattr(lead, name, value)
    _show(session, lead)
    return True


def _show(session: Session, lead: Lead) -> None:
    if lead.status != "sending":  # it is not shown, and what is shown meanwhile does not change by it
        update_values(session, lead.record_id)


def _due_at(status: str, due_in: float | None) -> float | None:
    if status not in OPEN:
        return None
    return current().now() + (DUE_IN[status] if due_in is None else due_in)
