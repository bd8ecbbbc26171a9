"""Send the outbox to the webhooks: signed, in parallel, at most 25 messages a second to one URL."""

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
from alc_app.mock_attio.store.services import Services
from alc_app.mock_attio.store.webhook_tables import Message, Webhook

MAX_PER_SECOND = 25
MAX_PARALLEL = 4
POLL_SECONDS = 0.5
STOP_SECONDS = 3.0
logger = logging.getLogger(__name__)


class Sender:
    """Polls the outbox in one thread and sends each message in another.

    A message stays in the outbox until it is delivered, so one that a kill -9 interrupts is sent again.
    """

    def __init__(self, services: Services, post: Post, clock: Callable[[], float] = time.monotonic) -> None:
        """Send with `post`; `clock` returns seconds and is used for the pace."""
        self._services, self._post, self._clock = services, post, clock
        self._attempts: dict[str, threading.Thread] = {}
        self._in_flight: Counter[str] = Counter()
        self._next_at: dict[str, float] = {}
        """By URL: when the next message may be sent."""
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="attio-webhooks", daemon=True)

    def start(self) -> None:
        """Start polling the outbox."""
        self._thread.start()

    def stop(self) -> None:
        """Stop sending, and wait up to `STOP_SECONDS` for running attempts."""
        self._stopping = True
        self._services.database.changed.set()
        self._thread.join()
        deadline = self._clock() + STOP_SECONDS
        for attempt in list(self._attempts.values()):
            attempt.join(max(deadline - self._clock(), 0))

    def send_due(self) -> bool:
        """Start an attempt for each due message whose URL has capacity; drop the messages of inactive webhooks.

        Returns whether a due message was left for lack of capacity.
        """
        now = self._services.config.now().timestamp()
        with self._services.database.reading() as session:
            webhooks = session.exec(select(Webhook)).all()
            due = [
                (webhook, message)
                for webhook in webhooks
                if webhook.status(now) != "inactive"
                for message in webhook_outbox.due_messages(
                    session, webhook.webhook_id, now, excluding={*self._attempts}, limit=MAX_PARALLEL
                )
            ]
        left = False
        for webhook, message in due:
            if self._has_capacity(webhook.target_url):
                self._begin(webhook, message)
            else:
                left = True
        for webhook in webhooks:
            if webhook.status(now) == "inactive":
                with self._services.database.writing() as session:
                    webhook_outbox.delete_messages(session, webhook.webhook_id)
        return left

    def wait_for_attempts(self) -> None:
        """Wait until all running attempts have ended."""
        for attempt in list(self._attempts.values()):
            attempt.join()

    def _run(self) -> None:
        while not self._stopping:
            self._services.database.changed.clear()
            more = False
            try:
                more = self.send_due()
            except Exception:
                logger.exception("Reading the outbox failed. It is retried.")
            self._services.database.changed.wait(1 / MAX_PER_SECOND if more else POLL_SECONDS)

    def _has_capacity(self, url: str) -> bool:
        now = self._clock()
        if self._in_flight[url] >= MAX_PARALLEL or now < self._next_at.get(url, 0.0):
            return False
        self._next_at[url] = max(now, self._next_at.get(url, 0.0)) + 1 / MAX_PER_SECOND
        return True

    def _begin(self, webhook: Webhook, message: Message) -> None:
        self._in_flight[webhook.target_url] += 1
        attempt = threading.Thread(target=self._attempt, args=(webhook, message), daemon=True)
        self._attempts[message.message_id] = attempt
        attempt.start()

    def _attempt(self, webhook: Webhook, message: Message) -> None:
        try:
            with trace.resumed(None):  # Attio's webhook requests carry no trace of the request that caused them
                status = self._post(webhook.target_url, message.body.encode(), _headers(webhook, message))
            delivered = status is not None and 200 <= status < 300
            logger.info("Message %s, attempt %d: %s", message.message_id, message.tries + 1, status or "no answer")
            with self._services.database.writing() as session:
                webhook_outbox.record_attempt(
                    session, message.message_id, delivered=delivered, now=self._services.config.now().timestamp()
                )
        finally:
            self._in_flight[webhook.target_url] -= 1
            del self._attempts[message.message_id]


def sign(secret: str, body: bytes) -> str:
    """Return Attio's signature: the hex HMAC-SHA256 of the raw body; the key is the secret as UTF-8."""
    return hmac.digest(secret.encode(), body, hashlib.sha256).hex()


def _headers(webhook: Webhook, message: Message) -> dict[str, str]:
    signature = sign(webhook.secret, message.body.encode())
    return {
        "Content-Type": "application/json",
        "Attio-Signature": signature,
        "X-Attio-Signature": signature,
        "Idempotency-Key": message.message_id,
    }
