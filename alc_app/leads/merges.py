"""The door to our own memory for what people do to records in the CRM: merge them, delete them."""

from __future__ import annotations

from sqlalchemy import ColumnElement
from sqlmodel import col, select

from alc_app.attio.host.context import current, step
from alc_app.leads.models import OPEN, Lead, lock_record, open_lead

HAS_OPEN_LEAD = "The record was merged into another, for which ALC is at a lead already."


def was_ever_sent(record_id: str) -> bool:
    """Has this record ever been sent, also if it was merged since? Most that come and go in a CRM have not."""
    sent = _of(record_id) | (col(Lead.alc_record_id) == record_id)
    with current().reading() as session:
        return session.exec(select(Lead.id).where(sent).limit(1)).first() is not None


@step
def unfinished_leads(record_id: str) -> list[str]:
    """The leads of a record that are open, or not shown on it yet."""
    behind = col(Lead.status).in_(OPEN) | (col(Lead.shown_version) < col(Lead.version))
    with current().transaction() as session:
        return list(session.exec(select(Lead.id).where(_of(record_id), behind)))


@step
def move_leads(merged_record_id: str, record_id: str) -> list[str]:
    """Give the leads of a record to the one that it was merged into; returns them, the youngest first.

    One that was ended because its record had gone is alive again. Of two that are open one must end here: a record
    has one chat at a time. What ALC says of a moved lead names the old record, which is therefore remembered.
    """
    now = current().now()
    with current().transaction() as session:
        for one in sorted((merged_record_id, record_id)):
            lock_record(session, one)
        moved = session.exec(select(Lead).where(_of(merged_record_id)).order_by(col(Lead.created_at).desc())).all()
        for lead in moved:
            if lead.status == "undeliverable":
                lead.status, lead.undelivered, lead.why = lead.undelivered or "pending", None, None
            if lead.status in OPEN and open_lead(session, record_id):
                lead.undelivered, lead.status, lead.why = lead.status, "undeliverable", HAS_OPEN_LEAD
            lead.alc_record_id, lead.record_id = lead.alc_record_id or merged_record_id, record_id
            if lead.status == "undeliverable":
                lead.shown_version, lead.due_at = lead.version, None
            elif lead.status != "not_sent":
                reached_alc = lead.status != "sending"
                lead.version += reached_alc
                lead.tries, lead.due_at = 0, now if reached_alc else lead.due_at or now
            session.flush()  # the unique index allows one open lead at any moment
        return [lead.id for lead in moved]


def _of(record_id: str) -> ColumnElement[bool]:
    return (col(Lead.workspace_id) == current().settings.workspace_id) & (col(Lead.record_id) == record_id)
