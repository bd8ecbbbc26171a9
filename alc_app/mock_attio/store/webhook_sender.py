"""Send the outbox to the webhooks: signed, in parallel, at most 25 messages a second to one URL."""

import json
import logging
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from sqlmodel import col, func, select

from alc_app.mock_attio.store import webhook_outbox
from alc_app.mock_attio.store.config import Post
from alc_app.mock_attio.store.database import Database
from alc_app.mock_attio.store.deliveries import Attempt, DeliveryLog, State
from alc_app.mock_attio.store.webhook_payload import NEW_FIELDS, build_payload
from alc_app.mock_attio.store.webhook_tables import Message, Webhook, status_of
from mock_alc.base.clock import Clock, monotonic
from mock_alc.double.faults import ActiveFault, Faults

MAX_PER_SECOND = 25
MAX_PARALLEL = 4
POLL_SECONDS = 0.5
STOP_SECONDS = 3.0
MOST_WAVES = 100
"""How often what a webhook changes may call it again."""
logger = logging.getLogger(__name__)


class EndlessDeliveries(RuntimeError):
    """What a webhook does makes Attio call it again."""

    def __init__(self) -> None:
        """Say what was seen, and what is the likeliest reason."""
        super().__init__(
            f"The webhooks' own changes called them again, {MOST_WAVES} times in a row. Does the receiver answer "
            "each record.updated with another change of the record? A filter can leave out its own."
        )


