"""Workflow steps that wait for a lead to end.

A step waits for the open lead of its record, whether a click, a user in the CRM or another workflow began it. The
result is read from our row, so it does not matter how the lead ended: by a webhook or by asking ALC.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete
from sqlmodel import Field, col, or_, select

from alc_app.attio.host.context import current, step
from alc_app.attio.server import post_callback
from alc_app.leads.models import ENDED, Lead, Table, in_this_workspace, lock_record
from alc_app.leads.sends import open_send


class LeadWait(Table, table=True):
    """A workflow step that waits for a lead. `notified` is set when the step has been called back."""

    __tablename__ = "lead_wait"

    callback_url: str = Field(primary_key=True)
    lead_id: str = Field(index=True)
    notified: bool = Field(default=False, index=True)
    created_at: float


_DUE = (
    select(col(LeadWait.callback_url))
    .where(col(LeadWait.notified).is_(False), col(Lead.id) == LeadWait.lead_id, col(Lead.status).in_(ENDED))
    .limit(100)
)


@step
def add_wait(record_id: str, callback_url: str) -> str | None:
    """Make a step wait for the open lead of this record, or for a new one. Returns the lead's id.

    Returns None if the step waits already, for a lead that reached ALC and has ended: it is not sent again when the
    step is executed again, and the step is called back with that result.
    """
    with current().transaction() as session:
        lock_record(session, record_id)
        wait = session.get(LeadWait, callback_url)
        known = session.get(Lead, wait.lead_id) if wait else None
        if known and known.status in ("complete", "failed"):
            return None
        lead_id = open_send(record_id).id
        session.merge(LeadWait(callback_url=callback_url, lead_id=lead_id, created_at=current().now()))
        return lead_id


def waits_for(callback_url: str, lead_id: str) -> bool:
    """Tell whether this step waits for this lead, and not for a later one of the same record."""
    with current().reading() as session:
        wait = session.get(LeadWait, callback_url)
        return wait is not None and wait.lead_id == lead_id


def due_to_notify() -> Sequence[str]:
    """Return the callback URLs of the steps whose lead has ended and that have not been called back."""
    return [callback_url for (callback_url,) in current().read(_DUE, {})]


@step
def notify_workflow(callback_url: str) -> None:
    """Call the step back with the result, in the transaction that marks it as called back."""
    with current().transaction() as session:
        wait = session.get_one(LeadWait, callback_url, with_for_update=True)
        lead = session.get_one(Lead, wait.lead_id)
        if lead.status in ENDED:
            post_callback(callback_url, _result_of(lead), callback_id=f"{lead.id}.{lead.status}")
            wait.notified = True


def record_of(alc_lead_id: str | None, record_id: str) -> str | None:
    """Return the present record of a lead that ALC got with `record_id`; None if the lead is not ours.

    A verdict may arrive before the answer to our POST: a lead that is still sending has no ALC id yet (R15).
    """
    named = or_(col(Lead.record_id) == record_id, col(Lead.alc_record_id) == record_id)
    known = or_(col(Lead.alc_lead_id) == alc_lead_id, col(Lead.status) == "sending")
    ours = select(Lead.record_id).where(in_this_workspace(), named)
    with current().reading() as session:
        found: str | None = session.exec((ours.where(known) if alc_lead_id else ours).limit(1)).first()
        return found


def forget_waits(before: float, limit: int) -> int:
    """Delete waits that began before that time. Returns how many."""
    some = select(LeadWait.callback_url).where(col(LeadWait.created_at) < before).limit(limit)
    with current().transaction() as session:
        return int(session.exec(delete(LeadWait).where(col(LeadWait.callback_url).in_(some))).rowcount)


def _result_of(lead: Lead) -> dict[str, Any]:
    """Return the body of the callback: shaped as ALC's `lead.processed`, with the reason if there is no verdict."""
    judged = lead.status != "not_sent"
    return {
        "event": "lead.processed",
        "lead_id": lead.id,
        "alc_lead_id": lead.alc_lead_id,
        "record_id": lead.record_id,
        "status": lead.status.capitalize() if judged else "Failed",
        "interest": lead.interest if judged else None,
        "summary": lead.summary if judged else lead.why or "The person was not sent to ALC.",
    }
