"""The relay: a thread of the worker that turns rows which are due into runs of the engine.

It is not a queue: order and concurrency are the engine's, and a retry is a row that is due again. Each request names
its run, so asking again after a crash between "asked for" and "marked" changes nothing.
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
from alc_app.runtime.engine import Engine
from alc_app.runtime.failpoints import failpoint
from alc_app.runtime.jobs.retention import RetentionJob
from alc_app.runtime.services import Services
from alc_app.runtime.storage.tables import ConnectionRow
from alc_app.runtime.workflows.runner import recurring_jobs

DELIVERIES_EVERY = 0.1
JOBS_EVERY = 1.0
TAKE_OVER_EVERY = 10.0
LOCK_CHECK_EVERY = 2.0
"""Seconds between two queries of each kind."""
RUN_OF = {"adding": "remove", "removing": "remove", "active": "restore"}
"""What is done with a connection that is due, by its status."""
log = logging.getLogger(__name__)


def enqueue_rotation(engine: Engine, handler_id: str) -> str:
    """Ask for the run that tells ALC the new secret of a handler; return its id. Joins one that is unfinished."""
    return engine.enqueue("rotation", handler_id, queue="lifecycle", deduplication_id=f"rotate:{handler_id}")


class Relay:
    """Polls the tables for due rows."""

    def __init__(self, services: Services) -> None:
        """Prepare the thread; `start` starts it."""
        self._services = services
        self._retention = RetentionJob(services)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="relay", daemon=True)

    def start(self) -> None:
        """Start polling."""
        self._thread.start()

    def stop(self) -> None:
        """Stop polling; wait up to 5 seconds for the thread to end."""
        self._stopping.set()
        self._thread.join(timeout=5)

    def _run(self) -> None:
        intervals: dict[Callable[[], None], float] = {
            self.enqueue_deliveries: DELIVERIES_EVERY,
            self.enqueue_jobs: JOBS_EVERY,
            self.enqueue_connections: JOBS_EVERY,
            self.enqueue_subscriptions: JOBS_EVERY,
            self.enqueue_rotations: JOBS_EVERY,
            self.take_over_dead_workers: TAKE_OVER_EVERY,
            self.exit_if_lock_is_lost: LOCK_CHECK_EVERY,
            self._retention.run_if_due: JOBS_EVERY,
        }
        next_at = {task: time.monotonic() + every for task, every in intervals.items()}
        while not self._stopping.wait(DELIVERIES_EVERY):
            for task, every in intervals.items():
                if time.monotonic() >= next_at[task]:
                    next_at[task] = time.monotonic() + every
                    self._run_safely(task)

    def _run_safely(self, task: Callable[[], None]) -> None:
        try:
            task()
        except Exception:
            log.exception("A task of the relay failed; it will be tried again.")

    def enqueue_deliveries(self) -> None:
        """Ask for a run of each stored delivery (R14).

        The run's id contains the delivery's id and its number of tries, so that there is one run for each try.
        """
        for row in self._services.inbox.due():
            run_id = f"webhook:{row.handler_id}:{row.webhook_id}:{row.tries}"
            with trace.resumed(row.traceparent):
                self._services.engine.enqueue(
                    "webhook", row.handler_id, row.webhook_id, queue="webhooks", run_id=run_id
                )
            failpoint("run_asked_for")
            self._services.inbox.mark_queued(row)

    def enqueue_jobs(self) -> None:
        """Ask for a run of each recurring job of the app and of the workflows that is due."""
        with running(AppContext(self._services)):
            due = [(job, key) for job in recurring_jobs(self._services) for key in job.due()]
        for job, key in due:
            queue = "lifecycle" if job.exclusive else "job"
            self._services.engine.enqueue("job", job.name, key, queue=queue, deduplication_id=f"{job.name}:{key}")

    def enqueue_connections(self) -> None:
        """Ask for a run of each connection that is due.

        It removes one whose clean-up at ALC failed, or that was never saved (C8, C10), and restores an active one whose
        removal was refused (C12).
        """
        with self._services.database.reading() as session:
            due = select(ConnectionRow).where(col(ConnectionRow.due_at) <= self._services.now())
            wanted = [(RUN_OF[row.status], row.id) for row in session.exec(due) if row.status in RUN_OF]
        for run, connection_id in wanted:
            self._services.engine.enqueue(
                run, connection_id, queue="lifecycle", deduplication_id=f"{run}:{connection_id}"
            )

    def enqueue_subscriptions(self) -> None:
        """Ask for a run of each subscription that a connector has to make or to refresh."""
        for handler_id in self._services.subscriptions.due():
            self._services.engine.enqueue(
                "subscription", handler_id, queue="lifecycle", deduplication_id=f"keep:{handler_id}"
            )

    def enqueue_rotations(self) -> None:
        """Ask for a run of each handler with a new secret that the outside service is to be told of (R5)."""
        for handler_id in self._services.webhook_handlers.due_rotations():
            enqueue_rotation(self._services.engine, handler_id)

    def take_over_dead_workers(self) -> None:
        """Have the engine run again what dead workers had started."""
        with self._services.worker_ids.dead() as worker_ids:
            self._services.engine.requeue_runs_of(worker_ids)

    def exit_if_lock_is_lost(self) -> None:
        """End this process at once, as a crash would, if the lock on its worker id is lost.

        Another worker may have taken over its runs by then.
        """
        if not self._services.worker_ids.is_mine():
            log.critical(
                "The lock on %s is lost. This worker ends, and is to be started again.", self._services.worker_ids.my_id
            )
            os._exit(1)