class Sender:
    """Polls the outbox in one thread and sends each message in another.

    A message stays in the outbox until it is delivered, so one that a kill -9 interrupts is sent again.
    """

    def __init__(
        self, database: Database, post: Post, now: Clock, *, faults: Faults, log: DeliveryLog,
        ticks: Callable[[], float] = monotonic,
    ) -> None:  # fmt: skip
        """Send with `post`; `now` says what is due, and `ticks`, in seconds, keeps the pace."""
        self._database, self._post, self._now, self._ticks = database, post, now, ticks
        self._faults, self._log = faults, log
        self._attempts: dict[str, threading.Thread] = {}
        self._in_flight: Counter[str] = Counter()
        self._next_at: dict[str, float] = {}
        """By URL: when the next message may be sent."""
        self._lock = threading.RLock()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="attio-webhooks", daemon=True)

    def start(self) -> None:
        """Start polling the outbox."""
        self._thread.start()

    def stop(self) -> None:
        """Stop sending, and wait up to `STOP_SECONDS` for running attempts."""
        self._stopping = True
        self.wake()
        self._thread.join()
        self.wait_for_attempts(STOP_SECONDS)

    def wake(self) -> None:
        """Look at the outbox now."""
        self._database.changed.set()

    @property
    def in_flight(self) -> bool:
        """Whether an attempt is running."""
        return bool(self._attempts)

    def run_due(self) -> None:
        """Send what is due, without a pace, and wait until it is answered. Raises EndlessDeliveries."""
        for _wave in range(MOST_WAVES):
            until = self._now()  # what the receivers change meanwhile is announced in the next wave
            while self._is_due(until):
                self.send_due(paced=False, until=until)
                self.wait_for_attempts()
            if not self._is_due(self._now()):
                return
        raise EndlessDeliveries

    def _is_due(self, until: datetime) -> bool:
        """Return whether a message is due by then; one that is being sent counts."""
        due = self.next_due()
        return due is not None and due <= until

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Begin no attempt during the `with` block, and wait up to `STOP_SECONDS` for those that run."""
        with self._lock:
            self.wait_for_attempts(STOP_SECONDS)
            yield

    def next_due(self) -> datetime | None:
        """Return when the next message of an active webhook is due, or None."""
        now = self._now().timestamp()
        with self._database.reading() as session:
            called = [
                one.webhook_id for one in webhook_outbox.all_webhooks(session) if status_of(one, now) != "inactive"
            ]
            waiting = select(func.min(col(Message.due_at))).where(col(Message.webhook_id).in_(called))
            due = session.exec(waiting).one()
        return None if due is None else datetime.fromtimestamp(due, UTC)

    def send_due(self, *, paced: bool = True, until: datetime | None = None) -> bool:
        """Start an attempt for each due message whose URL has capacity; drop the messages of inactive webhooks.

        A message is due now, or at `until`. Returns whether there is one that has to wait for its URL.
        """
        with self._lock:
            now = (until or self._now()).timestamp()
            sending = {*self._attempts}  # before the snapshot, in which an attempt that ends meanwhile is still due
            with self._database.reading() as session:
                webhooks = webhook_outbox.all_webhooks(session)
                inactive = [one.webhook_id for one in webhooks if status_of(one, now) == "inactive"]
                due = [
                    (webhook, message)
                    for webhook in webhooks
                    if webhook.webhook_id not in inactive
                    for message in webhook_outbox.due_messages(
                        session, webhook.webhook_id, now, excluding=sending, limit=MAX_PARALLEL
                    )
                ]
            begun = 0
            for webhook, message in due:
                if self._has_capacity(webhook.target_url, paced=paced):
                    self._begin(webhook, message)
                    begun += 1
            self._drop(inactive)
            return begun < len(due)

    def wait_for_attempts(self, at_most: float | None = None) -> None:
        """Wait until all running attempts have ended, `at_most` so many seconds."""
        deadline = None if at_most is None else self._ticks() + at_most
        with self._lock:  # a thread that is being started cannot be waited for yet
            running = list(self._attempts.values())
        for attempt in running:
            attempt.join(None if deadline is None else max(deadline - self._ticks(), 0))

    def _drop(self, webhook_ids: list[str]) -> None:
        for webhook_id in webhook_ids:
            with self._database.writing() as session:
                webhook_outbox.delete_messages(session, webhook_id)

    def _run(self) -> None:
        while not self._stopping:
            self._database.changed.clear()
            more = False
            try:
                more = self.send_due()
            except Exception:
                logger.exception("Reading the outbox failed. It is retried.")
            self._database.changed.wait(1 / MAX_PER_SECOND if more else POLL_SECONDS)

    def _has_capacity(self, url: str, *, paced: bool) -> bool:
        now = self._ticks()
        if self._in_flight[url] >= MAX_PARALLEL or (paced and now < self._next_at.get(url, 0.0)):
            return False
        self._next_at[url] = max(now, self._next_at.get(url, 0.0)) + 1 / MAX_PER_SECOND
        return True

    def _begin(self, webhook: Webhook, message: Message) -> None:
        self._in_flight[webhook.target_url] += 1
        attempt = threading.Thread(target=self._attempt, args=(webhook, message), daemon=True)
        self._attempts[message.message_id] = attempt
        attempt.start()

    def _attempt(self, webhook: Webhook, message: Message) -> None:
        event, state = json.loads(message.body)["events"][0], None
        try:
            armed = self._faults.for_delivery(event["event_type"], event)
            if armed and armed.fault.trouble == "extra_fields":
                with self._database.writing() as session:
                    message = webhook_outbox.add_fields(session, message.number, NEW_FIELDS)
            attempt = self._send(webhook, message, armed)
            outcome = attempt.status or attempt.error
            logger.info("Message %s, attempt %d: %s", message.message_id, message.tries + 1, outcome)
            state = self._record(message, attempt)
        finally:
            self._in_flight[webhook.target_url] -= 1
            del self._attempts[message.message_id]
            self._faults.release_holds(event["id"].get("record_id"))
            if state == "pending":
                self.wake()  # it may be due again now, and was left out while it was being sent

    def _send(self, webhook: Webhook, message: Message, armed: ActiveFault | None) -> Attempt:
        """Send a message, with the injected fault if there is one."""
        if armed is not None:
            armed.delay()
        fault = armed.fault if armed else None
        trouble = fault.trouble if fault else None
        if trouble == "lost":
            return Attempt(self._now(), None, "lost", trouble)
        body, headers = build_payload(webhook.secret, message.message_id, message.body.encode(), fault)
        status = self._post(webhook.target_url, body, headers)
        if trouble == "answer_lost":
            return Attempt(self._now(), None, "answer_lost", trouble)
        return Attempt(self._now(), status, None if status else "no_answer", trouble)

    def _record(self, message: Message, attempt: Attempt) -> State | None:
        """Store the result of an attempt; return the state of the message, or None if it is gone."""
        taken = attempt.status is not None and 200 <= attempt.status < 300
        again = attempt.fault == "duplicate" and not self._log.was_taken(message.message_id)
        with self._database.writing() as session:
            state = webhook_outbox.record_attempt(
                session, message, delivered=taken, now=attempt.at.timestamp(), again=again
            )
            if state is not None:
                self._log.add_attempt(message, attempt, state)
            return state
