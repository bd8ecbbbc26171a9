"""The relay: rows that wait for work become runs. Not a queue: order, retries and concurrency are the engine's.

A crash between "asked for" and "marked" is harmless: asking again for the same run changes nothing.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable

from sqlmodel import col, select

from alc_app.attio.host import trace
from alc_app.attio.host.context import running
from alc_app.runtime.context import AppContext
from alc_app.runtime.failpoints import failpoint
from alc_app.runtime.jobs.retention import RetentionJob
from alc_app.runtime.services import Services
from alc_app.runtime.storage.tables import ConnectionRow
from alc_app.runtime.workflows.runner import recurring_jobs

EVERY = 0.1
JOBS_EVERY = 1.0
TAKE_OVER_EVERY = 10.0
IDENTITY_EVERY = 2.0
log = logging.getLogger(__name__)


class Relay:
    """A thread of the worker that looks for rows whose time has come."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._housekeeping = RetentionJob(services)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="relay", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """Stop looking."""
        self._stopping.set()
        self._thread.join(timeout=5)

    def _run(self) -> None:
        due: dict[Callable[[], None], float] = {
            self.deliveries: EVERY,
            self.jobs: JOBS_EVERY,
            self.removals: JOBS_EVERY,
            self.subscriptions: JOBS_EVERY,
            self.dead: TAKE_OVER_EVERY,
            self.identity: IDENTITY_EVERY,
            self._housekeeping.look: JOBS_EVERY,
        }
        next_at = {look: time.monotonic() + every for look, every in due.items()}
        while not self._stopping.wait(EVERY):
            for look, every in due.items():
                if time.monotonic() >= next_at[look]:
                    next_at[look] = time.monotonic() + every
                    self._try(look)

    def _try(self, look: Callable[[], None]) -> None:
        try:
            look()
        except Exception:
            log.exception("The relay stumbled; it will look again.")

    def deliveries(self) -> None:
        """Stored deliveries become runs of the delivery's id (R14); one whose run came to nothing gets another."""
        for row in self._services.inbox.due():
            run_id = f"webhook:{row.handler_id}:{row.webhook_id}:{row.tries}"
            with trace.resumed(row.traceparent):
                self._services.engine.enqueue(
                    "webhook", row.handler_id, row.webhook_id, queue="webhooks", run_id=run_id
                )
            failpoint("run_asked_for")
            self._services.inbox.mark_queued(row)

    def jobs(self) -> None:
        """What the app wants to finish later, when it is due."""
        with running(AppContext(self._services)):
            due = [(job.name, key) for job in recurring_jobs(self._services) for key in job.due()]
        for name, key in due:
            self._services.engine.enqueue("job", name, key, queue="job", deduplication_id=f"{name}:{key}")

    def removals(self) -> None:
        """Connections to be undone: the clean-up at ALC has failed, or they were never saved (C8, C10)."""
        with self._services.database.reading() as session:
            due = (
                col(ConnectionRow.status).in_(("adding", "removing")),
                col(ConnectionRow.due_at) <= self._services.now(),
            )
            ids = session.exec(select(ConnectionRow.id).where(*due)).all()
        for connection_id in ids:
            self._services.engine.enqueue(
                "remove", connection_id, queue="lifecycle", deduplication_id=f"remove:{connection_id}"
            )

    def subscriptions(self) -> None:
        """Subscriptions that a connector has to make or to refresh."""
        for handler_id in self._services.subscriptions.due():
            self._services.engine.enqueue(
                "subscription", handler_id, queue="lifecycle", deduplication_id=f"keep:{handler_id}"
            )

    def dead(self) -> None:
        """What other workers were doing when they died."""
        with self._services.worker_ids.dead() as worker_ids:
            self._services.engine.requeue_runs_of(worker_ids)

    def identity(self) -> None:
        """Another worker may have taken over what we do, if the lock on our id is lost: end at once, as in a crash."""
        if not self._services.worker_ids.is_mine():
            log.critical(
                "The lock on %s is lost. This worker ends, and is to be started again.", self._services.worker_ids.my_id
            )
            os._exit(1)
