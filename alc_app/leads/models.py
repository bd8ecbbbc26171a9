"""The tables of the leads, and the locks that every change takes.

Two facts, two rows. A `Lead` is a send and its chat at ALC: only ALC or a person changes it. A `RecordSync` is what one
record in the CRM should show, what it does show, and what keeps it from showing more. Trouble with the CRM changes the
second and never the first.
"""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import CheckConstraint, ColumnElement, Index, bindparam
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import registry
from sqlmodel import Field, Session, SQLModel, and_, col, or_, select

from alc_app.attio.host import trace
from alc_app.attio.host.context import current

OPEN = ("sending", "pending")
ENDED = ("complete", "failed", "not_sent")
GONE = "gone"
"""`RecordSync.blocked`: the record was deleted, or merged into another."""
FORBIDDEN = "forbidden"
"""`RecordSync.blocked`: our access token may not write the record."""
REFUSED = "refused"
"""`RecordSync.blocked`: Attio refuses the values, for example because an attribute is missing."""
DELETED = "The record was deleted in the CRM, or merged into another."


class Table(SQLModel, registry=registry()):
    """Base of the app's own tables, in a registry of their own."""

    model_config = {"defer_build": True}  # a row is validated nowhere


class Lead(Table, table=True):
    """A send and its chat at ALC. `transitions.py` has its states and is the only file that changes them."""

    __table_args__ = (
        Index(
            "one_open_lead_per_record",
            "workspace_id",
            "alc_record_id",
            unique=True,
            info={"where": "status in ('sending', 'pending')"},
        ),
        CheckConstraint("(status in ('sending', 'pending')) = (due_at is not null)", "an_open_lead_is_due"),
        Index("leads_by_due", "due_at"),
        Index("leads_by_status", "status", "created_at"),
    )

    id: str = Field(primary_key=True)
    """ALC's idempotency key too."""
    workspace_id: str
    record_id: str = Field(index=True)
    """The record that shows it. It changes when records are merged."""
    alc_record_id: str = Field(index=True)
    """The record that it was sent for, which ALC knows. It never changes."""
    alc_lead_id: str | None = Field(default=None, unique=True)
    status: str = "sending"
    due_at: float | None = None
    """When a job works on it: while sending, to send it again or ask ALC; while pending, to ask for the verdict."""
    tries: int = 0
    """Tries in a row that came to nothing, for the backoff."""
    attempt: int = 0
    """Counts the runs that may send it: one run for each attempt."""
    unanswered: int = 0
    """POSTs without an answer. Each of them may have made a lead at ALC."""
    sender: str | None = None
    """The run that sends it, or looks into it."""
    sent_by: str | None = None
    """The id of the user who sent it; None if nobody did, or nobody has to sign in."""
    name: str | None = None
    phone_number: str | None = None
    """What to send: kept only while it is being sent."""
    interest: str | None = None
    summary: str | None = None
    occurred_at: float = 0
    """When ALC came to its verdict, in seconds since 1970; 0 without a verdict."""
    resend_until: float | None = None
    """Until when it is sent again by itself, with the same key. None: a user watches, and may press the button again.

    Otherwise the user looks at the record, which has to say if nothing was sent."""
    why: str | None = None
    """Why nothing was sent, in a sentence, unless a user has seen it on the page."""
    created_at: float
    traceparent: str | None = Field(default_factory=trace.traceparent)
    """The trace of the click: later work on this lead continues it."""


