"""Dead letters: leads that could not be shown on their record, and sends that never reached ALC.

A lead is a dead letter while its row has a reason (`why`), and until a later lead of the same record replaces it.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, exists, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import aliased
from sqlmodel import col, select

from alc_app.attio.host.context import current
from alc_app.attio.host.doctor import DeadLetter
from alc_app.leads.models import Lead, in_this_workspace, lock_lead

SEND_AGAIN = "Open the person and press Send to ALC again: nobody but a person starts a chat."


def list_undeliverable() -> list[DeadLetter]:
    """List the leads whose record could not be written."""
    return [
        DeadLetter(
            lead.id,
            f"The lead {lead.alc_lead_id} could not be shown on the record {lead.record_id}.",
            lead.why or "",
            lead.created_at,
        )
        for lead in _dead_leads("undeliverable")
    ]


def sync_again(lead_id: str) -> str:
    """Restore the status that the lead had, write its record again, and ask ALC for a verdict that was missed.

    Returns a sentence for the user.
    """
    now = current().now()
    try:
        with current().transaction() as session, session.begin_nested():
            lead = lock_lead(session, lead_id)
            if lead.status != "undeliverable":
                return f"The lead {lead_id} is not undeliverable any more."
            lead.restore(now)
            lead.version, lead.tries, lead.due_at, lead.ask_at = lead.version + 1, 0, now, now
    except IntegrityError:  # the record has been sent again meanwhile, and may have one open lead only
        return f"A later lead has taken the place of {lead_id}."
    return f"The lead {lead_id} is being shown on its record again."


def list_not_sent() -> list[DeadLetter]:
    """List the sends that ended as not sent after it had been unknown for a while whether ALC had them."""
    return [
        DeadLetter(
            lead.id,
            f"Sending the record {lead.record_id} came to nothing.",
            lead.why or "",
            lead.created_at,
            SEND_AGAIN,
        )
        for lead in _dead_leads("not_sent")
    ]


def dismiss(lead_id: str) -> None:
    """Take a lead off the list: the row stays, without its reason."""
    with current().transaction() as session:
        session.exec(update(Lead).where(col(Lead.id) == lead_id).values(why=None))


def _dead_leads(status: str) -> list[Lead]:
    dead = (in_this_workspace(), col(Lead.status) == status, col(Lead.why).is_not(None), ~_superseded())
    with current().transaction() as session:
        return list(session.exec(select(Lead).where(*dead).order_by(col(Lead.created_at).desc()).limit(200)))


def _superseded() -> ColumnElement[bool]:
    later = aliased(Lead)
    same = (col(later.workspace_id) == col(Lead.workspace_id), col(later.record_id) == col(Lead.record_id))
    return exists().where(*same, col(later.created_at) > col(Lead.created_at))
