"""The log of exchanges: each arrow of the tutorial's two sequence diagrams, logged as it happens.

Best-effort log for the pages, written by a background thread, which never waits for the disk: deliveries do. A crash
may lose recent entries; nothing depends on them.
Secrets are removed before a message is logged (redaction.py).
"""

from __future__ import annotations

import itertools
import json
import logging
import queue
import threading
import time
import uuid
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection, delete, insert, text
from sqlmodel import col, func, select
from sqlmodel.sql.expression import SelectOfScalar

from alc_app.attio.host import trace
from alc_app.runtime.exchanges.source_lines import source_lines
from alc_app.runtime.storage.database import Database
from alc_app.runtime.storage.tables import Message

MAX_WAITING = 2000
"""Messages that may wait to be written. Further ones are dropped, so that the caller never waits."""
LARGEST_ID = 2**31 - 1
"""Of Postgres's integers."""
MAX_KEPT = 20_000
"""Messages that stay in the table."""
DELIVERIES_PER_SECOND = 50
"""Deliveries that are logged within a second. Nobody reads more, and logging must not slow a flood of them."""
BATCH_SECONDS = 0.03
"""Seconds in which messages are collected for one commit."""
log = logging.getLogger(__name__)

Row = dict[str, Any]


class ExchangeLog:
    """The log. Without a database it records nothing."""

    def __init__(
        self,
        database: Database | None,
        now: Callable[[], float] = time.time,
        participants: Mapping[str, str] = MappingProxyType({}),
        describe: Callable[[Row], Row] = dict,
    ) -> None:
        """Write to `database`. `participants` names the host and port of URLs, `describe` extends messages read."""
        self._database, self._now = database, now
        self._participants = participants
        self.describe = describe
        """Adds to a message what the pages show beside it, such as the step of the tutorial."""
        self._waiting: queue.Queue[Row | None] = queue.Queue(MAX_WAITING)
        self._writer: threading.Thread | None = None
        self._closing = threading.Event()
        self._starting = threading.Lock()
        self._second, self._deliveries = 0, 0

    def feed(self, pass_on: Callable[[Row], object]) -> ExchangeFeed:
        """Return a log with the same names that passes each message on, and stores nothing."""
        return ExchangeFeed(self._now, self._participants, self.describe, pass_on)

    def takes_delivery(self) -> bool:
        """Return whether another delivery is to be logged, and count it."""
        if (second := int(time.monotonic())) != self._second:
            self._second, self._deliveries = second, 0
        self._deliveries += 1
        return self._database is not None and self._deliveries <= DELIVERIES_PER_SECOND

    def add(self, sender: str, receiver: str, label: str, *, kind: str = "call", **detail: Any) -> None:
        """Log a message without an answer."""
        self._enqueue((sender, receiver), label, detail, kind=kind)

    @contextmanager
    def call(self, receiver: str, label: str, *, sender: str = "", **detail: Any) -> Iterator[dict[str, Any]]:
        """Log a call at the start of the block and its answer at the end.

        What the block puts in the yielded dict becomes the answer's detail; its `label` becomes the answer's text.
        """
        call, sender, answer = uuid.uuid4().hex[:16], sender or current_participant(), dict[str, Any]()
        receiver = self._participants.get(receiver, receiver)
        self._enqueue((sender, receiver), label, {"source": source_lines(), **detail}, call=call)
        try:
            yield answer
        except BaseException as error:
            answer |= {"label": f"raises {type(error).__name__}", "failed": True}
            raise
        finally:
            self._enqueue((receiver, sender), answer.pop("label", "returns"), answer, kind="answer", call=call)

    def after(self, number: int, *, trace_id: str = "", limit: int = 1000) -> list[Row]:
        """Return messages with an id above `number`, of one trace or of all, oldest first."""
        which = [col(Message.id) > min(number, LARGEST_ID)] + ([col(Message.trace_id) == trace_id] if trace_id else [])
        return self.read(select(Message).where(*which).order_by(col(Message.id)).limit(limit))

    def newest(self, limit: int, *, before: int = 0) -> list[Row]:
        """Return the last messages, or the last with an id below `before`, newest first."""
        query = select(Message).order_by(col(Message.id).desc()).limit(limit)
        return self.read(query.where(col(Message.id) < before) if before else query)

    def read(self, query: SelectOfScalar[Message]) -> list[Row]:
        """Return the messages that a statement selects, with their details read and described."""
        if self._database is None:
            return []
        with self._database.reading() as session:
            rows = session.exec(query).all()
        return [self.describe(row.model_dump() | {"detail": json.loads(row.detail)}) for row in rows]

    def by_user(self, labels: Collection[str], limit: int) -> list[Row]:
        """Return the last messages of the user with these labels, and the notes of stories, newest first."""
        if self._database is None:
            return []
        which = col(Message.label).in_(labels) | (col(Message.kind) == "note")
        query = select(Message).where(Message.sender == "User", which).order_by(col(Message.id).desc()).limit(limit)
        with self._database.reading() as session:
            rows = session.exec(query).all()
        return [row.model_dump() | {"detail": json.loads(row.detail)} for row in rows]

    def last_number(self) -> int:
        """Return the id of the newest message, or 0."""
        if self._database is None:
            return 0
        with self._database.reading() as session:
            return session.exec(select(func.max(Message.id))).one() or 0

    def delete_older(self, before: float, limit: int) -> int:
        """Delete at most `limit` messages: older than `before`, or beyond `MAX_KEPT`. Return how many."""
        if self._database is None:
            return 0
        old = (col(Message.at) < before) | (col(Message.id) < self.last_number() - MAX_KEPT)
        newest = select(func.max(Message.id)).scalar_subquery()  # stays, because SQLite derives the next id from it
        oldest = select(Message.id).where(old, col(Message.id) < newest).order_by(col(Message.id)).limit(limit)
        with self._database.transaction() as session:
            return session.exec(delete(Message).where(col(Message.id).in_(oldest))).rowcount

    def close(self) -> None:
        """Write the waiting messages and close all connections."""
        self._closing.set()
        if self._writer:
            self._waiting.put(None)
            self._writer.join(timeout=2)
        if self._database:
            self._database.close()

    def _enqueue(
        self, between: tuple[str, str], label: str, detail: Mapping[str, Any], *, kind: str = "call", call: str = ""
    ) -> None:
        if not all(between):  # no participant: a call outside of the diagrams, such as a check of the doctor
            return
        row = {"trace_id": trace.trace_id(), "at": self._now(), "kind": kind, "call": call, "label": label}
        message = {"sender": between[0], "receiver": between[1], "detail": json.dumps(detail, default=str)}
        self._keep(row | message)

    def _keep(self, row: Row) -> None:
        """Have the writer store a message."""
        if self._database is None:
            return
        self._ensure_writer()
        try:
            self._waiting.put_nowait(row)
        except queue.Full:
            log.debug("A message was not logged: too many are waiting.")

    def _ensure_writer(self) -> None:
        with self._starting:
            if self._writer is None:
                self._writer = threading.Thread(target=self._write_loop, name="exchanges", daemon=True)
                self._writer.start()

    def _write_loop(self) -> None:
        is_open = True
        while is_open:
            batch = [self._waiting.get()]
            if batch != [None]:
                self._closing.wait(BATCH_SECONDS)  # so that what follows at once shares the transaction
            while not self._waiting.empty():
                batch.append(self._waiting.get())
            is_open = None not in batch  # `close` puts None, perhaps among messages
            if rows := [row for row in batch if row is not None]:
                self._try_to_write(rows)

    def _try_to_write(self, batch: list[Row]) -> None:
        try:
            self._write(batch)
        except Exception as error:
            log.warning("%d messages were not logged: %s", len(batch), error)

    def _write(self, batch: list[Row]) -> None:
        assert self._database  # noqa: S101 - for the type checker: nothing is enqueued without one
        with self._database.engine.begin() as connection:
            _prepare_postgres(connection)
            connection.execute(insert(Message), batch)


