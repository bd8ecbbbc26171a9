"""The SMS agent: decides about each lead when its time has come, and tells the customer's webhooks."""

from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlmodel import Session, col, func, select

from mock_alc.base.clock import Clock, iso
from mock_alc.base.database import Database, changed_rows
from mock_alc.leads.conversations import expected_outcome, summary_of, told_address
from mock_alc.leads.leads import PROCESSING, Lead
from mock_alc.webhooks.outbox import announce


class Agent:
    """A chore of the worker; its due times are in the database, so a restart forgets none of them (W1)."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock

    def run_due(self) -> datetime | None:
        """Decide about every lead that is due; return when the next one will be."""
        with self._database.read() as session:
            due = select(Lead.id).where(Lead.status == PROCESSING, Lead.decide_at <= self._clock())
            lead_ids = list(session.exec(due.order_by(col(Lead.seq))))
        for lead_id in lead_ids:
            with self._database.write() as session:
                decide(session, lead_id, self._clock())
        with self._database.read() as session:
            return session.exec(select(func.min(col(Lead.decide_at))).where(Lead.status == PROCESSING)).one()


def decide(
    session: Session, lead_id: str, now: datetime, *, interest: str | None = None, status: str | None = None,
    summary: str | None = None,
) -> bool:  # fmt: skip
    """Settle a lead and fill the outbox in the caller's transaction; False if it was settled before."""
    lead = session.exec(select(Lead).where(Lead.id == lead_id)).one_or_none()
    if lead is None:
        return False
    undecided = update(Lead).where(col(Lead.id) == lead_id, col(Lead.status) == PROCESSING)
    settled = decision(lead, now, interest=interest, status=status, summary=summary)
    if changed_rows(session, undecided.values(**settled)) == 0:
        return False
    session.refresh(lead)
    announce(session, lead.account_id, "lead.processed", lead_processed(lead), now, traceparent=lead.traceparent)
    if email := told_address(lead.interest or "", name=lead.name, phone_number=lead.phone_number):
        learn(session, lead, lead.name, email, now)
    return True


def learn(session: Session, lead: Lead, name: str, email: str, now: datetime) -> int:
    """Tell the webhooks what the chat has told of somebody's name and address; returns how many there are."""
    told = prospect_updated(lead.id, name, email)
    return len(announce(session, lead.account_id, "prospect.updated", told, now, traceparent=lead.traceparent))


def decision(
    lead: Lead, now: datetime, *, interest: str | None = None, status: str | None = None, summary: str | None = None
) -> dict[str, Any]:
    """Return what a settled lead says: as its phone number has it, unless something else is wanted."""
    interest = interest or expected_outcome(lead.phone_number)
    return {
        "interest": interest,
        "status": status or ("Failed" if interest == "no_answer" else "Complete"),
        "summary": summary or summary_of(interest, lead.name),
        "decided_at": now,
    }


def lead_processed(lead: Lead) -> dict[str, Any]:
    """Return the body of `lead.processed` about a settled lead."""
    return {
        "event": "lead.processed",
        "lead_id": lead.id,
        "record_id": lead.record_id,
        "status": lead.status,
        "interest": lead.interest,
        "summary": lead.summary,
        "occurred_at": iso(lead.decided_at),
    }


def prospect_updated(prospect_id: str, name: str, email: str) -> dict[str, Any]:
    """Return the body of `prospect.updated`. The event has a dot, the body an underscore: so the seed spells it."""
    data = {"prospectId": prospect_id, "prospectName": name, "prospectEmail": email}
    return {"event": "prospect_updated", "data": data}
