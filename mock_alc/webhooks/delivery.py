"""The sender: takes due deliveries from the outbox, signs and sends them, and schedules retries."""

import json
import logging
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import update
from sqlmodel import Session, col

from mock_alc.base import trace
from mock_alc.base.clock import VirtualClock
from mock_alc.base.database import Database
from mock_alc.base.sealing import KeyUnusable, Sealer
from mock_alc.config import Config
from mock_alc.double.faults import ActiveFault, Faults
from mock_alc.faults.payloads import build_payload, with_new_fields
from mock_alc.webhooks.answer import Answer
from mock_alc.webhooks.outbox import (
    Attempt,
    Claim,
    cancel_pending,
    claim_next,
    extend_claim,
    finish_claim,
    next_due,
    replace_body,
)
from mock_alc.webhooks.registrations import Webhook, disable, live_secrets, record_failure, record_success
from mock_alc.webhooks.retries import next_attempt, read_retry_after
from mock_alc.webhooks.sent_copy import SentCopy

if TYPE_CHECKING:
    from mock_alc.webhooks.http_client import Call

POOL = 16
AT_ONCE_PER_ENDPOINT = 2
LEASE_MARGIN = timedelta(seconds=10)  # On top of the longest call, for the database work around it.
USER_AGENT = "AcmeLeadChecker/1"
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class AttemptResult:
    """One attempt: the answer, the injected trouble if any, and a copy of what was sent if anything was."""

    answer: Answer
    trouble: str | None = None
    sent: SentCopy | None = None


