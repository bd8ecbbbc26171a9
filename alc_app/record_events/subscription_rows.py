"""The door to our own memory of what Attio is to tell us: when each subscription is looked after, and what ails it."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, update
from sqlmodel import Field, col, select

from alc_app.attio.host.backoff import backoff
from alc_app.attio.host.context import current, step
from alc_app.leads.models import Table


class RecordSubscription(Table, table=True):
    """A webhook handler that Attio is to call; the row stays until Attio has forgotten it as well."""

    __tablename__ = "record_subscription"

    handler_id: str = Field(primary_key=True)
    due_at: float
    tries: int = 0
    why: str | None = None


@step
def subscribe_soon(handler_id: str) -> None:
    """Have it looked after at once: it is new, or its handler is gone."""
    with current().transaction() as session:
        session.merge(RecordSubscription(handler_id=handler_id, due_at=current().now()))


def check_soon() -> None:
    """Have all of them looked after at once: what we want to be told has changed. Not a step: twice is once."""
    with current().transaction() as session:
        session.exec(update(RecordSubscription).values(due_at=current().now()))


def due_to_check() -> Sequence[str]:
    """Handlers whose subscription has to be looked after."""
    with current().reading() as session:
        due = col(RecordSubscription.due_at) <= current().now()
        return list(session.exec(select(RecordSubscription.handler_id).where(due).limit(100)))


def start_check(handler_id: str, next_in: float) -> None:
    """It is looked after from here on. Whoever wants it looked after later than this gets a look of their own."""
    with current().transaction() as session:
        if row := session.get(RecordSubscription, handler_id):
            row.due_at = current().now() + next_in


def record_check(handler_id: str, why: str | None = None, *, again: float = 0.0) -> None:
    """It is in order, and looked at again after some seconds; or it is not, and why. Never later than it is due."""
    with current().transaction() as session:
        if row := session.get(RecordSubscription, handler_id):
            row.why, row.tries = why, row.tries + 1 if why else 0
            row.due_at = min(row.due_at, current().now() + (backoff(row.tries, 5.0) if why else again))


def forget(handler_id: str) -> None:
    """Attio has forgotten it, and so do we."""
    with current().transaction() as session:
        session.exec(delete(RecordSubscription).where(col(RecordSubscription.handler_id) == handler_id))


def last_problem(handler_id: str) -> str:
    """Why it is not in order, as far as the last look knew."""
    with current().reading() as session:
        row = session.get(RecordSubscription, handler_id)
        return (row.why if row else None) or ""
