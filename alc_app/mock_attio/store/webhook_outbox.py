"""The outbox of webhook messages: written in the transaction of the change, deleted when delivered or given up."""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import uuid4

from sqlmodel import Session, col, delete, select

from alc_app.mock_attio.store.deliveries import State
from alc_app.mock_attio.store.events import Event, matches
from alc_app.mock_attio.store.webhook_tables import Json, Message, Subscription, Webhook

MAX_RETRIES = 10
FIRST_RETRY_SECONDS = 8.8
BACKOFF_FACTOR = 3.0
"""Each pause is three times the previous one; ten of them add up to three days."""


def enqueue(session: Session, events: Iterable[Event], workspace_id: str, now: datetime) -> None:
    """Put each event into the outbox, once for each subscribed webhook, in the caller's transaction."""
    for event in events:
        subscribed = (
            select(Subscription).where(Subscription.event_type == event.type).order_by(col(Subscription.position))
        )
        subscriptions = session.exec(subscribed).all()
        if not subscriptions:
            continue
        payload = event.to_json(workspace_id)
        for webhook_id in {one.webhook_id: None for one in subscriptions if matches(payload, one.filter)}:
            body = {"webhook_id": webhook_id, "events": [payload]}
            session.add(
                Message(
                    message_id=str(uuid4()),
                    webhook_id=webhook_id,
                    body=_text(body),
                    due_at=now.timestamp(),
                )
            )


def _text(body: Json) -> str:
    return json.dumps(body, separators=(",", ":"))


def due_messages(session: Session, webhook_id: str, now: float, *, excluding: set[str], limit: int) -> list[Message]:
    """Return up to `limit` messages to a webhook that are due at `now` (epoch seconds), oldest first.

    Messages whose ids are in `excluding` are left out: they are being sent already.
    """
    waiting = (Message.webhook_id == webhook_id, Message.due_at <= now, col(Message.message_id).not_in(excluding))
    return list(session.exec(select(Message).where(*waiting).order_by(col(Message.number)).limit(limit)))


def record_attempt(
    session: Session, message_id: str, *, delivered: bool, now: float, again: bool = False
) -> State | None:
    """Record the result of an attempt: delete a delivered message, or schedule a retry.

    After the last retry, delete the message and mark the webhook as degraded. `again` keeps a delivered message,
    which is then sent once more. Returns the state of the message, or None if there is no such message.
    """
    message = session.exec(select(Message).where(Message.message_id == message_id).with_for_update()).first()
    if message is None:
        return None  # its webhook has been deleted in the meantime
    webhook = session.get_one(Webhook, message.webhook_id)
    if delivered:
        webhook.degraded_since = None
        if again:
            return "pending"
        session.delete(message)
        return "delivered"
    if message.tries < MAX_RETRIES:
        message.due_at = now + FIRST_RETRY_SECONDS * BACKOFF_FACTOR**message.tries
        message.tries += 1
        return "pending"
    webhook.degraded_since = webhook.degraded_since or now
    session.delete(message)
    return "failed"


def resend(session: Session, message_id: str, webhook_id: str, body: Json, now: datetime) -> bool:
    """Make a message due now, under its id, also one that is delivered; return False if its webhook is gone."""
    webhook = session.get(Webhook, webhook_id)
    if webhook is None or webhook.status(now.timestamp()) == "inactive":
        return False
    waiting = session.exec(select(Message).where(Message.message_id == message_id)).first()
    message = waiting or Message(message_id=message_id, webhook_id=webhook_id, body=_text(body), due_at=0.0)
    message.due_at = now.timestamp()
    session.add(message)
    return True


def waiting_messages(session: Session) -> Sequence[Message]:
    """Return the messages that are not delivered yet, oldest first."""
    return session.exec(select(Message).order_by(col(Message.number))).all()


def delete_messages(session: Session, webhook_id: str) -> None:
    """Delete the messages to a webhook that is no longer called."""
    session.execute(delete(Message).where(col(Message.webhook_id) == webhook_id))
