"""The door to our own memory as the doctor and the widget read it: what each record should say, who has waited long.

Every change here leaves a row due for the work that owns it (leads.py); nothing is written to ALC or Attio, and
nothing is a step: the doctor runs outside of durable runs, and may do everything twice.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import uuid4

from sqlalchemy import ColumnElement, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, or_, select

from alc_app.attio.host.context import current
from alc_app.leads.models import Lead

RECENT = 30 * 86_400.0
MOST = 300


@dataclass(frozen=True)
class ExpectedRecord:
    """What a record should say, since `version` of a lead's row has been shown on it."""

    lead_id: str
    record_id: str
    version: int
    values: tuple[tuple[str, str | None], ...]
    is_open: bool


@dataclass(frozen=True)
class LeadSummary:
    """The last lead of a record, as we remember it."""

    status: str
    alc_lead_id: str | None
    interest: str | None
    summary: str | None
    why: str | None


def last_lead(record_id: str) -> LeadSummary | None:
    """The last lead that somebody meant to send for this record; one that cannot be written is what it was before."""
    query = select(Lead).where(_mine(), Lead.record_id == record_id).order_by(col(Lead.created_at).desc()).limit(1)
    with current().reading() as session:
        lead = session.exec(query).first()
    if lead is None:
        return None
    return LeadSummary(lead.undelivered or lead.status, lead.alc_lead_id, lead.interest, lead.summary, lead.why)


def expected_records() -> list[ExpectedRecord]:
    """Leads that are open or recent, and that their record shows by our own account: the last one of each record."""
    since = current().now() - RECENT
    recent = or_(col(Lead.status) == "pending", col(Lead.created_at) > since, col(Lead.occurred_at) > since)
    reached_alc = col(Lead.status).not_in(("sending", "not_sent"))
    query = select(Lead).where(_mine(), reached_alc, recent).order_by(col(Lead.created_at).desc()).limit(MOST)
    with current().transaction() as session:
        last: dict[str, Lead] = {}
        for lead in session.exec(query):
            last.setdefault(lead.record_id, lead)
        return [
            ExpectedRecord(
                lead.id, lead.record_id, lead.version, tuple(lead.values().items()), lead.status == "pending"
            )
            for lead in last.values()
            if lead.status != "undeliverable" and lead.shown_version == lead.version
        ]


def request_sync(lead_id: str, version: int) -> bool:
    """Make the writer write this lead to its record once more; False when it has moved on by itself."""
    return _change(lead_id, col(Lead.version) == version, version=version + 1, tries=0, due_at=current().now())


def waiting_longer_than(waited: float) -> list[tuple[str, str]]:
    """Leads whose verdict has not come for so many seconds, the oldest first: our id, and ALC's."""
    old = (_mine(), col(Lead.status) == "pending", col(Lead.created_at) < current().now() - waited)
    query = select(Lead.id, Lead.alc_lead_id).where(*old).order_by(col(Lead.created_at)).limit(20)
    with current().transaction() as session:
        return [(lead_id, alc_lead_id) for lead_id, alc_lead_id in session.exec(query) if alc_lead_id]


def mark_lost_at_alc(lead_id: str, why: str) -> bool:
    """ALC has no such lead any more: it ends, and a click may begin anew."""
    return _change(lead_id, col(Lead.status) == "pending", status="not_sent", why=why, ask_at=None, due_at=None)


def unknown_lead_ids(alc_lead_ids: Iterable[str]) -> set[str]:
    """Those of ALC's ids for which we have no row."""
    ids = set(alc_lead_ids)
    with current().transaction() as session:
        return ids - {
            str(known)
            for known in session.exec(select(Lead.alc_lead_id).where(_mine(), col(Lead.alc_lead_id).in_(ids)))
        }


def adopt(record_id: str, alc_lead_id: str) -> bool:
    """Follow a lead of ours that our rows have lost; False when the record has another one, which is open."""
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


def _mine() -> ColumnElement[bool]:
    return col(Lead.workspace_id) == current().settings.workspace_id


def _change(lead_id: str, still: ColumnElement[bool], **values: object) -> bool:
    with current().transaction() as session:
        which = (_mine(), col(Lead.id) == lead_id, still)
        return bool(session.exec(update(Lead).where(*which).values(**values)).rowcount)