class ExchangeFeed(ExchangeLog):
    """A log that passes each message on to one reader, in the form of `after`. Its ids count down from -1."""

    def __init__(
        self,
        now: Callable[[], float],
        participants: Mapping[str, str],
        describe: Callable[[Row], Row],
        pass_on: Callable[[Row], object],
    ) -> None:
        """Call `pass_on` with each message, in the thread that logs it."""
        super().__init__(None, now, participants, describe)
        self._pass_on, self._numbers = pass_on, itertools.count(-1, -1)

    def takes_delivery(self) -> bool:
        """Return True: nothing waits to be written."""
        return True

    def _keep(self, row: Row) -> None:
        self._pass_on(self.describe({"id": next(self._numbers), **row, "detail": json.loads(row["detail"])}))


def _prepare_postgres(connection: Connection) -> None:
    """Allow one writer at a time: ids are drawn before commit, and a reader could miss a lower one. Await no disk."""
    if connection.dialect.name == "postgresql":
        one_at_a_time = "pg_advisory_xact_lock(hashtext('alc_app/message'))"
        connection.execute(text(f"select {one_at_a_time}, set_config('synchronous_commit', 'off', true)"))


_current: ContextVar[tuple[ExchangeLog, str] | None] = ContextVar("log_calls_as", default=None)


@contextmanager
def log_calls_as(exchanges: ExchangeLog, participant: str) -> Iterator[None]:
    """Log outgoing calls within the block as made by `participant`."""
    token = _current.set((exchanges, participant))
    try:
        yield
    finally:
        _current.reset(token)


def current_participant() -> str:
    """Return the participant that outgoing calls are logged as, or an empty string."""
    found = _current.get()
    return found[1] if found else ""


def current_log() -> ExchangeLog | None:
    """Return the log for outgoing calls, or None if they are not logged."""
    found = _current.get()
    return found[0] if found else None
