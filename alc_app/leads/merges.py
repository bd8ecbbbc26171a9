"""The leads of records that users merge or delete in the CRM."""

from __future__ import annotations

from sqlalchemy import ColumnElement
from sqlmodel import col, select

from alc_app.attio.host.context import current, step
from alc_app.leads.models import OPEN, Lead, in_this_workspace, lock_record, open_lead

HAS_OPEN_LEAD = "The record was merged into another, for which ALC is at a lead already."


def was_ever_sent(record_id: str) -> bool:
    """Tell whether this record has ever had a lead, also before a merge. Most records in a CRM never had one."""
    sent = _of(record_id) | (col(Lead.alc_record_id) == record_id)
    with current().reading() as session:
        return session.exec(select(Lead.id).where(sent).limit(1)).first() is not None


@step
def unfinished_leads(record_id: str) -> list[str]:
    """Return the leads of a record that are open, or that the record does not show yet."""
    behind = col(Lead.status).in_(OPEN) | (col(Lead.shown_version) < col(Lead.version))
    with current().transaction() as session:
        return list(session.exec(select(Lead.id).where(_of(record_id), behind)))


@step
def move_leads(merged_record_id: str, record_id: str) -> list[str]:
    """Move the leads of a record to the one that it was merged into. Returns their ids, the youngest first.

    A lead that ended because its record was gone gets its former status back. If both records have an open lead, the
    moved one ends as undeliverable: a record has one chat at a time. ALC goes on using the old record id for a moved
    lead, so it is kept as `alc_record_id`.
    """
    now = current().now()
    with current().transaction() as session:
        for one in sorted((merged_record_id, record_id)):
            lock_record(session, one)
        moved = session.exec(select(Lead).where(_of(merged_record_id)).order_by(col(Lead.created_at).desc())).all()
        for lead in moved:
            if lead.status == "undeliverable":
                lead.restore(now)
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
    return in_this_workspace() & (col(Lead.record_id) == record_id)
