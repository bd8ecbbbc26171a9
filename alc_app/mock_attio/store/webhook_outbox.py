"""The outbox: messages wait here from the transaction of the change that they tell of, until they have arrived."""

import json
from collections.abc import Iterable
from datetime import datetime
from uuid import uuid4

from sqlmodel import Session, col, delete, func, select

from alc_app.mock_attio.store.events import Event, passes
from alc_app.mock_attio.store.schema_lookup import find_workspace
from alc_app.mock_attio.store.webhook_tables import Message, Subscription, Webhook

RETRIES = 10
FIRST_RETRY = 8.8
TIMES = 3.0
"""Each pause is three times the one before: ten of them make three days."""


def announce(session: Session, events: Iterable[Event], now: datetime) -> None:
    """Put each event into the outbox, once for each webhook that wants it, in the caller's transaction."""
    for event in events:
        wanting = select(Subscription).where(Subscription.event_type == event.type).order_by(col(Subscription.position))
        subscriptions = session.exec(wanting).all()
        if not subscriptions:
            continue
        told = event.to_json(find_workspace(session).workspace_id)
        for webhook_id in {one.webhook_id: None for one in subscriptions if passes(told, one.filter)}:
            body = {"webhook_id": webhook_id, "events": [told]}
            session.add(
                Message(
                    message_id=str(uuid4()),
                    webhook_id=webhook_id,
                    body=json.dumps(body, separators=(",", ":")),
                    due_at=now.timestamp(),
                )
            )


def due(session: Session, webhook_id: str, now: float, *, besides: set[str], limit: int) -> list[Message]:
    """Return the messages to a webhook whose time has come, the oldest first."""
    waiting = (Message.webhook_id == webhook_id, Message.due_at <= now, col(Message.message_id).not_in(besides))
    return list(session.exec(select(Message).where(*waiting).order_by(col(Message.number)).limit(limit)))


def settle(session: Session, message_id: str, *, arrived: bool, now: float) -> None:
    """Note how an attempt came out: it arrived, it is due again, or it was the last and the webhook is degraded."""
    message = session.exec(select(Message).where(Message.message_id == message_id).with_for_update()).first()
    if message is None:
        return  # its webhook was deleted meanwhile
    webhook = session.get_one(Webhook, message.webhook_id)
    if arrived:
        webhook.degraded_since = None
        session.delete(message)
    elif message.tries < RETRIES:
        message.due_at = now + FIRST_RETRY * TIMES**message.tries
        message.tries += 1
    else:
        webhook.degraded_since = webhook.degraded_since or now
        session.delete(message)


def drop(session: Session, webhook_id: str) -> None:
    """Forget what waits for a webhook that is no longer called."""
    session.execute(delete(Message).where(col(Message.webhook_id) == webhook_id))


def waiting(session: Session) -> int:
    """Return how many messages have not arrived yet."""
    return session.exec(select(func.count()).select_from(Message)).one()
