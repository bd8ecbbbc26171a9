"""Ensure that each worker id belongs to one live process. DBOS would otherwise re-run another process's work.

DBOS calls a worker an executor, so a worker id is its `executor_id`.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from sqlmodel import col, select

from alc_app.runtime.storage.database import Database
from alc_app.runtime.storage.file_locks import HeldLock, TryLock
from alc_app.runtime.storage.tables import WorkerRow

WAIT_FOR_ID = 3.0
"""Seconds to wait for an id: another worker may hold it while checking for dead ones, or its owner may be ending."""


class WorkerIdTaken(Exception):
    """Another live process has this worker id. The message says what to do."""


class WorkerIds:
    """All worker ids ever used. Each has a lock, which its process holds while it lives."""

    def __init__(self, database: Database, try_lock: TryLock) -> None:
        """Store ids in `database`; lock them with `try_lock`."""
        self._database, self._try_lock = database, try_lock
        self._lock: HeldLock | None = None
        self.my_id = ""

    def acquire(self, worker_id: str = "") -> str:
        """Take this id, or the first free `worker-N`; return it. Raises: WorkerIdTaken."""
        candidates = [worker_id] if worker_id else [f"worker-{number}" for number in range(1000)]
        deadline = time.monotonic() + WAIT_FOR_ID
        while not (found := next(((name, held) for name in candidates if (held := self._try_lock(name))), None)):
            if time.monotonic() > deadline:
                raise WorkerIdTaken(
                    f"A worker called {worker_id} is already running. Omit --executor-id to get a free one."
                )
            time.sleep(0.1)  # a lock that another process releases sends no notification
        self.my_id, self._lock = found
        with self._database.transaction() as session:
            upsert = self._database.insert(WorkerRow).values(id=self.my_id, started_at=time.time())
            session.execute(upsert.on_conflict_do_update(index_elements=["id"], set_={"started_at": time.time()}))
        return self.my_id

    def is_mine(self) -> bool:
        """Return whether we still hold the lock on our id. On Postgres it is lost with its connection."""
        return self._lock is not None and self._lock.is_held()

    def release(self) -> None:
        """Release our id."""
        if self._lock is not None:
            self._lock.release()
            self._lock, self.my_id = None, ""

    def living(self) -> list[str]:
        """Return the ids of live workers."""
        return [name for name in self._names() if not self._is_free(name)]

    @contextmanager
    def dead(self) -> Iterator[list[str]]:
        """Yield the ids of dead workers. They are locked within the block, so that none is started again meanwhile."""
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