class RecordSync(Table, table=True):
    """What one record should show, and what it shows. Also the lock for its leads: see `lock_record`."""

    __tablename__ = "record_sync"
    __table_args__ = (
        CheckConstraint(
            "shown_version = version or due_at is not null or coalesce(blocked, '') = 'gone'", "what_is_wrong_is_due"
        ),
        Index("record_syncs_by_due", "due_at"),
    )

    workspace_id: str = Field(primary_key=True)
    record_id: str = Field(primary_key=True)
    alc_lead_id: str | None = None
    alc_status: str | None = None
    alc_interest: str | None = None
    """The values that the record should have: `record_values.values_to_show` of its leads."""
    version: int = 0
    """Counts the changes of these values."""
    shown_version: int = 0
    """The version that the record has."""
    due_at: float | None = None
    """When it is written (again); None: the record shows everything, or never can."""
    tries: int = 0
    blocked: str | None = None
    """What keeps the record from being written: GONE, FORBIDDEN, REFUSED."""
    why: str | None = None
    """What went wrong last, in a sentence. With `blocked` it is a dead letter, until a person dismisses it."""
    merged_into: str | None = None
    """The record that it was merged into. Its leads have moved there."""
    writer: str | None = None
    """The run that writes the record now, until `writer_until`."""
    writer_until: float = 0
    changed_at: float = 0
    """When the values changed last."""

    def values(self) -> dict[str, str | None]:
        """Return what the record should have, by attribute; None clears what an earlier lead has left."""
        return {"alc_lead_id": self.alc_lead_id, "alc_status": self.alc_status, "alc_interest": self.alc_interest}


class EarlyEvent(Table, table=True):
    """A verdict that arrived before the answer to our own POST. Kept until we know which lead it is for (R15)."""

    __tablename__ = "early_event"

    alc_lead_id: str = Field(primary_key=True)
    workspace_id: str
    event: str
    received_at: float


# The statements of each verdict are made once: to make one costs as much as to execute it.
_OURS, _OF_RECORD = col(Lead.workspace_id) == bindparam("workspace_id"), col(Lead.record_id) == bindparam("record_id")
_NAMES_RECORD = or_(_OF_RECORD, col(Lead.alc_record_id) == bindparam("record_id"))
_IS_DUE = (col(Lead.status) == bindparam("status"), col(Lead.due_at) <= bindparam("now"))
_DUE_LEADS = select(col(Lead.id)).where(_OURS, *_IS_DUE).limit(100)
_LEADS_OF = select(Lead).where(_OURS, _OF_RECORD)
_LEADS = select(Lead).where(_OURS).execution_options(populate_existing=True)
_LEAD_WITH = _LEADS.where(col(Lead.alc_lead_id) == bindparam("alc_lead_id"))
_OPEN_LEADS_OF = _LEADS.where(_NAMES_RECORD, col(Lead.status).in_(OPEN)).order_by(
    col(Lead.status), col(Lead.created_at)
)
_IS_RECORD = and_(
    col(RecordSync.workspace_id) == bindparam("workspace_id"), col(RecordSync.record_id) == bindparam("record_id")
)
_LOCK = select(RecordSync).where(_IS_RECORD).with_for_update().execution_options(populate_existing=True)
_MERGED_INTO = select(RecordSync.merged_into).where(_IS_RECORD)


def in_this_workspace(table: Any = Lead) -> ColumnElement[bool]:
    """Return the condition that a row belongs to this workspace."""
    return col(table.workspace_id) == current().settings.workspace_id


def due_leads(status: str) -> list[str]:
    """Return the ids of open leads with this status that a job is to work on now."""
    rows = current().read(_DUE_LEADS, _in_workspace(status=status, now=current().now()))
    return [lead_id for (lead_id,) in rows]


def leads_of(session: Session, record_id: str) -> Sequence[Lead]:
    """Return the leads of a record, those of records that were merged into it included."""
    return session.exec(_LEADS_OF, params=_in_workspace(record_id=record_id)).all()


def is_any_lead(*where: ColumnElement[bool]) -> bool:
    """Tell whether this workspace has a lead of which all this is true."""
    with current().reading() as session:
        return session.exec(select(Lead.id).where(in_this_workspace(), *where).limit(1)).first() is not None


