"""The door to our own memory for whoever looks after it: what rows go on with, what is counted and forgotten."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import delete
from sqlmodel import col, func, select

from alc_app.attio.host.context import current
from alc_app.leads.models import ENDED, EarlyEvent, Lead


def trace_of(lead_id: str) -> str | None:
    """The trace of the click that the lead began with."""
    with current().reading() as session:
        lead = session.get(Lead, lead_id)
        return lead.traceparent if lead else None


def count_by_status() -> Mapping[str, float]:
    """How many leads there are in each state."""
    with current().reading() as session:
        return dict(session.exec(select(col(Lead.status), func.count()).group_by(col(Lead.status))).all())


def count_unsynced() -> Mapping[str, float]:
    """How many leads their record does not show as they are."""
    behind = (col(Lead.due_at).is_not(None), col(Lead.shown_version) < col(Lead.version))
    with current().reading() as session:
        return {"": session.exec(select(func.count()).where(*behind)).one()}


def forget_early_events(before: float, limit: int) -> int:
    """Drop verdicts that came before then for a lead that never became ours."""
    return _delete(EarlyEvent.alc_lead_id, col(EarlyEvent.received_at) < before, limit=limit)


def forget_ended_leads(before: float, limit: int) -> int:
    """Drop leads that were begun before then, have ended, and have nothing left to be shown."""
    ended = (col(Lead.status).in_(ENDED), col(Lead.created_at) < before, col(Lead.due_at).is_(None))
    return _delete(Lead.id, *ended, limit=limit)


def _delete(key: Any, *condition: Any, limit: int) -> int:
    some = select(key).where(*condition).limit(limit)
    with current().transaction() as session:
        return int(session.exec(delete(key.class_).where(key.in_(some))).rowcount)
