"""What the doctor and the widget read of leads, and the repairs that the doctor makes.

A repair only changes a row so that a job finds it due. Nothing is written to ALC or Attio. Nothing here is a step
either: the doctor runs outside of durable runs, and may do everything twice.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import uuid4

from sqlmodel import col, or_, select

from alc_app.attio.host.context import current
from alc_app.leads.models import (
    OPEN,
    Lead,
    RecordSync,
    in_this_workspace,
    leads_of,
    lock_lead,
    lock_open_lead,
    lock_record,
)
from alc_app.leads.record_values import update_values
from alc_app.leads.transitions import ADOPT, LOST, apply, begin

RECENT = 30 * 86_400.0
"""Seconds for which a change counts as recent."""
MAX_RECORDS = 300


@dataclass(frozen=True)
class ExpectedRecord:
    """What a record should show, as of `version`."""

    record_id: str
    version: int
    values: tuple[tuple[str, str | None], ...]

    @property
    def is_pending(self) -> bool:
        """Tell whether a chat is under way."""
        return ("alc_status", "Pending") in self.values


@dataclass(frozen=True)
class LeadSummary:
    """The last lead of a record, according to our row."""

    status: str
    alc_lead_id: str | None
    interest: str | None
    summary: str | None
    why: str | None


def sent_by_users(record_id: str) -> list[tuple[float, str]]:
    """Return when users have sent a record, with the id of each user."""
    by_users = (in_this_workspace(), col(Lead.record_id) == record_id, col(Lead.sent_by).is_not(None))
    with current().reading() as session:
        found = session.exec(select(Lead.created_at, Lead.sent_by).where(*by_users))
        return [(at, str(user_id)) for at, user_id in found]


def rows_of(record_id: str) -> tuple[Lead | None, RecordSync | None]:
    """Return the lead under way for a record, or else its last one, and what the record should show."""
    with current().reading() as session:
        leads = leads_of(session, record_id)
        lead = max(leads, key=lambda lead: (lead.status in OPEN, lead.created_at), default=None)
        return lead, session.get(RecordSync, (current().settings.workspace_id, record_id))


def last_lead(record_id: str) -> LeadSummary | None:
    """Return the last lead of a record, with what keeps the record from showing it."""
    of_record = (in_this_workspace(), col(Lead.record_id) == record_id)
    with current().reading() as session:
        lead = session.exec(select(Lead).where(*of_record).order_by(col(Lead.created_at).desc()).limit(1)).first()
        sync = session.get(RecordSync, (current().settings.workspace_id, record_id))
    if lead is None:
        return None
    in_the_way = sync.why if sync and sync.blocked else None
    return LeadSummary(lead.status, lead.alc_lead_id, lead.interest, lead.summary, lead.why or in_the_way)


def expected_records() -> list[ExpectedRecord]:
    """Return what records should show and have been given, if a chat is under way or that is recent."""
    written = (
        in_this_workspace(RecordSync),
        col(RecordSync.blocked).is_(None),
        col(RecordSync.version) > 0,
        col(RecordSync.shown_version) == col(RecordSync.version),
        or_(col(RecordSync.alc_status) == "Pending", col(RecordSync.changed_at) > current().now() - RECENT),
    )
    latest = select(RecordSync).where(*written).order_by(col(RecordSync.changed_at).desc()).limit(MAX_RECORDS)
    with current().reading() as session:
        return [
            ExpectedRecord(sync.record_id, sync.version, tuple(sync.values().items())) for sync in session.exec(latest)
        ]


def request_sync(record_id: str, version: int) -> None:
    """Have a record written again, unless what it should show has changed since `version`."""
    with current().transaction() as session:
        if lock_record(session, record_id).version == version:
            update_values(session, record_id, again=True)


def waiting_longer_than(seconds: float) -> list[tuple[str, str]]:
    """Return our id and ALC's id of the leads that have been pending for so long, the oldest first."""
    old = (in_this_workspace(), col(Lead.status) == "pending", col(Lead.created_at) < current().now() - seconds)
    query = select(Lead.id, Lead.alc_lead_id).where(*old).order_by(col(Lead.created_at)).limit(20)
    with current().reading() as session:
        return [(lead_id, alc_lead_id) for lead_id, alc_lead_id in session.exec(query) if alc_lead_id]


def mark_lost_at_alc(lead_id: str, why: str) -> None:
    """End a pending lead that ALC no longer has as failed; its record is written. The person can be sent again."""
    with current().transaction() as session:
        apply(session, lock_lead(session, lead_id), LOST, why=why)


def unknown_lead_ids(alc_lead_ids: Iterable[str]) -> set[str]:
    """Return those of ALC's lead ids for which there is no row."""
    ids = set(alc_lead_ids)
    known = select(Lead.alc_lead_id).where(in_this_workspace(), col(Lead.alc_lead_id).in_(ids))
    with current().reading() as session:
        return ids - {str(alc_lead_id) for alc_lead_id in session.exec(known)}


def adopt(record_id: str, alc_lead_id: str) -> None:
    """Add a row for one of our leads at ALC that has none, unless the record has an open lead."""
    with current().transaction() as session:
        is_open = lock_open_lead(session, record_id)
        known = session.exec(select(Lead.id).where(Lead.alc_lead_id == alc_lead_id)).first()
        if not known and not is_open:
            begin(session, record_id, ADOPT, 0, id=uuid4().hex, alc_lead_id=alc_lead_id)
