"""Housekeeping for the rows of leads: the trace of each, the gauges of `/metrics`, and retention."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import delete
from sqlmodel import col, func, select

from alc_app.attio.host.context import current
from alc_app.leads.models import ENDED, EarlyEvent, Lead


def trace_of(lead_id: str) -> str | None:
    """Return the `traceparent` of the click that began the lead."""
    with current().reading() as session:
        lead = session.get(Lead, lead_id)
        return lead.traceparent if lead else None


def count_by_status() -> Mapping[str, float]:
    """Count the leads of each status."""
    with current().reading() as session:
        return dict(session.exec(select(col(Lead.status), func.count()).group_by(col(Lead.status))).all())


def count_unsynced() -> Mapping[str, float]:
    """Count the leads whose record is not up to date."""
    behind = (col(Lead.due_at).is_not(None), col(Lead.shown_version) < col(Lead.version))
    with current().reading() as session:
        return {"": session.exec(select(func.count()).where(*behind)).one()}


def forget_early_events(before: float, limit: int) -> int:
    """Delete verdicts that were received before that time and belong to no lead here. Returns how many."""
    return _delete(EarlyEvent.alc_lead_id, col(EarlyEvent.received_at) < before, limit=limit)


def forget_ended_leads(before: float, limit: int) -> int:
    """Delete leads that began before that time, have ended, and are not due. Returns how many."""
    ended = (col(Lead.status).in_(ENDED), col(Lead.created_at) < before, col(Lead.due_at).is_(None))
    return _delete(Lead.id, *ended, limit=limit)


def _delete(key: Any, *condition: Any, limit: int) -> int:
    some = select(key).where(*condition).limit(limit)
    with current().transaction() as session:
        return int(session.exec(delete(key.class_).where(key.in_(some))).rowcount)
