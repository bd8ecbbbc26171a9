"""The relay: a thread of the worker that turns rows which are due into runs.

It is not a queue: a retry is a row that is due again. Each run has a name made of its row, so that a row that is found
twice has one run. A delivery belongs to the worker that has claimed it, until that worker is dead.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial

from sqlalchemy import bindparam
from sqlmodel import col, select

from alc_app.attio.host import trace
from alc_app.attio.host.context import running
from alc_app.attio.host.operations import RecurringJob
from alc_app.runtime.bell import DELIVERIES, WORK, queue_of
from alc_app.runtime.context import AppContext
from alc_app.runtime.engine import Engine
from alc_app.runtime.failpoints import failpoint
from alc_app.runtime.jobs.executor import QUEUES, Executor
from alc_app.runtime.jobs.retention import RetentionJob
from alc_app.runtime.services import Services
from alc_app.runtime.storage.database import report
from alc_app.runtime.storage.tables import ConnectionRow
from alc_app.runtime.stores.delivery_statements import ClaimedDelivery, DueDelivery
from alc_app.runtime.workflows.runner import recurring_jobs

TAKE_OVER_EVERY = 10.0
LOCK_CHECK_EVERY = 2.0
"""Seconds between two checks."""
LOOK_EVERY = 10.0
"""Seconds between two looks for due rows, if nobody rings."""
LOOKS_APART = 1.0
"""Seconds between two looks for due rows, however often somebody rings. Deliveries and waiting runs start at once."""
RUN_OF = {"adding": "remove", "removing": "remove", "active": "restore"}
"""What is done with a connection that is due, by its status."""
_DUE_CONNECTIONS = select(col(ConnectionRow.id), col(ConnectionRow.status)).where(
    col(ConnectionRow.due_at) <= bindparam("now")
)
log = logging.getLogger(__name__)


def enqueue_rotation(engine: Engine, handler_id: str) -> str:
    """Ask for the run that tells ALC the new secret of a handler; return its id. Joins one that is unfinished."""
    return engine.enqueue("rotation", handler_id, queue="lifecycle", deduplication_id=f"rotate:{handler_id}")


class Relay:
    """Looks for due rows when somebody rings; and rarely when nobody does."""

    def __init__(
        self,
        services: Services,
        executor: Executor,
        run_webhook: Callable[[ClaimedDelivery], object],
        prepare_job: Callable[[RecurringJob, str], object],
    ) -> None:
        """Prepare the thread; `start` starts it."""
        self._services, self._executor = services, executor
        self._run_webhook, self._prepare_job = run_webhook, prepare_job
        self._retention = RetentionJob(services)
        self._runs: dict[str, str] = {}
        """The last run of each job that was prepared here."""
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="relay", daemon=True)

    def start(self) -> None:
        """Start looking."""
        self._thread.start()

    def stop(self) -> None:
        """Stop looking; wait up to 5 seconds for the thread to end."""
        self._stopping.set()
        self._services.bell.ring(WORK)
        self._thread.join(timeout=5)

    def _run(self) -> None:
        on_ring = {DELIVERIES: self.start_new_deliveries}
        on_ring |= {queue_of(name): partial(self._executor.start_waiting, name) for name in QUEUES}
        timed = {self.take_over_dead_workers: TAKE_OVER_EVERY, self.exit_if_lock_is_lost: LOCK_CHECK_EVERY}
        next_at = dict.fromkeys(timed, 0.0)
        looked, rung = 0.0, time.monotonic()
        with self._services.bell.listening(WORK, *on_ring) as listener:
            names = {WORK, *on_ring}
            while not self._stopping.is_set():
                now = time.monotonic()
                rung = now if names else rung
                for name in names & on_ring.keys():
                    self._run_safely(on_ring[name])
                pause = max(LOOKS_APART, min((looked - rung) / 4, LOOK_EVERY))
                if now >= looked + pause:
                    looked = now
                    self._look()
                for task, every in timed.items():
                    if now >= next_at[task]:
                        next_at[task] = now + every
                        self._run_safely(task)
                names = listener.wait(min(looked + pause, *next_at.values()) - time.monotonic())

    def _look(self) -> None:
        failpoint("relay_looks")
        for task in (
            self.start_waiting_runs,
            self.start_deliveries,
            self.enqueue_jobs,
            self.enqueue_connections,
            self.enqueue_subscriptions,
            self.enqueue_rotations,
            self._retention.run_if_due,
        ):
            self._run_safely(task)

    def _run_safely(self, task: Callable[[], None]) -> None:
        try:
            task()
        except Exception as error:
            report(log, "A task of the relay failed, and is tried again.", error)

    def start_waiting_runs(self) -> None:
        """Start what waits in a queue although nobody has rung: whoever asked for it may have died before."""
        for queue in self._services.engine.waiting_queues():
            if queue in QUEUES:
                self._executor.start_waiting(queue)

    def start_new_deliveries(self) -> None:
        """Start a run of each new delivery, oldest first, as many as this worker has room for (R14)."""
        if (free := self._executor.free("webhook")) > 0:
            self._start(self._services.inbox.claim_new(free, self._services.worker_ids.my_id))

    def start_deliveries(self) -> None:
        """Start a run of each due delivery, whether it is new, or its run has failed or was lost.

        The run's id contains the delivery's id and the number of the try, so that there is one run for each try.
        """
        inbox, me, free = self._services.inbox, self._services.worker_ids.my_id, self._executor.free("webhook")
        due = inbox.due(free, me) if free > 0 else []
        under_way = [row for row in due if row.tries and self._is_under_way(_run_id(row))]
        for row in under_way:
            inbox.postpone(row)
        if waiting := [row for row in due if row not in under_way]:
            self._start(inbox.claim(waiting, me))

    def _is_under_way(self, run_id: str) -> bool:
        return self._executor.is_running(run_id) or not self._services.engine.has_ended(run_id)

    def _start(self, claimed: Sequence[ClaimedDelivery]) -> None:
        """Run deliveries, without the engine for as long as they need no durable step.

        A verdict's handler only has steps that may be done twice, so the inbox is all that has to remember it: the
        bookkeeping of the engine would cost more than the work.
        """
        for delivery in claimed:
            failpoint("delivery_claimed")
            run_id, which = _run_id(delivery), (delivery.handler_id, delivery.webhook_id)
            durably = partial(self._executor.start, "webhook", *which, run_id=run_id)
            with trace.resumed(delivery.traceparent):
                self._executor.start_without_engine("webhook", run_id, partial(self._run_webhook, delivery), durably)

    def enqueue_jobs(self) -> None:
        """Ask for a run of each recurring job of the app and of the workflows that is due."""
        with running(AppContext(self._services)):
            due = [(job, key) for job in recurring_jobs(self._services) for key in job.due()]
        for job, key in due:
            if job.prepare is None:
                self._enqueue_job(job, key)
            elif not self._is_at(name := f"{job.name}:{key}"):
                work, durably = partial(self._prepare_job, job, key), partial(self._enqueue_prepared, job, key)
                self._executor.start_without_engine("job", name, work, durably)

    def _enqueue_job(self, job: RecurringJob, key: str) -> str:
        name, queue = f"{job.name}:{key}", "lifecycle" if job.exclusive else "job"
        return self._services.engine.enqueue("job", job.name, key, queue=queue, deduplication_id=name)

    def _enqueue_prepared(self, job: RecurringJob, key: str) -> None:
        self._runs[f"{job.name}:{key}"] = self._enqueue_job(job, key)

    def _is_at(self, name: str) -> bool:
        """Return whether a job is being prepared here, or its run is under way. It is due until that has ended."""
        run_id = self._runs.get(name)
        return self._executor.is_running(name) or bool(run_id and not self._services.engine.has_ended(run_id))

    def enqueue_connections(self) -> None:
        """Ask for a run of each connection that is due.

        It removes one whose clean-up at ALC failed, or that was never saved (C8, C10), and restores an active one whose
        removal was refused (C12).
        """
        due = self._services.database.fetch(_DUE_CONNECTIONS, {"now": self._services.now()})
        for run, connection_id in [(RUN_OF[row.status], row.id) for row in due if row.status in RUN_OF]:
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
        """Take over what dead workers had started."""
        with self._services.worker_ids.dead() as worker_ids:
            if worker_ids:
                self._services.take_over(worker_ids)

    def exit_if_lock_is_lost(self) -> None:
        """End this process at once, as a crash would, if the lock on its worker id is lost.

        Another worker may have taken over its runs by then.
        """
        if not self._services.worker_ids.is_mine():
            log.critical(
                "This worker lost the lock on %s, so it stops. Start it again.", self._services.worker_ids.my_id
            )
            os._exit(1)


def _run_id(row: ClaimedDelivery | DueDelivery) -> str:
    return f"webhook:{row.handler_id}:{row.webhook_id}:{row.tries}"
