"""Leads: people whom a customer asked ALC to check, and the results."""

from datetime import datetime
from typing import Any

from sqlmodel import Field, Session, col, select

from mock_alc.base.clock import iso
from mock_alc.base.credentials import new_id
from mock_alc.base.tables import Table, UtcDateTime
from mock_alc.leads.conversations import Line, chat, expected_outcome, lines_sent_by

PROCESSING = "processing"
DECIDED = ("Complete", "Failed")


class Lead(Table, table=True):
    """One lead. `seq` is the order of creation, `id` the public id."""

    __tablename__ = "lead"

    seq: int | None = Field(default=None, primary_key=True)
    id: str = Field(unique=True)
    account_id: str = Field(foreign_key="account.id", index=True)
    record_id: str = Field(index=True)
    name: str
    phone_number: str
    idempotency_key: str | None = Field(default=None, index=True)
    status: str = Field(default=PROCESSING, index=True)
    interest: str | None = None
    """The outcome; before the decision only if a scenario has settled it, which the API does not show."""
    summary: str | None = None
    traceparent: str | None = None
    created_at: datetime = Field(sa_type=UtcDateTime)
    decide_at: datetime = Field(sa_type=UtcDateTime, index=True)
    decided_at: datetime | None = Field(default=None, sa_type=UtcDateTime)

    def transcript(self, now: datetime) -> list[Line]:
        """Return the chat until `now`, computed from the columns of the lead."""
        whole = chat(
            self.interest or expected_outcome(self.phone_number),
            name=self.name,
            phone_number=self.phone_number,
            begins=self.created_at,
            ends=self.decided_at or self.decide_at,
        )
        return lines_sent_by(whole, now)

    def as_json(self, now: datetime) -> dict[str, Any]:
        """Return the lead as the API shows it."""
        return {
            "id": self.id,
            "record_id": self.record_id,
            "name": self.name,
            "phone_number": self.phone_number,
            "status": self.status,
            "interest": None if self.status == PROCESSING else self.interest,
            "summary": self.summary,
            "transcript": [
                {"from": line.sender, "text": line.text, "at": iso(line.at)} for line in self.transcript(now)
            ],
            "created_at": iso(self.created_at),
            "decided_at": iso(self.decided_at),
        }


class IdempotencyKey(Table, table=True):
    """A used idempotency key and its response, stored in the transaction that creates the lead (A21)."""

    __tablename__ = "idempotency_key"

    account_id: str = Field(foreign_key="account.id", primary_key=True)
    key: str = Field(primary_key=True)
    fingerprint: str
    answer: str
    created_at: datetime = Field(sa_type=UtcDateTime, index=True)


def add_lead(
    session: Session, *, account_id: str, record_id: str, name: str, phone_number: str,
    idempotency_key: str | None, now: datetime, decide_at: datetime, traceparent: str | None,
) -> Lead:  # fmt: skip
    """Insert a lead; the agent decides about it at `decide_at`."""
    lead = Lead(
        id=new_id("lead"),
        account_id=account_id,
        record_id=record_id,
        name=name,
        phone_number=phone_number,
        idempotency_key=idempotency_key,
        traceparent=traceparent,
        created_at=now,
        decide_at=decide_at,
    )
    session.add(lead)
    session.flush()
    return lead


def find(session: Session, account_id: str, lead_id: str) -> Lead | None:
    """Return the lead if it belongs to this account, else None (A20)."""
    return session.exec(select(Lead).where(Lead.id == lead_id, Lead.account_id == account_id)).one_or_none()


def list_leads(
    session: Session, account_id: str, *, limit: int, before: int | None = None, text: str | None = None,
    **equal: str | None,
) -> list[Lead]:  # fmt: skip
    """Return leads of an account, newest first.

    Only those with a `seq` below `before`, with `text` in their name, and whose columns have the values in `equal`.
    """
    mine = select(Lead).where(Lead.account_id == account_id)
    for column, wanted in equal.items():
        if wanted is not None:
            mine = mine.where(getattr(Lead, column) == wanted)
    if text is not None:
        mine = mine.where(col(Lead.name).icontains(text, autoescape=True))
    if before is not None:
        mine = mine.where(col(Lead.seq) < before)
    return list(session.exec(mine.order_by(col(Lead.seq).desc()).limit(limit)))
