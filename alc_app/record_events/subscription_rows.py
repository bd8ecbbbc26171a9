"""The rows of our webhooks at Attio: when each is checked next, and what is wrong with it."""

from collections.abc import Sequence

from sqlalchemy import bindparam, delete, update
from sqlmodel import Field, col, select

from alc_app.attio.host.backoff import backoff
from alc_app.attio.host.context import current, step
from alc_app.leads.models import Table


class RecordSubscription(Table, table=True):
    """A webhook handler that Attio is to call. The row stays until the webhook at Attio is deleted too."""

    __tablename__ = "record_subscription"

    handler_id: str = Field(primary_key=True)
    due_at: float
    tries: int = 0
    why: str | None = None


_DUE = select(col(RecordSubscription.handler_id)).where(col(RecordSubscription.due_at) <= bindparam("now")).limit(100)


@step
def subscribe_soon(handler_id: str) -> None:
    """Have a handler's webhook checked at once, because the handler is new or gone."""
    with current().transaction() as session:
        session.merge(RecordSubscription(handler_id=handler_id, due_at=current().now()))


def check_soon() -> None:
    """Have every webhook checked at once, because we want other events. Not a step: doing it twice changes nothing."""
    with current().transaction() as session:
        session.exec(update(RecordSubscription).values(due_at=current().now()))


def due_to_check() -> Sequence[str]:
    """Return the handlers whose webhook is due to be checked."""
    return [handler_id for (handler_id,) in current().read(_DUE, {"now": current().now()})]


def start_check(handler_id: str, next_in: float) -> None:
    """Schedule the next check while this one begins, so that a check requested from now on is made too."""
    with current().transaction() as session:
        if row := session.get(RecordSubscription, handler_id):
            row.due_at = current().now() + next_in


def record_check(handler_id: str, why: str | None = None, *, again: float = 0.0) -> None:
    """Store the outcome of a check: in order, and checked `again` after seconds; or `why` not, and checked sooner.

    A check that was requested since `start_check` stays due.
    """
    with current().transaction() as session:
        if row := session.get(RecordSubscription, handler_id):
            row.why, row.tries = why, row.tries + 1 if why else 0
            row.due_at = min(row.due_at, current().now() + (backoff(row.tries, 5.0) if why else again))


def forget(handler_id: str) -> None:
    """Delete the row: the webhook at Attio is gone."""
    with current().transaction() as session:
        session.exec(delete(RecordSubscription).where(col(RecordSubscription.handler_id) == handler_id))


def last_problem(handler_id: str) -> str:
    """Return what the last check found wrong; empty if it was in order."""
    with current().reading() as session:
        row = session.get(RecordSubscription, handler_id)
        return (row.why if row else None) or ""
