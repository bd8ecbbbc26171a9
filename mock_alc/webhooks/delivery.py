"""The sender: takes deliveries from the outbox and carries them to the webhooks, retrying as published."""

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
from mock_alc.faults.payloads import build_payload
from mock_alc.faults.store import ActiveFault, Faults
from mock_alc.webhooks.answer import Answer
from mock_alc.webhooks.outbox import Attempt, Claim, cancel_for, claim_next, next_due, settle
from mock_alc.webhooks.registrations import Webhook, disable, live_secrets, note_failure, note_success
from mock_alc.webhooks.retries import next_attempt, read_retry_after
from mock_alc.webhooks.sent_copy import Letter

if TYPE_CHECKING:
    from mock_alc.webhooks.http_client import Call

POOL = 16
AT_ONCE_PER_ENDPOINT = 2
LEASE_MARGIN = timedelta(seconds=5)  # On top of the longest attempt, for the database work around it.
USER_AGENT = "AcmeLeadChecker/1"
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Tried:
    """One attempt: what came of it, the trouble that was asked for if any was, and what was sent if anything was."""

    answer: Answer
    trouble: str | None = None
    letter: Letter | None = None


class Sender:
    """A chore of the worker; one dead endpoint holds at most its own two threads (W10)."""

    def __init__(self, database: Database, sealer: Sealer, clock: VirtualClock, config: Config, faults: Faults) -> None:
        self._database, self._sealer, self._clock, self._config = database, sealer, clock, config
        self._faults = faults
        self._lease = timedelta(seconds=config.delivery_timeout) + LEASE_MARGIN
        self._pool = ThreadPoolExecutor(POOL, thread_name_prefix="mock-alc-delivery")
        self._lock = threading.Lock()
        self._busy: Counter[str] = Counter()
        self._calls: dict[Future[None], Call] = {}
        self.when_done: Callable[[], None] = lambda: None

    def run_due(self) -> datetime | None:
        """Start what is due, as far as there is room; return when the next delivery will be due."""
        while len(self._calls) < POOL:
            claim = self._claim()
            if claim is None:
                with self._database.read() as session:
                    return next_due(session, self._clock(), busy=self._busy_endpoints())
            self._start(claim)
        return None  # No room: the end of an attempt is what to wait for.

    @property
    def in_flight(self) -> bool:
        """Is any attempt under way?"""
        return bool(self._calls)

    def wait(self, timeout: float) -> None:
        """Wait until the attempts under way have ended."""
        wait(list(self._calls), timeout)

    def abort(self) -> None:
        """Cut every attempt under way; each stays in the outbox and is tried again."""
        for call in list(self._calls.values()):
            call.cut("aborted")

    def stop(self) -> None:
        """Cut what is under way and let the threads end."""
        self.abort()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _claim(self) -> Claim | None:
        with self._database.write() as session:
            return claim_next(session, self._clock(), lease=self._lease, busy=self._busy_endpoints())

    def _busy_endpoints(self) -> set[str]:
        with self._lock:
            return {webhook_id for webhook_id, running in self._busy.items() if running >= AT_ONCE_PER_ENDPOINT}

    def _start(self, claim: Claim) -> None:
        from mock_alc.webhooks.http_client import Call  # Late: `requests` takes a tenth of a second to load.

        call = Call(allow_loopback=self._config.loopback_targets_allowed, total_seconds=self._config.delivery_timeout)
        with self._lock:
            self._busy[claim.webhook_id] += 1
            future = self._pool.submit(self._attempt, claim, call)
            self._calls[future] = call
        future.add_done_callback(lambda done: self._ended(claim, done))

    def _ended(self, claim: Claim, done: Future[None]) -> None:
        with self._lock:
            self._busy[claim.webhook_id] -= 1
            del self._calls[done]
        self.when_done()
        if not done.cancelled():
            done.result()  # A fault of ours is logged by the pool, never swallowed.

    def _attempt(self, claim: Claim, call: "Call") -> None:
        with self._database.read() as session:
            webhook = session.get(Webhook, claim.webhook_id)
        now = self._clock()
        armed = self._faults.for_delivery(claim.event, json.loads(claim.body))
        insists = armed is not None and armed.fault.trouble == "to_deleted"
        if webhook is None or (webhook.status(now) != "active" and not insists):
            tried = Tried(Answer(error="not_active"))
        else:
            tried = self._send(claim, call, webhook, armed)
        answer = tried.answer
        result = answer.status or answer.error
        log.info(
            "delivery %s, attempt %d: %s%s", claim.delivery_id, claim.number, result, trace.short(claim.traceparent)
        )
        with self._database.write() as session:
            self._record(session, claim, tried)
        self._faults.release_holds(json.loads(claim.body).get("record_id"))

    def _send(self, claim: Claim, call: "Call", webhook: Webhook, armed: ActiveFault | None) -> Tried:
        """Sign and send."""
        try:
            secrets = live_secrets(webhook, self._sealer, self._clock())
        except KeyUnusable:
            return Tried(Answer(error="key_unusable"))
        if armed is not None:
            armed.delay()
        trouble = armed.fault.trouble if armed else None
        if trouble == "lost":
            return Tried(Answer(error="lost"), trouble)
        # The receiver compares the timestamp with its own clock, which nobody has moved.
        timestamp = int(self._clock.real().timestamp())
        payload = build_payload(secrets, claim.delivery_id, timestamp, claim.body, armed.fault if armed else None)
        headers = {**payload.headers, "User-Agent": USER_AGENT, "traceparent": trace.go_on(claim.traceparent)}
        answer = call.post(webhook.url, payload.body, headers)
        if trouble == "answer_lost":
            answer = Answer(error="answer_lost", milliseconds=answer.milliseconds)
        return Tried(answer, trouble, Letter.of(claim.body, payload, headers, trouble))

    def _record(self, session: Session, claim: Claim, tried: Tried) -> None:
        now, answer, trouble = self._clock(), tried.answer, tried.trouble
        self._keep_attempt(session, claim, tried)
        webhook = session.get(Webhook, claim.webhook_id)
        if webhook is None:
            return  # A reset took the webhook, and all that was about it.
        if answer.error == "not_active":
            cancel_for(session, webhook.id)
        elif answer.error == "aborted":
            settle(session, claim, state="pending", due_at=now)
        elif answer.status is not None and 200 <= answer.status < 300:
            settle(session, claim, state="pending" if trouble == "duplicate" else "delivered", due_at=now)
            note_success(webhook)
        else:
            self._plan_again(session, claim, answer, webhook, now)

    def _plan_again(self, session: Session, claim: Claim, answer: Answer, webhook: Webhook, now: datetime) -> None:
        wished = read_retry_after(answer.retry_after, now)
        due_at = next_attempt(self._config.retry_schedule, claim.number, now, wished)
        settle(session, claim, state="failed" if due_at is None else "pending", due_at=due_at or now)
        if answer.status == 410:
            disable(webhook, now, "The receiver answered 410 Gone.")
        else:
            note_failure(webhook, now, disable_after=timedelta(seconds=self._config.disable_after))
        if webhook.disabled_at is not None:
            log.warning("webhook %s is disabled: %s A person turns it on again.", webhook.id, webhook.disabled_reason)
            cancel_for(session, webhook.id)

    @staticmethod
    def _keep_attempt(session: Session, claim: Claim, tried: Tried) -> None:
        answer, letter = tried.answer, tried.letter
        this = update(Attempt).where(col(Attempt.delivery_id) == claim.delivery_id, col(Attempt.number) == claim.number)
        session.execute(
            this.values(
                status=answer.status,
                milliseconds=answer.milliseconds,
                error=answer.error,
                body=answer.body,
                letter=letter and letter.as_text(),
            )
        )
