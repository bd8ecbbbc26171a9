"""The outbox: deliveries are stored in the transaction of the change that they report, and sent from here (W1)."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Column, bindparam, or_, tuple_, update
from sqlmodel import AutoString, Field, Session, col, func, select

from mock_alc.base import trace
from mock_alc.base.clock import iso
from mock_alc.base.credentials import new_id
from mock_alc.base.database import changed_rows
from mock_alc.base.tables import Table, UtcDateTime
from mock_alc.webhooks.registrations import Webhook, subscribers

STATES = ("pending", "delivered", "failed", "cancelled")


class Delivery(Table, table=True):
    """One message to one webhook; every attempt sends the same id and the same bytes (W3)."""

    __tablename__ = "delivery"

    id: str = Field(primary_key=True)
    webhook_id: str = Field(foreign_key="webhook.id", index=True)
    account_id: str = Field(foreign_key="account.id", index=True)
    lead_id: str | None = Field(default=None, index=True)  # The lead that the message is about, if any.
    event: str
    body: str
    state: str = Field(default="pending", index=True)  # One of STATES.
    due_at: datetime = Field(sa_type=UtcDateTime, index=True)
    attempts_made: int = 0
    lease_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    traceparent: str | None = None
    created_at: datetime = Field(sa_type=UtcDateTime)

    def as_json(self) -> dict[str, Any]:
        """Return the delivery as the control API shows it; `next_attempt_at` is null unless it is pending."""
        return {
            "id": self.id,
            "webhook_id": self.webhook_id,
            "event": self.event,
            "state": self.state,
            "body": json.loads(self.body),
            "trace_id": trace.id_of(self.traceparent),
            "created_at": iso(self.created_at),
            "next_attempt_at": iso(self.due_at) if self.state == "pending" else None,
        }


class Attempt(Table, table=True):
    """One attempt to deliver. The row is written before sending, so that one cut short by a crash is seen (W8)."""

    __tablename__ = "attempt"

    delivery_id: str = Field(foreign_key="delivery.id", primary_key=True)
    number: int = Field(primary_key=True)
    at: datetime = Field(sa_type=UtcDateTime)
    status: int | None = None
    milliseconds: int | None = None
    error: str | None = None
    body: str = ""
    sent_copy: str | None = Field(default=None, sa_column=Column("letter", AutoString))
    """What was sent: a SentCopy as JSON, or None if nothing was. The column has an older name."""

    def as_json(self) -> dict[str, Any]:
        """Return the attempt as the control API shows it; `fault` is what was done to what was `sent`."""
        shown = self.model_dump(include={"number", "status", "milliseconds", "error", "body"})
        sent = json.loads(self.sent_copy) if self.sent_copy else None
        return {**shown, "fault": sent and sent["trouble"], "sent": sent, "at": iso(self.at)}


def _not_leased(now: Any) -> Any:
    return or_(col(Delivery.lease_until).is_(None), col(Delivery.lease_until) <= now)


FREE = (
    Delivery.state == "pending",
    _not_leased(bindparam("now")),
    col(Delivery.webhook_id).not_in(bindparam("busy", expanding=True)),
    col(Delivery.id).not_in(bindparam("sending", expanding=True)),
)
# The sender asks for these all the time, so they are built once.
NEXT_DUE = select(func.min(col(Delivery.due_at))).where(*FREE)
FIRST_DUE = (
    select(Delivery)
    .where(*FREE, col(Delivery.due_at) <= bindparam("now"))
    .order_by(col(Delivery.due_at), col(Delivery.id))
    .limit(1)
)


@dataclass(frozen=True)
class Claim:
    """A delivery that this process may send until its lease ends."""

    delivery_id: str
    number: int
    webhook_id: str
    event: str
    body: bytes
    traceparent: str | None


def enqueue(
    session: Session,
    webhook: Webhook,
    event: str,
    payload: Mapping[str, Any],
    now: datetime,
    *,
    traceparent: str | None,
) -> Delivery:
    """Add a message for one webhook to the outbox; every attempt continues the trace of the event that caused it."""
    delivery = Delivery(
        id=new_id("msg"),
        webhook_id=webhook.id,
        account_id=webhook.account_id,
        lead_id=payload.get("lead_id"),
        event=event,
        body=json.dumps(payload, ensure_ascii=False, separators=(",", ":")),
        due_at=now,
        traceparent=traceparent,
        created_at=now,
    )
    session.add(delivery)
    return delivery


def enqueue_test(session: Session, webhook: Webhook, now: datetime, *, traceparent: str | None) -> Delivery:
    """Add a `webhook.test` message to the outbox, with which people try out a receiver (W8)."""
    payload = {"event": "webhook.test", "webhook_id": webhook.id, "occurred_at": iso(now)}
    return enqueue(session, webhook, "webhook.test", payload, now, traceparent=traceparent)


def announce(
    session: Session, account_id: str, event: str, payload: Mapping[str, Any], now: datetime, *, traceparent: str | None
) -> list[Delivery]:
    """Add an event to the outbox, once for each active webhook registered for it."""
    found = subscribers(session, account_id, event, now)
    return [enqueue(session, webhook, event, payload, now, traceparent=traceparent) for webhook in found]


def claim_next(
    session: Session, now: datetime, *, lease: timedelta, busy: Collection[str], sending: Collection[str] = ()
) -> Claim | None:
    """Claim the delivery that has been due longest; None if there is none.

    Leaves out those of `busy` webhooks (W10), and those that this process is `sending`, even when their lease has
    ended: the clock may have been moved meanwhile.
    """
    delivery = session.exec(FIRST_DUE, params={"now": now, "busy": busy, "sending": sending}).first()
    if delivery is None:
        return None
    number = delivery.attempts_made + 1
    taking = update(Delivery).where(
        col(Delivery.id) == delivery.id, col(Delivery.attempts_made) == delivery.attempts_made, _not_leased(now)
    )
    if changed_rows(session, taking.values(attempts_made=number, lease_until=now + lease)) == 0:
        return None  # Another process claimed it first.
    _mark_interrupted(session, delivery.id)
    session.add(Attempt(delivery_id=delivery.id, number=number, at=now))
    return Claim(delivery.id, number, delivery.webhook_id, delivery.event, delivery.body.encode(), delivery.traceparent)


def extend_claim(session: Session, claim: Claim, lease_until: datetime) -> None:
    """Let a claim last until `lease_until`, unless the delivery was cancelled or claimed again meanwhile."""
    ours = update(Delivery).where(
        col(Delivery.id) == claim.delivery_id,
        col(Delivery.attempts_made) == claim.number,
        col(Delivery.state) == "pending",
    )
    changed_rows(session, ours.values(lease_until=lease_until))


def replace_body(session: Session, claim: Claim, body: bytes) -> Claim:
    """Let this attempt and all later ones send another body: the same bytes for each (W3). Return the claim."""
    session.execute(update(Delivery).where(col(Delivery.id) == claim.delivery_id).values(body=body.decode()))
    return replace(claim, body=body)


def finish_claim(session: Session, claim: Claim, *, state: str, due_at: datetime) -> bool:
    """Store the state that an attempt leads to and end its claim.

    Return False if the delivery was cancelled or claimed again meanwhile.
    """
    ours = update(Delivery).where(
        col(Delivery.id) == claim.delivery_id,
        col(Delivery.attempts_made) == claim.number,
        col(Delivery.state) == "pending",
    )
    return changed_rows(session, ours.values(state=state, due_at=due_at, lease_until=None)) == 1


def cancel_pending(session: Session, webhook_id: str) -> None:
    """Cancel the pending deliveries of a webhook that was deleted, disabled or has expired."""
    waiting = update(Delivery).where(col(Delivery.webhook_id) == webhook_id, col(Delivery.state) == "pending")
    session.execute(waiting.values(state="cancelled", lease_until=None))


def resend(session: Session, delivery: Delivery, now: datetime) -> bool:
    """Make a finished delivery due again under the same id (W8); return False if its webhook is not active."""
    webhook = session.get(Webhook, delivery.webhook_id)
    if webhook is None or webhook.status(now) != "active":
        return False
    again = update(Delivery).where(col(Delivery.id) == delivery.id, _not_leased(now))
    changed_rows(session, again.values(state="pending", due_at=now, lease_until=None))
    return True


def next_due(
    session: Session, now: datetime, *, busy: Collection[str], sending: Collection[str] = ()
) -> datetime | None:
    """Return when the next unclaimed delivery is due; leaves out what `claim_next` leaves out."""
    return session.exec(NEXT_DUE, params={"now": now, "busy": busy, "sending": sending}).one()


def find_deliveries(session: Session, *, limit: int, after: Delivery | None, **equal: str) -> list[Delivery]:
    """Return deliveries, oldest first, whose columns have the values of `equal`, beginning `after` one of them."""
    place = (col(Delivery.created_at), col(Delivery.id))
    chosen = select(Delivery).order_by(*place).limit(limit)
    for name, value in equal.items():
        chosen = chosen.where(getattr(Delivery, name) == value)
    if after is not None:
        chosen = chosen.where(tuple_(*place) > (after.created_at, after.id))
    return list(session.exec(chosen))


def attempts_of(session: Session, delivery_ids: Collection[str]) -> dict[str, list[Attempt]]:
    """Return the attempts of each delivery, first attempt first."""
    found: dict[str, list[Attempt]] = {delivery_id: [] for delivery_id in delivery_ids}
    chosen = select(Attempt).where(col(Attempt.delivery_id).in_(delivery_ids)).order_by(col(Attempt.number))
    for attempt in session.exec(chosen):
        found[attempt.delivery_id].append(attempt)
    return found


def _mark_interrupted(session: Session, delivery_id: str) -> None:
    unfinished = update(Attempt).where(
        col(Attempt.delivery_id) == delivery_id, col(Attempt.status).is_(None), col(Attempt.error).is_(None)
    )
    session.execute(unfinished.values(error="interrupted"))
