"""The rows of records whose status was changed in the CRM, and which are still to be looked at."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from sqlalchemy import ColumnElement, bindparam, delete, text, tuple_, update
from sqlmodel import Field, col, select

from alc_app.attio.host import trace
from alc_app.attio.host.context import current, repeatable
from alc_app.leads.models import Table, in_this_workspace

BATCH = 100
"""Records that one question is about."""
COLLECT_FOR = 1.0
"""Seconds for which changes are collected before Attio is asked."""
LOOK_AGAIN = 30.0
"""Seconds after which Attio is asked again, if it has not answered."""


class ChangedRecord(Table, table=True):
    """A record whose status has changed, and which is still to be looked at."""

    __tablename__ = "changed_record"

    workspace_id: str = Field(primary_key=True)
    record_id: str = Field(primary_key=True)
    due_at: float = Field(index=True)
    traceparent: str | None = None
    """The trace of the event."""


_NOTE = text(
    "insert into changed_record (workspace_id, record_id, due_at, traceparent) "
    "values (:workspace_id, :record_id, :due_at, :traceparent) "
    "on conflict (workspace_id, record_id) do update set due_at = excluded.due_at, traceparent = excluded.traceparent"
)
_IS_DUE = (
    col(ChangedRecord.workspace_id) == bindparam("workspace_id"),
    col(ChangedRecord.due_at) <= bindparam("now"),
)
_ANY_DUE = select(col(ChangedRecord.workspace_id)).where(*_IS_DUE).limit(1)
_DUE = (
    select(col(ChangedRecord.record_id), col(ChangedRecord.due_at), col(ChangedRecord.traceparent))
    .where(*_IS_DUE)
    .order_by(col(ChangedRecord.due_at))
    .limit(BATCH)
)


@dataclass(frozen=True)
class Changed:
    """A record to look at, and since when."""

    record_id: str
    due_at: float
    traceparent: str | None


def note_change(record_id: str) -> None:
    """Note that the status of a record has changed. Not a step: doing it twice changes nothing.

    All changes of a second are due within a hundredth of one: they share one look.
    """
    runtime = current()
    which = {"workspace_id": runtime.settings.workspace_id, "record_id": record_id}
    now = runtime.now()
    due_at = ceil(now + COLLECT_FOR) - (1 - now % 1) / 100  # in the order of the changes, and no two are equal
    runtime.change(_NOTE, {**which, "due_at": due_at, "traceparent": trace.traceparent()})


def due_to_look() -> Sequence[str]:
    """Return the workspace, if any record of it is due to be looked at: one run looks at them all."""
    due = {"workspace_id": current().settings.workspace_id, "now": current().now()}
    return [workspace_id for (workspace_id,) in current().read(_ANY_DUE, due)]


def read_changes() -> list[Changed]:
    """Return the records that are due to be looked at. Two runs may read the same: a request is sent once anyway."""
    due = {"workspace_id": current().settings.workspace_id, "now": current().now()}
    return [Changed(**row._mapping) for row in current().read(_DUE, due)]


def look_later() -> None:
    """Have all changed records looked at after a while. Not a step: doing it twice changes nothing."""
    with current().transaction() as session:
        later = current().now() + LOOK_AGAIN
        session.exec(update(ChangedRecord).where(in_this_workspace(ChangedRecord)).values(due_at=later))


@repeatable
def forget_changes(changed: Sequence[Changed]) -> None:
    """Forget records that were looked at, unless they have changed again since."""
    with current().transaction() as session:
        session.exec(delete(ChangedRecord).where(*_are(changed)))


def _are(changed: Sequence[Changed]) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions of these rows as they were read, and not of one that has changed since."""
    same = tuple_(col(ChangedRecord.record_id), col(ChangedRecord.due_at))
    return (in_this_workspace(ChangedRecord), same.in_([(one.record_id, one.due_at) for one in changed]))
