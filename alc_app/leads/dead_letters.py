"""The door to our own memory for dead letters: leads that could not be shown, and sends that never reached ALC.

A lead is a dead letter while its row says why, and until a later lead of the same record takes its place.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, exists, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import aliased
from sqlmodel import col, select

from alc_app.attio.host.context import current
from alc_app.attio.host.doctor import DeadLetter
from alc_app.leads.models import Lead

SEND_AGAIN = "Open the person and press Send to ALC again: nobody but a person starts a chat."


def list_undeliverable() -> list[DeadLetter]:
    """Leads whose record could not be written."""
    return [
        DeadLetter(
            lead.id,
            f"The lead {lead.alc_lead_id} could not be shown on the record {lead.record_id}.",
            lead.why or "",
            lead.created_at,
        )
        for lead in _dead("undeliverable")
    ]


def sync_again(lead_id: str) -> str:
    """Let the writer try once more, with the status that the lead had; ALC is asked what it has told meanwhile."""
    now = current().now()
    try:
        with current().transaction() as session, session.begin_nested():
            lead = session.get_one(Lead, lead_id, with_for_update=True)
            if lead.status != "undeliverable":
                return f"The lead {lead_id} is not undeliverable any more."
            lead.status, lead.undelivered, lead.why = lead.undelivered or "pending", None, None
            lead.version, lead.tries, lead.due_at, lead.ask_at = lead.version + 1, 0, now, now
    except IntegrityError:  # the record has been sent again meanwhile
        return f"A later lead has taken the place of {lead_id}."
    return f"The lead {lead_id} is being shown on its record again."


def list_not_sent() -> list[DeadLetter]:
    """Sends that were given up after nobody could say for a while whether ALC had them."""
    return [
        DeadLetter(
            lead.id,
            f"Sending the record {lead.record_id} came to nothing.",
            lead.why or "",
            lead.created_at,
            SEND_AGAIN,
        )
        for lead in _dead("not_sent")
    ]


def dismiss(lead_id: str) -> None:
    """Let it rest: the row stays, and no longer says why."""
    with current().transaction() as session:
        session.exec(update(Lead).where(col(Lead.id) == lead_id).values(why=None))


def _dead(status: str) -> list[Lead]:
    query = select(Lead).where(_mine(), col(Lead.status) == status, col(Lead.why).is_not(None), ~_superseded())
    with current().transaction() as session:
        return list(session.exec(query.order_by(col(Lead.created_at).desc()).limit(200)))


def _mine() -> ColumnElement[bool]:
    return col(Lead.workspace_id) == current().settings.workspace_id


def _superseded() -> ColumnElement[bool]:
    later = aliased(Lead)
    same = (col(later.workspace_id) == col(Lead.workspace_id), col(later.record_id) == col(Lead.record_id))
    return exists().where(*same, col(later.created_at) > col(Lead.created_at))
