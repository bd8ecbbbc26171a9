"""The leads of records that users merge or delete in the CRM."""

from __future__ import annotations

from sqlmodel import Session, col

from alc_app.attio.host.context import current, step
from alc_app.leads.models import GONE, Lead, is_any_lead, leads_of, lock_record, present_record
from alc_app.leads.record_values import update_values


def was_ever_sent(record_id: str) -> bool:
    """Tell whether this record has ever had a lead. Most records in a CRM never had one."""
    return is_any_lead(col(Lead.record_id) == record_id)


@step
def move_leads(merged_record_id: str, record_id: str) -> str:
    """Move the leads of a record to the one that it was merged into, and return that one: it may show more now.

    Both may have a chat under way; then each of them goes on. A record that was merged on meanwhile hands them on, so
    that it does not matter in which order Attio tells of two merges.
    """
    with current().transaction() as session:
        target = _lock_both(session, merged_record_id, record_id)
        old = lock_record(session, merged_record_id)
        old.merged_into, old.blocked, old.why = record_id, GONE, None
        old.shown_version, old.due_at, old.writer = old.version, None, None
        if moved := leads_of(session, merged_record_id):
            for lead in moved:
                lead.record_id = target
            update_values(session, target, again=True)
        return target


def _lock_both(session: Session, merged_record_id: str, record_id: str) -> str:
    """Lock the two records in the order of their ids. Returns the record that shows the leads of `record_id` now."""
    while True:
        target = present_record(session, record_id)
        with session.begin_nested() as savepoint:
            both = sorted({merged_record_id, target})
            for one in both:
                lock_record(session, one)
            if present_record(session, record_id) == target:
                return target
            savepoint.rollback()  # gives the locks back
            for one in both:
                del session.info[one]
