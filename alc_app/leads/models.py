"""The rows of leads.py and lead_record.py, and what these hand out of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Index, text
from sqlalchemy.orm import registry
from sqlmodel import Field, Session, SQLModel, col, or_, select

from alc_app.attio.host import trace
from alc_app.attio.host.context import current

OPEN = ("sending", "pending")
TERMINAL = ("complete", "failed")
ENDED = (*TERMINAL, "not_sent", "undeliverable")
_IS_OPEN = text("status in ('sending', 'pending')")


class Table(SQLModel, registry=registry()):
    """Base of this file's tables, in a registry of their own."""


class Lead(Table, table=True):
    """One lead that somebody meant to send."""

    __table_args__ = (
        Index(
            "one_open_lead_per_record",
            "workspace_id",
            "record_id",
            unique=True,
            sqlite_where=_IS_OPEN,
            postgresql_where=_IS_OPEN,
        ),
        Index("leads_by_due", "due_at"),
        Index("leads_by_status", "status", "created_at"),
        Index("leads_to_ask_about", "ask_at"),
    )

    id: str = Field(primary_key=True)
    workspace_id: str
    record_id: str = Field(index=True)
    attempt: int = 0
    posts: int = 0
    """How often ALC may have been asked: "it was not reached" is the whole truth only the first time."""
    status: str = "sending"
    alc_lead_id: str | None = Field(default=None, unique=True)
    interest: str | None = None
    summary: str | None = None
    occurred_at: float = 0
    version: int = 0
    shown_version: int = 0
    writer: str | None = None
    writer_until: float = 0
    due_at: float | None = None
    ask_at: float | None = None
    """When ALC is asked what became of the lead, in case its webhook never reaches us."""
    tries: int = 0
    why: str | None = None
    undelivered: str | None = None
    """What an undeliverable lead was before its record could not be written."""
    requested: bool = False
    """It was asked for in the CRM, by somebody who looks at the record and sees no page of ours."""
    alc_record_id: str | None = None
    """The record as ALC knows it, when that was merged into another since."""
    created_at: float
    traceparent: str | None = Field(default_factory=trace.traceparent)
    """The trace of the click, which what is finished later goes on with."""

    @property
    def never_reached_alc(self) -> bool:
        """Has it ended without having reached ALC?"""
        return self.status == "not_sent" or (self.status == "failed" and self.requested and not self.occurred_at)

    def values(self) -> dict[str, str | None]:
        """What the record should say, in plain strings; None clears what an earlier lead had left there."""
        return {
            "alc_lead_id": self.alc_lead_id,
            "alc_status": self.status.capitalize(),
            "alc_interest": self.interest,
        }


class EarlyEvent(Table, table=True):
    """A verdict that overtook the answer to our own POST; it waits here until we learn the lead's id."""

    __tablename__ = "early_event"

    alc_lead_id: str = Field(primary_key=True)
    workspace_id: str
    event: str
    received_at: float


@dataclass(frozen=True)
class Intent:
    """An open lead, as the server function needs it."""

    id: str
    alc_lead_id: str | None
    attempt: int = 0

    @property
    def run_key(self) -> str:
        """The idempotency key of the run that sends it: another one after each attempt that was given up."""
        return f"{self.id}.{self.attempt}"


@dataclass(frozen=True)
class Claim:
    """The right to write to the record what it should say at `version`."""

    record_id: str
    values: dict[str, str | None]
    version: int


def locked(session: Session, lead_id: str) -> Lead:
    """The row, ours alone until the transaction ends: SQLite has one writer anyway, Postgres locks the row."""
    return session.get_one(Lead, lead_id, with_for_update=True)


def lock_record(session: Session, record_id: str) -> None:
    """From here on nobody else decides about the leads of this record; everybody takes their rows in one order."""
    session.exec(select(Lead).where(Lead.record_id == record_id).order_by(col(Lead.id)).with_for_update()).all()


def open_lead(session: Session, record_id: str) -> Lead | None:
    """The lead of a record that is under way; there is one at most."""
    mine = (Lead.workspace_id == current().settings.workspace_id, Lead.record_id == record_id)
    return session.exec(select(Lead).where(*mine, col(Lead.status).in_(OPEN))).first()


def due(condition: ColumnElement[bool]) -> Sequence[str]:
    """Leads whose time has come, and that no writer is at."""
    now = current().now()
    free = or_(col(Lead.writer).is_(None), col(Lead.writer_until) < now)
    with current().reading() as session:
        return list(session.exec(select(Lead.id).where(col(Lead.due_at) <= now, free, condition).limit(100)))
