"""The statements that each delivery needs, made once: to make one costs more than to execute it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from sqlalchemy import Float, Row, String, and_, bindparam, or_, tuple_, update
from sqlmodel import col, select

from alc_app.runtime.storage.tables import IS_OPEN, Delivery

OPEN = ("new", "queued")
"""The states of a delivery that needs a run, or has one."""
START_WITHIN = 30.0
"""Seconds after which a delivery without a result is looked at again: does it have a run?"""
_KEY = (col(Delivery.handler_id), col(Delivery.webhook_id))
_IS_ONE = and_(_KEY[0] == bindparam("handler"), _KEY[1] == bindparam("webhook"))
_IS_DUE = col(Delivery.due_at) <= bindparam("now")
ONE = select(*Delivery.__table__.columns).where(_IS_ONE)  # type: ignore[attr-defined]  # of SQLAlchemy
_IS_FREE = or_(col(Delivery.worker).is_(None), col(Delivery.worker) == bindparam("me"))
DUE = (
    select(*_KEY, col(Delivery.tries))
    .where(IS_OPEN, _IS_DUE, _IS_FREE)
    .order_by(col(Delivery.received_at))
    .limit(bindparam("limit"))
)
_IS_NEW = and_(IS_OPEN, col(Delivery.state) == "new")  # the first is the condition of the index
_NEW = select(*_KEY).where(_IS_NEW).order_by(col(Delivery.received_at)).limit(bindparam("limit"))
_NEXT_TRY = (
    update(Delivery)
    .values(
        state="queued",
        tries=Delivery.tries + 1,
        worker=bindparam("me", type_=String),
        due_at=bindparam("now", type_=Float) + START_WITHIN,
    )
    .returning(*_KEY, col(Delivery.tries), col(Delivery.body), col(Delivery.received_at), col(Delivery.traceparent))
)
_ARE_THESE = tuple_(*_KEY).in_(bindparam("keys", expanding=True))
CLAIM = _NEXT_TRY.where(_ARE_THESE, col(Delivery.state).in_(OPEN), _IS_DUE, _IS_FREE)
CLAIM_NEW = _NEXT_TRY.where(tuple_(*_KEY).in_(_NEW.with_for_update(skip_locked=True)))
END = (
    update(Delivery)
    .where(_IS_ONE, col(Delivery.state).in_(OPEN))
    .values(state=bindparam("new_state"), why=bindparam("new_why"), due_at=bindparam("now"))
)


class DueDelivery(NamedTuple):
    """What tells which delivery is due, and which of its tries was the last."""

    handler_id: str
    webhook_id: str
    tries: int


class ClaimedDelivery(NamedTuple):
    """A delivery that a worker has claimed: what its run needs. A `Delivery` has it, too, and costs more to make."""

    handler_id: str
    webhook_id: str
    tries: int
    body: bytes
    received_at: float
    traceparent: str | None


def claimed(rows: Iterable[Row[Any]]) -> list[ClaimedDelivery]:
    """Return rows that were claimed, oldest first: RETURNING has no order."""
    return sorted((ClaimedDelivery(**row._mapping) for row in rows), key=lambda delivery: delivery.received_at)
