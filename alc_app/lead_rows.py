"""The rows of leads.py: a lead that was meant to be sent, and a verdict that came too early."""

from __future__ import annotations

from sqlalchemy import Index, text
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

OPEN = ("sending", "pending")
TERMINAL = ("complete", "failed")
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
    tries: int = 0
    why: str | None = None
    created_at: float


class EarlyEvent(Table, table=True):
    """A verdict that overtook the answer to our own POST; it waits here until we learn the lead's id."""

    __tablename__ = "early_event"

    alc_lead_id: str = Field(primary_key=True)
    workspace_id: str
    event: str
    received_at: float
