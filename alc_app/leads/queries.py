"""What the doctor and the widget read of leads, and the repairs that the doctor makes.

A repair only changes a row so that a job finds it due (transitions.py, record_sync.py). Nothing is written to ALC or
Attio. Nothing here is a step either: the doctor runs outside of durable runs, and may do everything twice.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import uuid4

from sqlalchemy import ColumnElement, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, or_, select

from alc_app.attio.host.context import current
from alc_app.leads.models import Lead, in_this_workspace, lead_to_show

RECENT = 30 * 86_400.0
"""Seconds for which a lead counts as recent."""
MAX_LEADS = 300


@dataclass(frozen=True)
class ExpectedRecord:
    """What a record should show, according to `version` of a lead's row."""

    lead_id: str
    record_id: str
    version: int
    values: tuple[tuple[str, str | None], ...]
    is_open: bool


@dataclass(frozen=True)
class LeadSummary:
    """The last lead of a record, according to our row."""

    status: str
    alc_lead_id: str | None
    interest: str | None
    summary: str | None
    why: str | None


def last_lead(record_id: str) -> LeadSummary | None:
    """Return the last lead of a record; an undeliverable one with the status that it had before."""
    of_record = (in_this_workspace(), col(Lead.record_id) == record_id)
    with current().reading() as session:
        lead = session.exec(select(Lead).where(*of_record).order_by(col(Lead.created_at).desc()).limit(1)).first()
    if lead is None:
        return None
    return LeadSummary(lead.undelivered or lead.status, lead.alc_lead_id, lead.interest, lead.summary, lead.why)


def expected_records() -> list[ExpectedRecord]:
    """Return what records should show, if that is pending or recent and written already."""
    since = current().now() - RECENT
    recent = or_(col(Lead.status) == "pending", col(Lead.created_at) > since, col(Lead.occurred_at) > since)
    reached_alc = col(Lead.status).not_in(("sending", "not_sent"))
    query = select(Lead).where(in_this_workspace(), reached_alc, recent)
    with current().transaction() as session:
        by_record: dict[str, list[Lead]] = {}
        for lead in session.exec(query.order_by(col(Lead.created_at).desc()).limit(MAX_LEADS)):
            by_record.setdefault(lead.record_id, []).append(lead)
        return [
            ExpectedRecord(
                lead.id, lead.record_id, lead.version, tuple(lead.values().items()), lead.status == "pending"
            )
            for leads in by_record.values()
            if (lead := lead_to_show(leads)) and lead.shown_version == lead.version
        ]


def request_sync(lead_id: str, version: int) -> bool:
    """Have the record of this lead written again. False if the lead has changed since `version`."""
    return _update(lead_id, col(Lead.version) == version, version=version + 1, tries=0, due_at=current().now())


def waiting_longer_than(seconds: float) -> list[tuple[str, str]]:
    """Return our id and ALC's id of the leads that have been pending for so long, the oldest first."""
    old = (in_this_workspace(), col(Lead.status) == "pending", col(Lead.created_at) < current().now() - seconds)
    query = select(Lead.id, Lead.alc_lead_id).where(*old).order_by(col(Lead.created_at)).limit(20)
    with current().transaction() as session:
        return [(lead_id, alc_lead_id) for lead_id, alc_lead_id in session.exec(query) if alc_lead_id]


def mark_lost_at_alc(lead_id: str, why: str) -> bool:
    """End a pending lead that ALC no longer has as failed; its record is written. False if it is not pending.

    The person can be sent again.
    """
    ended = {"status": "failed", "why": why, "ask_at": None}
    due = {"version": col(Lead.version) + 1, "tries": 0, "due_at": current().now()}
    return _update(lead_id, col(Lead.status) == "pending", **ended, **due)


def unknown_lead_ids(alc_lead_ids: Iterable[str]) -> set[str]:
    """Return those of ALC's lead ids for which there is no row."""
    ids = set(alc_lead_ids)
    known = select(Lead.alc_lead_id).where(in_this_workspace(), col(Lead.alc_lead_id).in_(ids))
    with current().transaction() as session:
        return ids - {str(alc_lead_id) for alc_lead_id in session.exec(known)}


def adopt(record_id: str, alc_lead_id: str) -> bool:
    """Add a row for one of our leads at ALC that has none. False if the record has an open lead."""
    now = current().now()
    lead = Lead(
        id=uuid4().hex,
        workspace_id=current().settings.workspace_id,
        record_id=record_id,
        alc_lead_id=alc_lead_id,
        status="pending",
        ask_at=now,
        created_at=now,
    )
    try:
        with current().transaction() as session, session.begin_nested():
            session.add(lead)
    except IntegrityError:
        return False
    return True


def _update(lead_id: str, condition: ColumnElement[bool], **values: object) -> bool:
    with current().transaction() as session:
        matching = (in_this_workspace(), col(Lead.id) == lead_id, condition)
        return bool(session.exec(update(Lead).where(*matching).values(**values)).rowcount)
