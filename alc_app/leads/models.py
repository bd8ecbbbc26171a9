"""The two tables of the leads, the values read from them, and the locks that every change takes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import uuid4

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
    """Base of the app's own tables, in a registry of their own."""


class Lead(Table, table=True):
    """One row for each time that a person is to be sent to ALC. README.md has its states."""

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
    """POSTs that may have reached ALC. A POST without an answer may have made a lead there."""
    status: str = "sending"
    alc_lead_id: str | None = Field(default=None, unique=True)
    interest: str | None = None
    summary: str | None = None
    occurred_at: float = 0
    """When ALC came to its verdict, in seconds since 1970; 0 without a verdict."""
    version: int = 0
    """Counts the changes that the record has to show."""
    shown_version: int = 0
    """The version that the record shows."""
    writer: str | None = None
    """The run that writes the record now, until `writer_until`."""
    writer_until: float = 0
    due_at: float | None = None
    """When a job works on this row; None: there is nothing to do."""
    ask_at: float | None = None
    """When ALC is asked for the verdict, in case its webhook never reaches us."""
    tries: int = 0
    """Failures in a row, for the backoff."""
    why: str | None = None
    """What went wrong, in a sentence. An ended lead with a reason is a dead letter."""
    undelivered: str | None = None
    """The status that an undeliverable lead had before its record could not be written."""
    requested: bool = False
    """Requested in the CRM: the user sees the record and not our pages, so the record must show a failure."""
    alc_record_id: str | None = None
    """The record id that ALC has, if the record was merged into another since."""
    created_at: float
    traceparent: str | None = Field(default_factory=trace.traceparent)
    """The trace of the click: later work on this lead continues it."""

    @property
    def never_reached_alc(self) -> bool:
        """Tell whether the lead has ended without reaching ALC."""
        return self.status == "not_sent" or (self.status == "failed" and self.requested and not self.occurred_at)

    def restore(self, now: float) -> None:
        """Give an undeliverable lead the status that it had, or that it would have by now.

        A lead that was being sent when its record went, and that ALC has taken since, is pending; ALC is then asked for
        the verdict.
        """
        before = self.undelivered or "pending"
        self.status = "pending" if before == "sending" and self.alc_lead_id else before
        self.undelivered, self.why = None, None
        if self.status == "pending" and self.ask_at is None:
            self.ask_at = now

    def values(self) -> dict[str, str | None]:
        """Return what the record should show, by attribute; None clears what an earlier lead has left."""
        return {
            "alc_lead_id": self.alc_lead_id,
            "alc_status": self.status.capitalize(),
            "alc_interest": self.interest,
        }


class EarlyEvent(Table, table=True):
    """A verdict that arrived before the answer to our own POST. Kept until we know which lead it is for (R15)."""

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
        """Return the idempotency key of the run that answers a click.

        Clicks on a lead that is being sent join one run; after each attempt that failed there is a new one. A lead that
        ALC has is not sent again, so each click on it is a run of its own, which sees whether ALC is connected now.
        """
        return f"{self.id}.{uuid4().hex if self.alc_lead_id else self.attempt}"


@dataclass(frozen=True)
class Claim:
    """The right of one run to write the values of `version` to the record."""

    record_id: str
    values: dict[str, str | None]
    version: int


def in_this_workspace() -> ColumnElement[bool]:
    """Return the condition that a lead belongs to this workspace."""
    return col(Lead.workspace_id) == current().settings.workspace_id


def lead_to_show(leads: Iterable[Lead]) -> Lead | None:
    """Return the lead that a record should show, given all leads of the record; None if it should show none.

    The pending one, or else the one with the latest verdict. A lead that is being sent may come to nothing, so until it
    is pending the record shows the one before. An undeliverable lead never stands before another.
    """
    reached_alc = [lead for lead in leads if lead.status in ("pending", *TERMINAL)]
    return max(
        reached_alc, key=lambda lead: (lead.status == "pending", lead.occurred_at or lead.created_at), default=None
    )


def lock_lead(session: Session, lead_id: str) -> Lead:
    """Lock a row until the transaction ends, and return it. Postgres locks the row; SQLite has one writer anyway."""
    return session.get_one(Lead, lead_id, with_for_update=True)


def lock_record(session: Session, record_id: str) -> None:
    """Lock all leads of a record until the transaction ends, in the order of their ids, so that no two deadlock."""
    session.exec(select(Lead).where(Lead.record_id == record_id).order_by(col(Lead.id)).with_for_update()).all()


def open_lead(session: Session, record_id: str) -> Lead | None:
    """Return the open lead of a record, if it has one. A unique index keeps it from having two."""
    is_open = (in_this_workspace(), col(Lead.record_id) == record_id, col(Lead.status).in_(OPEN))
    return session.exec(select(Lead).where(*is_open)).first()


def due_leads(condition: ColumnElement[bool]) -> Sequence[str]:
    """Return the ids of the leads that are due, match the condition and have no writer."""
    now = current().now()
    free = or_(col(Lead.writer).is_(None), col(Lead.writer_until) < now)
    with current().reading() as session:
        return list(session.exec(select(Lead.id).where(col(Lead.due_at) <= now, free, condition).limit(100)))
