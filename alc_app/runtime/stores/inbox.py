"""Inbox of webhook deliveries, stored durably before they are answered.

One writer thread commits many requests at once: one fsync for each batch instead of one for each request gives an order
of magnitude more deliveries a second on a real disk, and a single writer never waits for a lock. The table deduplicates
deliveries, is their audit log, and feeds the queue: a worker claims `new` rows and runs them.
"""

from __future__ import annotations

import hashlib
import logging
import queue
import threading
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, Delete, TextClause, Update, delete, tuple_, update
from sqlalchemy.exc import NoResultFound, OperationalError
from sqlmodel import col, func, select

from alc_app.attio.host import trace
from alc_app.attio.host.backoff import backoff
from alc_app.runtime.bell import DELIVERIES, Bell
from alc_app.runtime.observability.delivery_log import log_answers
from alc_app.runtime.storage.database import Database
from alc_app.runtime.storage.tables import HAS_ENDED, HAS_FAILED, IS_OPEN, Delivery
from alc_app.runtime.stores import delivery_statements as statements
from alc_app.runtime.stores.delivery_statements import OPEN, START_WITHIN, ClaimedDelivery, DueDelivery
from alc_app.runtime.stores.handler_cache import HandlerChanged, KnownHandler

MAX_BATCH = 256
STORE_TIMEOUT = 8.0
"""Seconds that a request waits for its delivery to be stored."""
SLOW_WRITE = 2.0
"""Seconds that the writer may take for a batch. When it takes longer, new deliveries are refused at once."""
LONGEST_RETRY = 600.0
"""Seconds: the longest wait between two tries."""
MAX_TRIES = 12
ENDED = ("done", "failed", "ignored")
log = logging.getLogger(__name__)

Verdict = Literal["stored", "duplicate", "conflict"]
Answer = Verdict | Literal["changed"] | None  # None if it could not be stored, "changed" if its handler has changed


class NotStored(Exception):
    """The delivery could not be stored durably; the sender should send it again."""


@dataclass(frozen=True)
class _PendingWrite:
    """A delivery that waits for the writer thread."""

    row: dict[str, Any]
    handler: KnownHandler | None
    answer: queue.SimpleQueue[Answer] = field(default_factory=queue.SimpleQueue)


