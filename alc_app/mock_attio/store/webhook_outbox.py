"""The outbox of webhook messages: written in the transaction of the change, deleted when delivered or given up."""

import json
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from uuid import uuid4

from sqlalchemy import bindparam, insert
from sqlmodel import Session, col, delete, select, update

from alc_app.mock_attio.store.database import HAS_MESSAGES, rows
from alc_app.mock_attio.store.deliveries import State
from alc_app.mock_attio.store.events import Event, matches
from alc_app.mock_attio.store.webhook_tables import Json, Message, Subscription, Webhook, status_of

MAX_RETRIES = 10
FIRST_RETRY_SECONDS = 8.8
BACKOFF_FACTOR = 3.0
"""Each pause is three times the previous one; ten of them add up to three days."""
_SUBSCRIPTIONS = (
    select(Subscription)
    .where(col(Subscription.event_type) == bindparam("event_type"))
    .order_by(col(Subscription.position))
)
_ADD = insert(Message)
_WEBHOOKS = select(Webhook)
_DUE = (
    select(Message)
    .where(
        col(Message.webhook_id) == bindparam("webhook_id"),
        col(Message.due_at) <= bindparam("now"),
    )
    .order_by(col(Message.number))
    .limit(bindparam("at_most"))
)
_DELIVERED = delete(Message).where(col(Message.message_id) == bindparam("sent"))
_RECOVERED = (
    update(Webhook)
    .where(col(Webhook.webhook_id) == bindparam("called"), col(Webhook.degraded_since).is_not(None))
    .values(degraded_since=None)
)


def enqueue(session: Session, events: Iterable[Event], workspace_id: str, now: datetime) -> None:
    """Put each event into the outbox, once for each subscribed webhook, in the caller's transaction."""
    messages = []
    for event in events:
        payload = event.to_json(workspace_id)
        subscriptions = rows(session, _SUBSCRIPTIONS, event_type=event.type)
        for webhook_id in {one.webhook_id: None for one in subscriptions if matches(payload, one.filter)}:
            message = {
                "message_id": str(uuid4()),
                "webhook_id": webhook_id,
                "body": _text({"webhook_id": webhook_id, "events": [payload]}),
                "due_at": now.timestamp(),
                "tries": 0,
            }
            messages.append(message)
    if messages:
        session.connection().execute(_ADD, messages)
        session.info[HAS_MESSAGES] = True


def _text(body: Json) -> str:
    return json.dumps(body, separators=(",", ":"))


def all_webhooks(session: Session) -> Sequence[Webhook]:
    """Return every webhook, to be read only."""
    return rows(session, _WEBHOOKS)


def due_messages(
    session: Session, webhook_id: str, now: float, *, excluding: Collection[str], limit: int
) -> Sequence[Message]:
    """Return up to `limit` messages to a webhook that are due at `now` (epoch seconds), oldest first.

    Messages whose ids are in `excluding` are left out: they are being sent already.
    """
    found = rows(session, _DUE, webhook_id=webhook_id, now=now, at_most=limit + len(excluding))
    return [message for message in found if message.message_id not in excluding][:limit]


def record_attempt(
    session: Session, sent: Message, *, delivered: bool, now: float, again: bool = False
) -> State | None:
    """Record the result of an attempt: delete a delivered message, or schedule a retry.

    After the last retry, delete the message and mark the webhook as degraded. `again` keeps a delivered message,
    which is then sent once more. Returns the state of the message, or None if there is no such message.
    """
    if delivered:
        session.connection().execute(_RECOVERED, {"called": sent.webhook_id})
    if delivered and not again:
        found = session.connection().execute(_DELIVERED, {"sent": sent.message_id}).rowcount
        return "delivered" if found else None  # its webhook has been deleted in the meantime
    message = session.exec(select(Message).where(Message.message_id == sent.message_id).with_for_update()).first()
    if message is None:
        return None
    if delivered:
        return "pending"
    if message.tries < MAX_RETRIES:
        message.due_at = now + FIRST_RETRY_SECONDS * BACKOFF_FACTOR**message.tries
        message.tries += 1
        return "pending"
    webhook = session.get_one(Webhook, message.webhook_id)
    webhook.degraded_since = webhook.degraded_since or now
    session.delete(message)
    return "failed"


def resend(session: Session, message_id: str, webhook_id: str, body: Json, now: datetime) -> bool:
    """Make a message due now, under its id, also one that is delivered; return False if its webhook is gone."""
    webhook = session.get(Webhook, webhook_id)
    if webhook is None or status_of(webhook, now.timestamp()) == "inactive":
        return False
    waiting = session.exec(select(Message).where(Message.message_id == message_id)).first()
    message = waiting or Message(message_id=message_id, webhook_id=webhook_id, body=_text(body), due_at=0.0)
    message.due_at = now.timestamp()
    session.add(message)
    session.info[HAS_MESSAGES] = True
    return True


def add_fields(session: Session, number: int | None, fields: Json) -> Message:
    """Let all attempts of a message from now on send these fields, too: the same bytes for each. Return it."""
    message = session.get_one(Message, number)
    message.body = _text({**json.loads(message.body), **fields})
    return message


def waiting_messages(session: Session) -> Sequence[Message]:
    """Return the messages that are not delivered yet, oldest first."""
    return session.exec(select(Message).order_by(col(Message.number))).all()


def delete_messages(session: Session, webhook_id: str) -> None:
    """Delete the messages to a webhook that is no longer called."""
    session.execute(delete(Message).where(col(Message.webhook_id) == webhook_id))