class Sender:
    """A job of the worker. One dead endpoint occupies at most AT_ONCE_PER_ENDPOINT threads of the pool (W10)."""

    def __init__(self, database: Database, sealer: Sealer, clock: VirtualClock, config: Config, faults: Faults) -> None:
        """Create the thread pool; nothing is sent before `run_due`."""
        self._database, self._sealer, self._clock, self._config = database, sealer, clock, config
        self._faults = faults
        self._lease = timedelta(seconds=config.delivery_timeout) + LEASE_MARGIN
        self._pool = ThreadPoolExecutor(POOL, thread_name_prefix="mock-alc-delivery")
        self._lock = threading.Lock()
        self._busy: Counter[str] = Counter()
        self._calls: dict[Future[None], Call] = {}
        self._sending: set[str] = set()
        self.when_done: Callable[[], None] = lambda: None
        """Called after each attempt, in the thread that made it."""

    def run_due(self) -> datetime | None:
        """Start due deliveries while threads are free; return when the next one is due, None if all are busy."""
        while len(self._calls) < POOL:
            with self._database.read() as session:  # a claim would take the lock of writers, mostly for nothing
                due = next_due(session, self._clock(), busy=self._busy_endpoints(), sending=self._in_hand())
            claim = self._claim() if due is not None and due <= self._clock() else None
            if claim is None:
                return due
            self._start(claim)
        return None  # The end of an attempt wakes the worker.

    @property
    def in_flight(self) -> bool:
        """Whether an attempt is running."""
        return bool(self._calls)

    def wait(self, timeout: float) -> None:
        """Wait up to `timeout` seconds for the running attempts to end."""
        wait(list(self._calls), timeout)

    def abort(self) -> None:
        """Abort every running attempt; its delivery stays in the outbox and is sent again."""
        for call in list(self._calls.values()):
            call.abort("aborted")

    def stop(self) -> None:
        """Abort the running attempts and end the threads."""
        self.abort()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _claim(self) -> Claim | None:
        with self._database.write() as session:
            return claim_next(
                session, self._clock(), lease=self._lease, busy=self._busy_endpoints(), sending=self._in_hand()
            )

    def _in_hand(self) -> set[str]:
        """Return the ids of the deliveries that are being sent."""
        with self._lock:
            return set(self._sending)

    def _busy_endpoints(self) -> set[str]:
        with self._lock:
            return {webhook_id for webhook_id, running in self._busy.items() if running >= AT_ONCE_PER_ENDPOINT}

    def _start(self, claim: Claim) -> None:
        from mock_alc.webhooks.http_client import Call  # Late: `requests` takes 0.1 s to import.

        call = Call(allow_loopback=self._config.loopback_targets_allowed, total_seconds=self._config.delivery_timeout)
        with self._lock:
            self._busy[claim.webhook_id] += 1
            self._sending.add(claim.delivery_id)
            future = self._pool.submit(self._attempt, claim, call)
            self._calls[future] = call
        future.add_done_callback(lambda done: self._release(claim, done))

    def _release(self, claim: Claim, done: Future[None]) -> None:
        with self._lock:
            self._busy[claim.webhook_id] -= 1
            self._sending.discard(claim.delivery_id)
            del self._calls[done]
        self.when_done()
        if not done.cancelled():
            done.result()  # Raises an exception of our own code, which concurrent.futures logs.

    def _attempt(self, claim: Claim, call: "Call") -> None:
        with self._database.read() as session:
            webhook = session.get(Webhook, claim.webhook_id)
        now = self._clock()
        armed = self._faults.for_delivery(claim.event, json.loads(claim.body))
        send_anyway = armed is not None and armed.fault.trouble == "to_deleted"
        if webhook is None or (webhook.status(now) != "active" and not send_anyway):
            result = AttemptResult(Answer(error="not_active"))
        else:
            result = self._send(claim, call, webhook, armed)
        answer = result.answer
        outcome, suffix = answer.status or answer.error, trace.log_suffix(claim.traceparent)
        log.info("delivery %s, attempt %d: %s%s", claim.delivery_id, claim.number, outcome, suffix)
        with self._database.write() as session:
            self._record(session, claim, result)
        self._faults.release_holds(json.loads(claim.body).get("record_id"))

    def _send(self, claim: Claim, call: "Call", webhook: Webhook, armed: ActiveFault | None) -> AttemptResult:
        """Sign the delivery with every live secret and send it, with the injected fault if there is one."""
        try:
            secrets = live_secrets(webhook, self._sealer, self._clock())
        except KeyUnusable:
            return AttemptResult(Answer(error="key_unusable"))
        if armed is not None:
            with self._database.write() as session:  # The delay comes on top of what the lease was made for.
                extend_claim(session, claim, self._clock() + timedelta(seconds=armed.fault.latency) + self._lease)
                if armed.fault.trouble == "extra_fields":
                    claim = replace_body(session, claim, with_new_fields(claim.body))
            armed.delay()
        trouble = armed.fault.trouble if armed else None
        if trouble == "lost":
            return AttemptResult(Answer(error="lost"), trouble)
        # Real time, not virtual: the receiver compares the timestamp with its own clock.
        timestamp = int(self._clock.real().timestamp())
        payload = build_payload(secrets, claim.delivery_id, timestamp, claim.body, armed.fault if armed else None)
        headers = {**payload.headers, "User-Agent": USER_AGENT, "traceparent": trace.continue_trace(claim.traceparent)}
        answer = call.post(webhook.url, payload.body, headers)
        if trouble == "answer_lost":
            answer = Answer(error="answer_lost", milliseconds=answer.milliseconds)
        return AttemptResult(answer, trouble, SentCopy.of(claim.body, payload, headers, trouble))

    def _record(self, session: Session, claim: Claim, result: AttemptResult) -> None:
        now, answer, trouble = self._clock(), result.answer, result.trouble
        self._save_attempt(session, claim, result)
        webhook = session.get(Webhook, claim.webhook_id)
        if webhook is None:
            return  # The mock was reset meanwhile.
        if answer.error == "not_active":
            cancel_pending(session, webhook.id)
        elif answer.error == "aborted":
            finish_claim(session, claim, state="pending", due_at=now)
        elif answer.status is not None and 200 <= answer.status < 300:
            finish_claim(session, claim, state="pending" if trouble == "duplicate" else "delivered", due_at=now)
            record_success(webhook)
        else:
            self._schedule_retry(session, claim, answer, webhook, now)

    def _schedule_retry(self, session: Session, claim: Claim, answer: Answer, webhook: Webhook, now: datetime) -> None:
        retry_after = read_retry_after(answer.retry_after, now)
        due_at = next_attempt(self._config.retry_schedule, claim.number, now, retry_after)
        finish_claim(session, claim, state="failed" if due_at is None else "pending", due_at=due_at or now)
        if answer.status == 410:
            disable(webhook, now, "The receiver answered 410 Gone.")
        else:
            record_failure(webhook, now, disable_after=timedelta(seconds=self._config.disable_after))
        if webhook.disabled_at is not None:
            log.warning(
                "ALC disabled the webhook %s: %s Enable it again in the console.", webhook.id, webhook.disabled_reason
            )
            cancel_pending(session, webhook.id)

    @staticmethod
    def _save_attempt(session: Session, claim: Claim, result: AttemptResult) -> None:
        answer = result.answer
        this = update(Attempt).where(col(Attempt.delivery_id) == claim.delivery_id, col(Attempt.number) == claim.number)
        session.execute(
            this.values(
                status=answer.status,
                milliseconds=answer.milliseconds,
                error=answer.error,
                body=answer.body,
                sent_copy=result.sent and result.sent.as_text(),
            )
        )