class Inbox:
    """The store of deliveries."""

    def __init__(
        self,
        database: Database,
        bell: Bell,
        now: Callable[[], float] = time.time,
        changed: Callable[[Iterable[KnownHandler], Connection], Collection[KnownHandler]] = lambda *_: (),
    ) -> None:
        """Store in `database`, and ring for what was stored. The writer thread starts with the first delivery.

        `changed` returns the handlers that are not what they were when a delivery was verified.
        """
        self._database, self._bell, self._now, self._changed_handlers = database, bell, now, changed
        self._insert = database.insert(Delivery).on_conflict_do_nothing().execution_options(preserve_rowcount=True)
        self._queue: queue.SimpleQueue[_PendingWrite] = queue.SimpleQueue()
        self._writer: threading.Thread | None = None
        self._starting = threading.Lock()
        self._writing_since = float("inf")

    def put(
        self, handler_id: str, webhook_id: str, body: bytes, state: str, handler: KnownHandler | None = None
    ) -> Verdict:
        """Store one delivery and return once it is on disk.

        A known id is a "duplicate", or a "conflict" if the bytes differ. `handler` is what it was verified by. Raises:
        NotStored; HandlerChanged, if the handler is another one by now.
        """
        self._ensure_writer()
        if time.monotonic() - self._writing_since > SLOW_WRITE:
            raise NotStored("The disk is too slow right now. Please send it again.")  # waiting would block a thread
        row = {
            "handler_id": handler_id,
            "webhook_id": webhook_id,
            "body": body,
            "digest": hashlib.sha256(body).hexdigest(),
            "received_at": (now := self._now()),
            "state": state,
            "due_at": now if state in ENDED else 0.0,
            "tries": 0,
            "traceparent": trace.traceparent() or trace.new().header(),
        }
        self._queue.put(item := _PendingWrite(row, handler))
        answer: Answer = None
        with suppress(queue.Empty):
            answer = item.answer.get(timeout=STORE_TIMEOUT)
        if answer is None:
            raise NotStored("The delivery could not be stored. Please send it again.")
        if answer == "changed":
            raise HandlerChanged
        return answer

    def get(self, handler_id: str, webhook_id: str) -> Delivery:
        """Return a stored delivery. Raises: NoResultFound."""
        if found := self._database.fetch(statements.ONE, {"handler": handler_id, "webhook": webhook_id}):
            return Delivery(**found[0]._mapping)
        raise NoResultFound

    def claim_new(self, limit: int, worker: str) -> list[ClaimedDelivery]:
        """Give new deliveries their first try by `worker`, the oldest first. Nobody else gets them."""
        values = {"now": self._now(), "limit": limit, "me": worker}
        return statements.claimed(self._database.change(statements.CLAIM_NEW, values))

    def due(self, limit: int, worker: str) -> list[DueDelivery]:
        """Return unfinished deliveries whose `due_at` has passed, oldest first: each may need a run.

        They are those that no worker has, and those of `worker`.
        """
        rows = self._database.fetch(statements.DUE, {"now": self._now(), "limit": limit, "me": worker})
        return [DueDelivery(**row._mapping) for row in rows]

    def claim(self, due: Sequence[DueDelivery], worker: str) -> list[ClaimedDelivery]:
        """Give each of these deliveries its next try by `worker`, unless another one has it. Returns those it got.

        They are due again after a while, in case their runs get lost while the worker lives on.
        """
        keys = [(row.handler_id, row.webhook_id) for row in due]
        values = {"now": self._now(), "keys": keys, "me": worker}
        return statements.claimed(self._database.change(statements.CLAIM, values))

    def postpone(self, row: DueDelivery) -> None:
        """Look at a delivery again a little later, because its run is still under way."""
        self._change(row.handler_id, row.webhook_id, due_at=self._now() + START_WITHIN)

    def release(self, workers: Sequence[str]) -> None:
        """Let others have what these dead workers had claimed, at once."""
        released = update(Delivery).where(IS_OPEN, col(Delivery.worker).in_(workers))
        with self._database.transaction() as session:
            session.exec(released.values(due_at=self._now(), worker=None))

    def schedule_retry(self, row: Delivery | ClaimedDelivery, why: str) -> str:
        """Schedule another run after an unexpected error, with backoff, or give up. Return the new state."""
        if row.tries >= MAX_TRIES:
            self.mark_ended(row.handler_id, row.webhook_id, "failed", why)
            return "failed"
        due_at = self._now() + backoff(row.tries, 1.0, LONGEST_RETRY)
        self._change(row.handler_id, row.webhook_id, state="queued", why=why, due_at=due_at, worker=None)
        return "queued"

    def mark_ended(self, handler_id: str, webhook_id: str, state: str, why: str | None = None) -> None:
        """Set the final state of a delivery, unless it has one already."""
        values = {"handler": handler_id, "webhook": webhook_id, "new_state": state, "new_why": why, "now": self._now()}
        self._database.change(statements.END, values)

    def count_overdue(self, seconds: float) -> int:
        """Count unfinished deliveries that have been due for more than `seconds`."""
        before = self._now() - seconds
        overdue = (IS_OPEN, col(Delivery.due_at) < before, col(Delivery.received_at) < before)
        with self._database.reading() as session:
            return session.exec(select(func.count()).select_from(Delivery).where(*overdue)).one()

    def failed(self) -> list[Delivery]:
        """Return the last 200 failed deliveries, newest first."""
        return self.newest(200, HAS_FAILED)

    def newest(self, limit: int, *which: TextClause) -> list[Delivery]:
        """Return the last deliveries, newest first, all or those in one state."""
        query = select(Delivery).where(*which).order_by(col(Delivery.received_at).desc()).limit(limit)
        with self._database.reading() as session:
            return list(session.exec(query))

    def requeue(self, handler_id: str, webhook_id: str, states: Sequence[str] = ("failed",)) -> None:
        """Give a delivery another run. `tries` is not reset: it is part of the run's id, so the run is a new one."""
        self._change(handler_id, webhook_id, states, state="new", why=None, due_at=0.0, worker=None)
        self._bell.ring(DELIVERIES)

    def dismiss(self, handler_id: str, webhook_id: str) -> None:
        """Mark a failed delivery as ignored."""
        self._change(handler_id, webhook_id, ("failed",), state="ignored")

    def _change(self, handler_id: str, webhook_id: str, states: Sequence[str] = OPEN, **values: object) -> None:
        which = (col(Delivery.handler_id) == handler_id, col(Delivery.webhook_id) == webhook_id)
        self._database.change(update(Delivery).where(*which, col(Delivery.state).in_(states)).values(**values), {})

    def count_by_state(self) -> dict[str, float]:
        """Count the deliveries that are new, queued or failed, by state."""
        count = select(Delivery.state, func.count()).group_by(Delivery.state)
        with self._database.reading() as session:
            return dict([*session.exec(count.where(IS_OPEN)), *session.exec(count.where(HAS_FAILED))])

    def oldest_waiting(self) -> float | None:
        """Return when the oldest unfinished delivery was received, or None."""
        with self._database.reading() as session:
            return session.exec(select(func.min(Delivery.received_at)).where(IS_OPEN)).one()

    def erase_bodies(self, before: float, limit: int) -> int:
        """Erase the bodies of at most `limit` deliveries that ended before `before`, oldest first. Return how many.

        Their ids are kept to recognize duplicates (R14). A failed one keeps its body until a person dismisses it.
        """
        ended = (HAS_ENDED, col(Delivery.state).in_(("done", "ignored")), col(Delivery.due_at) < before)
        return self._change_oldest(update(Delivery).values(state="forgotten", body=b"", why=None), ended, limit)

    def delete_older(self, before: float, limit: int) -> int:
        """Delete at most `limit` deliveries with erased bodies that ended before `before`. Return how many."""
        ended = (HAS_ENDED, col(Delivery.state) == "forgotten", col(Delivery.due_at) < before)
        return self._change_oldest(delete(Delivery), ended, limit)

    def _change_oldest(
        self, statement: Update | Delete, which: tuple[ColumnElement[bool] | TextClause, ...], limit: int
    ) -> int:
        key = (col(Delivery.handler_id), col(Delivery.webhook_id))
        oldest = select(*key).where(*which).order_by(col(Delivery.due_at)).limit(limit)
        with self._database.transaction() as session:
            return session.exec(statement.where(tuple_(*key).in_(oldest))).rowcount

    def statistics(self, handler_id: str) -> tuple[int, float | None, int]:
        """Return for a handler: the number of deliveries, when the last one came, and how many have failed."""
        failed = func.count().filter(col(Delivery.state) == "failed")
        query = select(func.count(), func.max(Delivery.received_at), failed).where(Delivery.handler_id == handler_id)
        with self._database.reading() as session:
            return session.exec(query).one()

    def close(self) -> None:
        """Close all connections."""
        self._database.close()

    def _ensure_writer(self) -> None:
        """Start the writer with the first delivery, so that it runs in the process that serves requests."""
        with self._starting:
            if self._writer is None:
                self._writer = threading.Thread(target=self._write_loop, name="inbox", daemon=True)
                self._writer.start()

    def _write_loop(self) -> None:
        while True:
            batch = [self._queue.get()]
            with suppress(queue.Empty):
                while len(batch) < MAX_BATCH:
                    batch.append(self._queue.get_nowait())
            self._commit(batch)

    def _commit(self, batch: list[_PendingWrite]) -> None:
        self._writing_since = time.monotonic()
        answers: Sequence[Answer] = [None] * len(batch)
        try:
            answers = self._store(batch)
        except OperationalError as error:  # locked, full or read-only: no single row is the cause
            log.error("Deliveries cannot be stored right now. Their senders will retry: %s", error.orig)
        except Exception:
            if len(batch) > 1:  # one bad row must not fail the others, so store each alone
                for item in batch:
                    self._commit([item])
                return
            log.exception("A delivery could not be stored. Its sender will retry.")
        answered = list(zip(batch, answers, strict=True))
        for item, answer in answered:
            item.answer.put(answer)
        if any(item.row["state"] == "new" and answer == "stored" for item, answer in answered):
            self._bell.ring(DELIVERIES)
        self._writing_since = float("inf")
        log_answers((item.row, answer) for item, answer in answered if answer and answer != "changed")

    def _store(self, batch: list[_PendingWrite]) -> list[Answer]:
        """Store in one transaction what was verified by its handler as it is now."""
        with self._database.engine.begin() as connection:
            changed = self._changed_handlers([item.handler for item in batch if item.handler], connection)
            rows = [item.row for item in batch if item.handler not in changed]
            verdicts = iter(self._insert_rows(connection, rows))
        return ["changed" if item.handler in changed else next(verdicts) for item in batch]

    def _insert_rows(self, connection: Connection, rows: list[dict[str, Any]]) -> list[Verdict]:
        """Insert what is new, and compare the rest with what is stored: another process may have been faster."""
        if not rows or connection.execute(self._insert, rows).rowcount == len(rows):
            return ["stored"] * len(rows)
        key = (col(Delivery.handler_id), col(Delivery.webhook_id))
        keys = [(row["handler_id"], row["webhook_id"]) for row in rows]
        stored = connection.execute(select(*key, Delivery.digest, Delivery.traceparent).where(tuple_(*key).in_(keys)))
        found = {(handler_id, webhook_id): rest for handler_id, webhook_id, *rest in stored}
        return [_verdict(row, *found[key_of]) for key_of, row in zip(keys, rows, strict=True)]


def _verdict(row: dict[str, Any], digest: str, traceparent: str) -> Verdict:
    """Compare a delivery with the stored row of its id, which is its own if it has its `traceparent`: none is twice."""
    if digest != row["digest"]:
        return "conflict"
    return "stored" if traceparent == row["traceparent"] else "duplicate"
