"""Carrying messages to webhooks: signed, in parallel, at most 25 a second to one address, again for three days."""

import hashlib
import hmac
import logging
import threading
import time
from collections import Counter
from collections.abc import Callable

from sqlmodel import select

from alc_app.attio.host import trace
from alc_app.mock_attio.store import webhook_outbox
from alc_app.mock_attio.store.config import Post
from alc_app.mock_attio.store.services import Crm
from alc_app.mock_attio.store.webhook_tables import Message, Webhook

PER_SECOND = 25
AT_ONCE = 4
IDLE = 0.5
STOP_WITHIN = 3.0
logger = logging.getLogger(__name__)


class Sender:
    """A thread that looks into the outbox, and one for each attempt. What a kill -9 cuts off is sent again."""

    def __init__(self, crm: Crm, post: Post, clock: Callable[[], float] = time.monotonic) -> None:
        self._crm, self._post, self._clock = crm, post, clock
        self._under_way: dict[str, threading.Thread] = {}
        self._busy: Counter[str] = Counter()
        self._next_at: dict[str, float] = {}
        """By address: when the next message may leave."""
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="attio-webhooks", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """Send nothing more, and wait a little for what is under way."""
        self._stopping = True
        self._crm.database.changed.set()
        self._thread.join()
        deadline = self._clock() + STOP_WITHIN
        for attempt in list(self._under_way.values()):
            attempt.join(max(deadline - self._clock(), 0))

    def look(self) -> None:
        """Begin an attempt for each message that is due, as far as its address has room."""
        now = self._crm.config.now().timestamp()
        with self._crm.database.reading() as session:
            webhooks = session.exec(select(Webhook)).all()
            due = [
                (webhook, message)
                for webhook in webhooks
                if webhook.status(now) != "inactive"
                for message in webhook_outbox.due(
                    session, webhook.webhook_id, now, besides={*self._under_way}, limit=AT_ONCE
                )
            ]
        for webhook, message in due:
            if self._has_room(webhook.target_url):
                self._begin(webhook, message)
        for webhook in webhooks:
            if webhook.status(now) == "inactive":
                with self._crm.database.writing() as session:
                    webhook_outbox.drop(session, webhook.webhook_id)

    def wait(self) -> None:
        """Wait until what has been begun has come out."""
        for attempt in list(self._under_way.values()):
            attempt.join()

    def _run(self) -> None:
        while not self._stopping:
            self._crm.database.changed.clear()
            try:
                self.look()
            except Exception:
                logger.exception("The outbox could not be looked into; it is tried again.")
            with self._crm.database.reading() as session:
                more = webhook_outbox.waiting(session) > 0
            self._crm.database.changed.wait(1 / PER_SECOND if more else IDLE)

    def _has_room(self, url: str) -> bool:
        now = self._clock()
        if self._busy[url] >= AT_ONCE or now < self._next_at.get(url, 0.0):
            return False
        self._next_at[url] = max(now, self._next_at.get(url, 0.0)) + 1 / PER_SECOND
        return True

    def _begin(self, webhook: Webhook, message: Message) -> None:
        self._busy[webhook.target_url] += 1
        attempt = threading.Thread(target=self._attempt, args=(webhook, message), daemon=True)
        self._under_way[message.message_id] = attempt
        attempt.start()

    def _attempt(self, webhook: Webhook, message: Message) -> None:
        try:
            with trace.resumed(None):  # Attio's own messages do not say what they were caused by
                status = self._post(webhook.target_url, message.body.encode(), _headers(webhook, message))
            arrived = status is not None and 200 <= status < 300
            logger.info("Message %s, attempt %d: %s", message.message_id, message.tries + 1, status or "no answer")
            with self._crm.database.writing() as session:
                webhook_outbox.settle(
                    session, message.message_id, arrived=arrived, now=self._crm.config.now().timestamp()
                )
        finally:
            self._busy[webhook.target_url] -= 1
            del self._under_way[message.message_id]


def sign(secret: str, body: bytes) -> str:
    """Return Attio's signature: the secret's own bytes are the key, and the raw body is all that is signed."""
    return hmac.digest(secret.encode(), body, hashlib.sha256).hex()


def _headers(webhook: Webhook, message: Message) -> dict[str, str]:
    signature = sign(webhook.secret, message.body.encode())
    return {
        "Content-Type": "application/json",
        "Attio-Signature": signature,
        "X-Attio-Signature": signature,
        "Idempotency-Key": message.message_id,
    }
