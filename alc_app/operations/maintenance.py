"""Housekeeping for the rows of leads: the trace of each, the gauges of `/metrics`, and retention."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import delete
from sqlmodel import col, func, select

from alc_app.attio.host.context import current
from alc_app.leads.models import ENDED, EarlyEvent, Lead, RecordSync
from alc_app.operations.dead_letters import cannot_be_shown, nobody_was_told


def trace_of_lead(lead_id: str) -> str | None:
    """Return the `traceparent` of the click that began the lead."""
    with current().reading() as session:
        found: str | None = session.exec(select(Lead.traceparent).where(Lead.id == lead_id)).first()
        return found


def trace_of_record(record_id: str) -> str | None:
    """Return the `traceparent` of the click that began the last lead of a record."""
    last = select(Lead.traceparent).where(Lead.record_id == record_id).order_by(col(Lead.created_at).desc()).limit(1)
    with current().reading() as session:
        found: str | None = session.exec(last).first()
        return found


def count_by_status() -> Mapping[str, float]:
    """Count the leads of each status."""
    with current().reading() as session:
        return dict(session.exec(select(col(Lead.status), func.count()).group_by(col(Lead.status))).all())


def count_unsynced() -> Mapping[str, float]:
    """Count the records that do not show yet what they should."""
    behind = (col(RecordSync.due_at).is_not(None), col(RecordSync.shown_version) < col(RecordSync.version))
    with current().reading() as session:
        return {"": session.exec(select(func.count()).select_from(RecordSync).where(*behind)).one()}


def forget_early_events(before: float, limit: int) -> int:
    """Delete verdicts that were received before that time and belong to no lead here. Returns how many."""
    some = select(EarlyEvent.alc_lead_id).where(col(EarlyEvent.received_at) < before).limit(limit)
    with current().transaction() as session:
        return int(session.exec(delete(EarlyEvent).where(col(EarlyEvent.alc_lead_id).in_(some))).rowcount)


def forget_ended_leads(before: float, limit: int) -> int:
    """Delete leads that began before that time and have ended, but no dead letter. Returns how many."""
    blocked = select(RecordSync.record_id).where(cannot_be_shown())
    ended = (col(Lead.status).in_(ENDED), col(Lead.created_at) < before)
    letters = (nobody_was_told(), col(Lead.record_id).in_(blocked))
    some = select(Lead.id).where(*ended, *(~letter for letter in letters)).limit(limit)
    with current().transaction() as session:
        return int(session.exec(delete(Lead).where(col(Lead.id).in_(some))).rowcount)


def forget_record_syncs(before: float, limit: int) -> int:
    """Delete what records show, if that is older and there is no lead of theirs any more. Returns how many."""
    with_leads = select(Lead.record_id)
    done = (col(RecordSync.shown_version) == col(RecordSync.version), col(RecordSync.changed_at) < before)
    some = select(RecordSync.record_id).where(*done, col(RecordSync.record_id).not_in(with_leads)).limit(limit)
    with current().transaction() as session:
        return int(session.exec(delete(RecordSync).where(col(RecordSync.record_id).in_(some))).rowcount)