def rows_of(record_id: str) -> tuple[Lead | None, RecordSync | None]:
    """Return the lead under way for a record, or else its last one, and what the record should show."""
    with current().reading() as session:
        leads = leads_of(session, record_id)
        lead = max(leads, key=lambda lead: (lead.status in OPEN, lead.created_at), default=None)
        return lead, session.get(RecordSync, (current().settings.workspace_id, record_id))


def present_record(session: Session, record_id: str) -> str:
    """Follow the merges of a record to the one that exists."""
    seen: Sequence[str] = ()
    while record_id not in seen:
        seen = (*seen, record_id)
        locked: RecordSync | None = session.info.get(record_id)
        record_id = (locked.merged_into if locked else _merged_into(session, record_id)) or record_id
    return record_id


def _merged_into(session: Session, record_id: str) -> str | None:
    return session.exec(_MERGED_INTO, params=_in_workspace(record_id=record_id)).first()


def open_lead(session: Session, record_id: str) -> Lead | None:
    """Return the lead that is under way for a record: the one that ALC has, if there are several after a merge."""
    return session.exec(_OPEN_LEADS_OF, params=_in_workspace(record_id=record_id)).first()


def lead_with(session: Session, alc_lead_id: str) -> Lead | None:
    """Return the lead that ALC knows by this id, read anew."""
    return session.exec(_LEAD_WITH, params=_in_workspace(alc_lead_id=alc_lead_id)).first()


def lock_record(session: Session, record_id: str) -> RecordSync:
    """Lock a record and all its leads until the transaction ends, and return its row.

    Postgres locks the row; SQLite has one writer anyway. A transaction holds one such lock, or takes two in the order
    of their record ids, so that no two transactions wait for each other.
    """
    key = _in_workspace(record_id=record_id)
    sync = session.exec(_LOCK, params=key).first()
    if sync is None:
        try:
            with session.begin_nested():
                session.add(sync := RecordSync(**key))
        except IntegrityError:  # another process has made it meanwhile
            sync = session.exec(_LOCK, params=key).one()
    session.info[record_id] = sync
    return sync


def locked_record(session: Session, record_id: str) -> RecordSync:
    """Return the row of a record that this transaction has locked already. Raises: KeyError, if it has not."""
    found: RecordSync = session.info[record_id]
    return found


def lock_lead_by(session: Session, find: Callable[[], Lead | None], record_id: str | None = None) -> Lead | None:
    """Lock the record of the lead that `find` returns, until the transaction ends, and return the lead.

    Without a lead, lock the record that `record_id` is now, or none. On Postgres it looks again under the lock: a merge
    may have moved the lead. On SQLite the transaction is the only one that writes.
    """

    def record_of(lead: Lead | None) -> str | None:
        return lead.record_id if lead else record_id and present_record(session, record_id)

    while locked := record_of(lead := find()):
        if session.get_bind().dialect.name == "sqlite":
            lock_record(session, locked)
            return lead
        with session.begin_nested() as savepoint:
            lock_record(session, locked)
            if record_of(lead := find()) == locked:
                return lead
            savepoint.rollback()  # gives the lock back
            del session.info[locked]
    return None


def lock_open_lead(session: Session, record_id: str) -> Lead | None:
    """Lock a record until the transaction ends, and return the lead that is under way for it.

    Somebody may still name a record that was merged: then it is the one that exists, unless it has a lead of its own.
    """

    def find() -> Lead | None:
        named = dict.fromkeys((record_id, present_record(session, record_id)))
        return next((lead for one in named if (lead := open_lead(session, one))), None)

    return lock_lead_by(session, find, record_id)


def _in_workspace(**parameters: Any) -> dict[str, Any]:
    return {"workspace_id": current().settings.workspace_id, **parameters}


def lock_lead(session: Session, lead_id: str) -> Lead:
    """Lock the record of a lead until the transaction ends, and return the lead. Raises: NoResultFound."""
    lead = lock_lead_by(session, lambda: session.get_one(Lead, lead_id, populate_existing=True))
    return lead or session.get_one(Lead, lead_id)
