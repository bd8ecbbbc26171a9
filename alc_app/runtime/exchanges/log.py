"""Who talked to whom: each arrow of the tutorial's two diagrams, noted as it really happens.

The face draws it. It is a log for people: written beside the work by a thread of its own, which nobody waits for, and
what a kill takes with it is not missed; promises are kept by other tables. What is secret is left out before it is
noted (disguise.py).
"""

from __future__ import annotations

import json
import logging
import queue
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection, delete, insert, text
from sqlmodel import col, func, select

from alc_app.attio.host import trace
from alc_app.runtime.exchanges.source_lines import source_lines
from alc_app.runtime.storage.database import Database
from alc_app.runtime.storage.tables import Message

MOST_WAITING = 2000
"""Messages that may wait to be written; beyond that they are dropped, and the work goes on."""
MOST_KEPT = 20_000
GATHER_FOR = 0.03
"""Seconds in which messages gather for one commit."""
log = logging.getLogger(__name__)

Row = dict[str, Any]


class ExchangeLog:
    """The log. Without a database it notes nothing."""

    def __init__(
        self,
        database: Database | None,
        now: Callable[[], float] = time.time,
        participants: Mapping[str, str] = MappingProxyType({}),
        tell: Callable[[Row], Row] = dict,
    ) -> None:
        self._database, self._now = database, now
        self._participants = participants
        """What the host and port of a URL is called."""
        self.tell = tell
        """Adds the face's words to a message that is read."""
        self._waiting: queue.Queue[Row | None] = queue.Queue(MOST_WAITING)
        self._writer: threading.Thread | None = None
        self._starting = threading.Lock()

    def note(self, sender: str, receiver: str, label: str, *, kind: str = "call", **detail: Any) -> None:
        """Note a message that is complete in itself."""
        self._put((sender, receiver), label, detail, kind=kind)

    @contextmanager
    def call(self, receiver: str, label: str, *, sender: str = "", **detail: Any) -> Iterator[dict[str, Any]]:
        """Note a call when it begins and its answer when it ends. What the block puts in the yielded dict becomes the
        answer's detail; its `label`, the answer's words."""
        call, sender, answer = uuid.uuid4().hex[:16], sender or actor(), dict[str, Any]()
        receiver = self._participants.get(receiver, receiver)
        self._put((sender, receiver), label, {"source": source_lines(), **detail}, call=call)
        try:
            yield answer
        except BaseException as error:
            answer |= {"label": f"raises {type(error).__name__}", "failed": True}
            raise
        finally:
            self._put((receiver, sender), answer.pop("label", "returns"), answer, kind="answer", call=call)

    def after(self, number: int, *, trace_id: str = "", limit: int = 1000) -> list[Row]:
        """The messages after a number, of one trace or of all, the oldest first."""
        if self._database is None:
            return []
        which = [col(Message.id) > number] + ([col(Message.trace_id) == trace_id] if trace_id else [])
        with self._database.reading() as session:
            rows = session.exec(select(Message).where(*which).order_by(col(Message.id)).limit(limit)).all()
        return [self.tell(row.model_dump() | {"detail": json.loads(row.detail)}) for row in rows]

    def newest(self, limit: int, *, before: int = 0) -> list[Row]:
        """The last messages, or those before a number, the newest first."""
        if self._database is None:
            return []
        query = select(Message).order_by(col(Message.id).desc()).limit(limit)
        with self._database.reading() as session:
            rows = session.exec(query.where(col(Message.id) < before) if before else query).all()
        return [self.tell(row.model_dump() | {"detail": json.loads(row.detail)}) for row in rows]

    def last_number(self) -> int:
        """The number of the newest message."""
        if self._database is None:
            return 0
        with self._database.reading() as session:
            return session.exec(select(func.max(Message.id))).one() or 0

    def forget(self, before: float, limit: int) -> int:
        """Drop messages older than that, and those beyond the number that is kept. Returns how many."""
        if self._database is None:
            return 0
        old = (col(Message.at) < before) | (col(Message.id) < self.last_number() - MOST_KEPT)
        newest = select(func.max(Message.id)).scalar_subquery()  # stays, because the numbers go on from it
        oldest = select(Message.id).where(old, col(Message.id) < newest).order_by(col(Message.id)).limit(limit)
        with self._database.transaction() as session:
            return session.exec(delete(Message).where(col(Message.id).in_(oldest))).rowcount

    def close(self) -> None:
        """Write what waits, and give the connections back."""
        if self._writer:
            self._waiting.put(None)
            self._writer.join(timeout=2)
        if self._database:
            self._database.close()

    def _put(
        self, between: tuple[str, str], label: str, detail: Mapping[str, Any], *, kind: str = "call", call: str = ""
    ) -> None:
        if self._database is None or not all(between):  # what nobody does, such as a look of the doctor's, is no arrow
            return
        self._ensure_writer()
        row = {"trace_id": trace.trace_id(), "at": self._now(), "kind": kind, "call": call, "label": label}
        told = {"sender": between[0], "receiver": between[1], "detail": json.dumps(detail, default=str)}
        try:
            self._waiting.put_nowait(row | told)
        except queue.Full:
            log.debug("A message was not noted: too many wait.")

    def _ensure_writer(self) -> None:
        with self._starting:
            if self._writer is None:
                self._writer = threading.Thread(target=self._write_for_ever, name="exchanges", daemon=True)
                self._writer.start()

    def _write_for_ever(self) -> None:
        is_open = True
        while is_open:
            batch = [self._waiting.get()]
            if batch != [None]:
                time.sleep(GATHER_FOR)  # what follows at once shares the transaction
            while not self._waiting.empty():
                batch.append(self._waiting.get())
            is_open = None not in batch  # `close` has put it, perhaps among messages
            if rows := [row for row in batch if row is not None]:
                self._try_to_write(rows)

    def _try_to_write(self, batch: list[Row]) -> None:
        try:
            self._write(batch)
        except Exception as error:
            log.warning("%d messages were not noted: %s", len(batch), error)

    def _write(self, batch: list[Row]) -> None:
        assert self._database  # noqa: S101 - for the type checker: nothing is put without one
        with self._database.engine.begin() as connection:
            _take_turns(connection)
            connection.execute(insert(Message), batch)


def _take_turns(connection: Connection) -> None:
    """On Postgres numbers are drawn before they are committed: one writer at a time, or a reader could miss one."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("select pg_advisory_xact_lock(hashtext('alc_app/message'))"))


_acting: ContextVar[tuple[ExchangeLog, str] | None] = ContextVar("acting", default=None)


@contextmanager
def acting(exchanges: ExchangeLog, participant: str) -> Iterator[None]:
    """Within the block, calls to the outside are this participant's, and are noted."""
    token = _acting.set((exchanges, participant))
    try:
        yield
    finally:
        _acting.reset(token)


def actor() -> str:
    """The participant that is acting; nobody is an empty text."""
    found = _acting.get()
    return found[1] if found else ""


def noting() -> ExchangeLog | None:
    """The log that calls to the outside are to be noted in, if they are."""
    found = _acting.get()
    return found[0] if found else None
