"""The SMS agent: decides about each lead at its `decide_at` and announces the result to the webhooks."""

from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlmodel import Session, col, func, select

from mock_alc.base.clock import Clock, iso
from mock_alc.base.database import Database, changed_rows
from mock_alc.leads.conversations import email_in_chat, expected_outcome, summary_of
from mock_alc.leads.leads import PROCESSING, Lead
from mock_alc.webhooks.outbox import announce

NEXT_DECISION = select(func.min(col(Lead.decide_at))).where(Lead.status == PROCESSING)
"""When the next lead is decided. It is asked for all the time, so it is built once."""


class Agent:
    """A job of the worker; its due times are in the database and survive a restart (W1)."""

    def __init__(self, database: Database, clock: Clock) -> None:
        """Decide about the leads in `database`."""
        self._database, self._clock = database, clock

    def run_due(self) -> datetime | None:
        """Decide about every due lead; return when the next one is due."""
        while (next_at := self._next_at()) is not None and next_at <= self._clock():
            with self._database.read() as session:
                due = select(Lead.id).where(Lead.status == PROCESSING, Lead.decide_at <= self._clock())
                lead_ids = list(session.exec(due.order_by(col(Lead.seq))))
            for lead_id in lead_ids:
                with self._database.write() as session:
                    decide(session, lead_id, self._clock())
        return next_at

    def _next_at(self) -> datetime | None:
        with self._database.read() as session:
            return session.exec(NEXT_DECISION).one()


def decide(
    session: Session, lead_id: str, now: datetime, *, interest: str | None = None, status: str | None = None,
    summary: str | None = None,
) -> bool:  # fmt: skip
    """Decide about a lead and announce it, in the caller's transaction; return False if it was decided already."""
    lead = session.exec(select(Lead).where(Lead.id == lead_id)).one_or_none()
    if lead is None:
        return False
    undecided = update(Lead).where(col(Lead.id) == lead_id, col(Lead.status) == PROCESSING)
    decided = decision_values(lead, now, interest=interest, status=status, summary=summary)
    if changed_rows(session, undecided.values(**decided)) == 0:
        return False
    session.refresh(lead)
    announce(session, lead.account_id, "lead.processed", lead_processed(lead), now, traceparent=lead.traceparent)
    if email := email_in_chat(lead.interest or "", name=lead.name, phone_number=lead.phone_number):
        announce_prospect(session, lead, lead.name, email, now)
    return True


def announce_prospect(session: Session, lead: Lead, name: str, email: str, now: datetime) -> int:
    """Announce a name and an email address learned in the chat; return the number of webhooks that get them."""
    payload = prospect_updated(lead.id, name, email)
    return len(announce(session, lead.account_id, "prospect.updated", payload, now, traceparent=lead.traceparent))


def decision_values(
    lead: Lead, now: datetime, *, interest: str | None = None, status: str | None = None, summary: str | None = None
) -> dict[str, Any]:
    """Return the columns of a decided lead; what is neither given nor settled follows from its phone number."""
    interest = interest or lead.interest or expected_outcome(lead.phone_number)
    return {
        "interest": interest,
        "status": status or ("Failed" if interest == "no_answer" else "Complete"),
        "summary": summary or summary_of(interest, lead.name),
        "decided_at": now,
    }


def lead_processed(lead: Lead) -> dict[str, Any]:
    """Return the body of `lead.processed` for a decided lead."""
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
    """Return the body of `prospect.updated`; its `event` field has an underscore, as in the tutorial (seed 000)."""
    data = {"prospectId": prospect_id, "prospectName": name, "prospectEmail": email}
    return {"event": "prospect_updated", "data": data}
