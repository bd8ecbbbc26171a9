"""The door to our own memory for workflows: which of their steps waits for which lead, and what became of it.

A step waits for the lead that is open for its record, whoever has sent it: a click, a person in the CRM or another
workflow. What became of it is told from our row, so it does not matter how we have learnt it: by a webhook, by asking
ALC, or because the record was deleted.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete
from sqlmodel import Field, col, or_, select

from alc_app.attio.host.context import current, step
from alc_app.attio.server import post_callback
from alc_app.leads import transitions
from alc_app.leads.models import ENDED, TERMINAL, Lead, Table, lock_record


class LeadWait(Table, table=True):
    """A step of a workflow that waits for a lead."""

    __tablename__ = "lead_wait"

    callback_url: str = Field(primary_key=True)
    lead_id: str = Field(index=True)
    told: bool = Field(default=False, index=True)
    created_at: float


@step
def add_wait(record_id: str, callback_url: str) -> str:
    """Write down that this record is to be sent, or join the lead that is open, and who waits for it; returns it."""
    with current().transaction() as session:
        lock_record(session, record_id)
        lead_id = transitions.open_send(record_id).id
        session.merge(LeadWait(callback_url=callback_url, lead_id=lead_id, created_at=current().now()))
        return lead_id


def waits_for(callback_url: str, lead_id: str) -> bool:
    """Does this step wait for this lead, and not for one that was sent after it?"""
    with current().reading() as session:
        wait = session.get(LeadWait, callback_url)
        return wait is not None and wait.lead_id == lead_id


def due_to_notify() -> Sequence[str]:
    """Steps whose lead has ended, and that have not been told."""
    ended = (col(LeadWait.told).is_(False), col(Lead.id) == LeadWait.lead_id, col(Lead.status).in_(ENDED))
    with current().reading() as session:
        return list(session.exec(select(LeadWait.callback_url).where(*ended).limit(100)))


@step
def notify_workflow(callback_url: str) -> None:
    """Call back with what became of the lead, in the transaction that notes that it is done."""
    with current().transaction() as session:
        wait = session.get_one(LeadWait, callback_url, with_for_update=True)
        lead = session.get_one(Lead, wait.lead_id)
        if lead.status in ENDED:
            post_callback(callback_url, _result_of(lead), callback_id=f"{lead.id}.{lead.version}")
            wait.told = True


def record_of(alc_lead_id: str | None, record_id: str) -> str | None:
    """The record that a lead of ours is about now, which was `record_id` when ALC got it; None, when it is not ours.

    A verdict may overtake the answer to our own POST: a lead that is being sent is not known by ALC's id yet (R15).
    """
    named = or_(col(Lead.record_id) == record_id, col(Lead.alc_record_id) == record_id)
    known = or_(col(Lead.alc_lead_id) == alc_lead_id, col(Lead.status) == "sending")
    mine = select(Lead.record_id).where(Lead.workspace_id == current().settings.workspace_id, named)
    with current().reading() as session:
        found: str | None = session.exec((mine.where(known) if alc_lead_id else mine).limit(1)).first()
        return found


def forget_waits(before: float, limit: int) -> int:
    """Drop waits that began before then."""
    some = select(LeadWait.callback_url).where(col(LeadWait.created_at) < before).limit(limit)
    with current().transaction() as session:
        return int(session.exec(delete(LeadWait).where(col(LeadWait.callback_url).in_(some))).rowcount)


def _result_of(lead: Lead) -> dict[str, Any]:
    """As ALC's own `lead.processed` says it; of a lead that has no verdict, why."""
    status = lead.undelivered if lead.undelivered in TERMINAL else lead.status
    judged = status in TERMINAL and not lead.never_reached_alc
    return {
        "event": "lead.processed",
        "lead_id": lead.id,
        "alc_lead_id": lead.alc_lead_id,
        "record_id": lead.record_id,
        "status": status.capitalize() if judged else "Failed",
        "interest": lead.interest if judged else None,
        "summary": lead.summary if judged else lead.why or "The person was not sent to ALC.",
    }
