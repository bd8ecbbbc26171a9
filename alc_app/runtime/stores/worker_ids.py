"""One living process for each executor id: the engine would take up what a living twin is doing."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from sqlmodel import col, select

from alc_app.runtime.storage.database import Database
from alc_app.runtime.storage.locks import HeldLock, TryLock
from alc_app.runtime.storage.tables import WorkerRow

WAIT_FOR_ID = 3.0
"""Seconds to wait for an id: another worker may be looking whether we live, and a twin may be about to end."""


class WorkerIdTaken(Exception):
    """Another process holds this executor id; the message says what to do."""


class WorkerIds:
    """Every executor id that there has been, and a lock for each that says whether it lives."""

    def __init__(self, database: Database, try_lock: TryLock) -> None:
        self._database, self._try_lock = database, try_lock
        self._mine: HeldLock | None = None
        self.my_id = ""

    def acquire(self, worker_id: str = "") -> str:
        """Become this executor, or the first `worker-N` that nobody is; returns the id. Raises: ExecutorTaken."""
        wanted = [worker_id] if worker_id else [f"worker-{number}" for number in range(1000)]
        deadline = time.monotonic() + WAIT_FOR_ID
        while not (found := next(((name, held) for name in wanted if (held := self._try_lock(name))), None)):
            if time.monotonic() > deadline:
                raise WorkerIdTaken(
                    f"A worker called {worker_id} is running already. Leave --executor-id out to get a free one."
                )
            time.sleep(0.1)  # a lock of another process tells nobody that it is free
        self.my_id, self._mine = found
        with self._database.transaction() as session:
            known = self._database.insert(WorkerRow).values(id=self.my_id, started_at=time.time())
            session.execute(known.on_conflict_do_update(index_elements=["id"], set_={"started_at": time.time()}))
        return self.my_id

    def is_mine(self) -> bool:
        """Do we still hold our id? On Postgres a lost connection loses it."""
        return self._mine is not None and self._mine.is_held()

    def release(self) -> None:
        """Give our id back."""
        if self._mine is not None:
            self._mine.release()
            self._mine, self.my_id = None, ""

    def living(self) -> list[str]:
        """The ids whose processes live."""
        return [name for name in self._names() if not self._is_free(name)]

    @contextmanager
    def dead(self) -> Iterator[list[str]]:
        """The ids whose processes have died. They are held meanwhile, so that none comes back to life."""
        locks = {name: held for name in self._names() if name != self.my_id and (held := self._try_lock(name))}
        try:
            yield list(locks)
        finally:
            for held in locks.values():
                held.release()

    def _is_free(self, name: str) -> bool:
        held = None if name == self.my_id else self._try_lock(name)
        if held is None:
            return False
        held.release()
        return True

    def _names(self) -> list[str]:
        with self._database.reading() as session:
            return list(session.exec(select(WorkerRow.id).order_by(col(WorkerRow.id))))
