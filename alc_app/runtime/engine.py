"""Durable runs on DBOS: enqueue one and wait for it, from any process. The worker executes them (jobs/worker.py).

A run has an id; enqueueing the same id twice creates one run. Arguments and results are JSON.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Delete, column, delete, table, text
from sqlalchemy import Engine as SqlEngine

from alc_app.attio.host import trace
from alc_app.attio.host.errors import ServerFunctionError, ServerFunctionTimeout
from alc_app.attio.host.runs import FinishedStep
from alc_app.runtime.bell import Bell, queue_of, run_of
from alc_app.runtime.storage.database import for_reading, open_engine, report

if TYPE_CHECKING:
    from dbos import DBOSClient, WorkflowStatus

APP_NAME = "alc-app"
APP_VERSION = "1"
"""DBOS resumes only runs of the same version. Raise it only when the steps of a workflow change incompatibly, because
runs of the old version are then left unfinished."""
LOOK_EVERY = 1.0
"""Seconds between two looks at a run that a caller waits for, if no ring tells of its end."""
STATUS = {"ENQUEUED": "waiting", "DELAYED": "delayed", "PENDING": "running"}
FAILED = ("ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED")
QUEUE_OF = {"server_function": "functions", "webhook": "webhooks", "job": "job"}
"""The queue of each kind of run; connections and subscriptions share the queue "lifecycle"."""
RETRIED_ELSEWHERE = ("webhook", "job", "remove", "restore", "subscription", "connect", "disconnect", "rotation")
"""Runs that are no dead letters when they fail: a row asks for another run, or a person has seen the error."""
log = logging.getLogger(__name__)


class ReachedDurableStep(BaseException):
    """Work that runs without the engine needs it from here on. Not an `Exception`, so that no handler catches it."""


@dataclass(frozen=True)
class Run:
    """A durable run, without its arguments and its result."""

    id: str
    name: str
    status: str
    enqueued_at: float
    executor_id: str | None
    """The worker that runs it, or ran it last; DBOS calls a worker an executor."""


def create_tables(url: str) -> None:
    """Create or migrate the tables of DBOS. On SQLite turn on WAL, so that readers do not block the writer."""
    from dbos import DBOS

    if url.startswith("sqlite"):
        open_engine(url).connect().close()  # the journal mode is stored in the file
    DBOS.migrate(url)


class Engine:
    """Client of DBOS. Enqueues runs and waits for their outcomes; inside a run, executes its steps."""

    def __init__(self, url: str, bell: Bell) -> None:
        """Use the DBOS system database at `url`, and ring when a run is enqueued. Connects on first use."""
        self.url, self._bell = url, bell
        self._is_sqlite = url.startswith("sqlite")
        schema = "" if self._is_sqlite else "dbos."
        self._waiting = text(
            f"select distinct queue_name from {schema}workflow_status "  # noqa: S608 - no input in it
            "where status = 'ENQUEUED' and queue_name is not null"
        )
        # DBOS's own answers to these two load runs, and take ten times as long.
        self._status_of = text(f"select status from {schema}workflow_status where workflow_uuid = :run_id")  # noqa: S608 - no input in it
        self._count = text(
            f"select queue_name, status, count(*) from {schema}workflow_status "  # noqa: S608 - no input in it
            "where status in ('ENQUEUED', 'DELAYED', 'PENDING') and queue_name is not null group by queue_name, status"
        )

    def open(self) -> None:
        """Open the database file, if it is one: what is wrong with it shows at the start. Raises: DBAPIError."""
        if self._is_sqlite:
            self._database.connect().close()

    def waiting_queues(self) -> Sequence[str]:
        """Return the queues in which runs wait to be started."""
        with self._reader.connect() as connection:
            return connection.execute(self._waiting).scalars().all()

    @cached_property
    def _client(self) -> DBOSClient:
        """Create the client on first use, because importing DBOS takes longer than serving a page."""
        from dbos import DBOSClient, DBOSPortableJSONSerializer

        if self._is_sqlite:  # on Postgres `alc-app migrate` does it
            create_tables(self.url)
        serializer = DBOSPortableJSONSerializer()
        return DBOSClient(**self.dbos_options(), serializer=serializer, application_name=APP_NAME)

    def dbos_options(self) -> Any:
        """Return how DBOS connects: on Postgres as we do. Its own connections would be pinged before each use."""
        return {"system_database_url": self.url} if self._is_sqlite else {"system_database_engine": self._database}

    @cached_property
    def _database(self) -> SqlEngine:
        return open_engine(self.url)

    @cached_property
    def _reader(self) -> SqlEngine:
        return for_reading(self._database)

    def enqueue(
        self, workflow: str, *args: Any, queue: str, run_id: str | None = None, deduplication_id: str | None = None
    ) -> str:
        """Enqueue a run and return its id.

        With `run_id`, join the run of this id, whether it is unfinished or has succeeded; one that has failed is
        deleted, and begins anew with these arguments. With `deduplication_id`, join an unfinished run that has the
        same one. The run continues the caller's trace (jobs/executor.py, `_as_function`).
        """
        options: dict[str, Any] = {"workflow_name": workflow, "queue_name": queue, "app_version": APP_VERSION}
        if run_id:
            options["workflow_id"] = run_id
        client: Any = self._client
        if deduplication_id:
            options |= {"deduplication_id": deduplication_id, "duplication_policy": "return-existing"}
            handle = client.enqueue(options, *args, traceparent=trace.traceparent())
        else:
            with self._database.begin() as own:  # our connection times out on a lock; DBOS would wait forever
                self._delete_failed(own, run_id)
                handle = client.enqueue_in_transaction(own, options, *args, traceparent=trace.traceparent())
        self._bell.ring(queue_of(queue))
        return str(handle.get_workflow_id())

    def _delete_failed(self, own: Connection, run_id: str | None) -> None:
        """Delete the run of this id if it has failed, so that the id is free in the same transaction.

        Of two callers at once the second waits for the first, and then joins the first one's new run. DBOS has no such
        call: `delete_workflow` would delete that new run, and `rewind_workflow` keeps the old arguments.
        """
        if own.execute(self._delete_of("workflow_status", run_id).where(column("status").in_(FAILED))).rowcount:
            for name in ("workflow_input", "workflow_output", "operation_outputs"):
                own.execute(self._delete_of(name, run_id))

    def _delete_of(self, name: str, run_id: str | None) -> Delete:
        """Return the statement that deletes what a table of DBOS has of a run."""
        whole = table(name, column("workflow_uuid"), schema=None if self._is_sqlite else "dbos")
        return delete(whole).where(whole.c.workflow_uuid == run_id)

    def wait_for_outcome(self, run_id: str, *, within: float) -> dict[str, Any]:
        """Wait up to `within` seconds for a run and return its JSON outcome.

        Raises: ServerFunctionTimeout; ServerFunctionError, also for an unknown run.
        """
        deadline = time.monotonic() + within
        with self._bell.listening(run_of(run_id)) as listener:
            while self._status(run_id) in STATUS:
                if (left := deadline - time.monotonic()) <= 0:
                    raise ServerFunctionTimeout(f"Still running after {within:g} seconds.")
                listener.wait(min(left, LOOK_EVERY))
        run = self._find(run_id)
        if run.status != "SUCCESS":
            log.error("run %s ended as %s: %s", run_id, run.status, run.error)
            raise ServerFunctionError("Something unexpected happened. See the worker's log.")
        return dict(run.output)

    def _find(self, run_id: str) -> Any:
        """Return DBOS's `WorkflowStatus` of a run, with its outcome, by one statement. Raises: ServerFunctionError."""
        found = self._client.list_workflows(workflow_ids=[run_id], load_input=False)
        if not found:
            raise ServerFunctionError("There is no such run.")
        return found[0]

    def steps(self, run_id: str) -> list[FinishedStep]:
        """Return the finished steps of a run, in order. An unknown run has none."""
        return [
            FinishedStep(
                step["function_name"],
                (step["completed_at_epoch_ms"] or 0) - step["started_at_epoch_ms"]
                if step["started_at_epoch_ms"]
                else None,
                step["error"] is not None or (isinstance(step["output"], dict) and "error" in step["output"]),
            )
            for step in self._client.list_workflow_steps(run_id)
        ]

    def has_ended(self, run_id: str) -> bool:
        """Return whether the run has ended, successfully or not. An unknown run counts as ended."""
        return self._status(run_id) not in STATUS

    def _status(self, run_id: str) -> str | None:
        """Return what DBOS calls the state of a run; None if there is no such run."""
        with self._reader.connect() as connection:
            return connection.execute(self._status_of, {"run_id": run_id}).scalar()

    def is_up(self) -> bool:
        """Return whether runs can be enqueued."""
        try:
            self._client.check_connection()
        except Exception as error:
            report(log, "The engine does not answer.", error)
            return False
        return True

    def requeue_runs_of(self, executor_ids: Sequence[str]) -> None:
        """Put unfinished runs of these dead workers back into their queues, whose limits go on to hold.

        A run that a living worker has taken up since is left alone. `resume_workflow` would not ask.
        """
        client: Any = self._client
        for executor_id in executor_ids:
            for run in client.list_workflows(status="PENDING", executor_id=executor_id, load_input=False):
                queue = _queue_of(run)
                if client._sys_db.reenqueue_for_recovery(run.workflow_id, [executor_id], queue):
                    self._bell.ring(queue_of(queue))

    def count_unfinished(self) -> Mapping[tuple[str, ...], float]:
        """Count unfinished runs by (queue, status)."""
        with self._reader.connect() as connection:
            return {(row[0], STATUS[row[1]]): row[2] for row in connection.execute(self._count)}

    def delete_ended(self, before: float, limit: int) -> int:
        """Delete at most `limit` runs that ended before `before`, except dead letters. Return how many."""
        options: dict[str, Any] = {
            "completed_before": datetime.fromtimestamp(before, UTC).isoformat(),
            "load_input": False,
            "load_output": False,
        }
        ended = self._client.list_workflows(status=["SUCCESS", "CANCELLED"], limit=limit, **options)
        if len(ended) < limit:
            names = list(RETRIED_ELSEWHERE)
            ended += self._client.list_workflows(status="ERROR", name=names, limit=limit - len(ended), **options)
        self._client.delete_workflows([run.workflow_id for run in ended])
        return len(ended)

    def runs_in_state(self, status: str, *, before: float | None = None) -> list[Run]:
        """Return at most 500 runs in a DBOS state, oldest first; with `before`, those enqueued earlier than that."""
        end = datetime.fromtimestamp(before, UTC).isoformat() if before else None
        found = self._client.list_workflows(status=status, end_time=end, limit=500, load_input=False, load_output=False)
        return [Run(w.workflow_id, w.name, w.status, (w.created_at or 0) / 1000, w.executor_id) for w in found]

    def resume(self, run_id: str) -> None:
        """Put a run back into its queue: a failed one from its beginning, one that was given up from its last step.

        Not by `resume_workflow`, which would also start a run anew that another caller has put back and that is
        running by now; `rewind_workflow` takes none but an ended one.
        """
        from dbos import error as engine_error

        run = self._client.retrieve_workflow(run_id).get_status()
        kept = [] if run.status == "ERROR" else self._client.list_workflow_steps(run_id)
        first = max((step["function_id"] for step in kept), default=0) + 1
        try:
            queue = _queue_of(run)
            self._client.rewind_workflow(run_id, start_step=first, queue_name=queue)
            self._bell.ring(queue_of(queue))
        except engine_error.DBOSException as error:
            log.info("The run %s was already put back: %s", run_id, error)

    def delete(self, run_id: str) -> None:
        """Delete a run."""
        self._client.delete_workflow(run_id)

    def run_id(self) -> str:
        """Return the id of the current run."""
        from dbos import DBOS

        return str(DBOS.workflow_id)

    def step(self, name: str, work: Callable[[], Any]) -> Any:
        """Execute a step of the current run, or return its stored result. Raises: ReachedDurableStep, without a run."""
        from dbos import DBOS

        if DBOS.workflow_id is None:
            raise ReachedDurableStep(name)
        return DBOS.run_step({"name": name}, work)

    def close(self) -> None:
        """Close all connections."""
        if "_client" in self.__dict__:
            self._client.destroy()
        if "_database" in self.__dict__:
            self._database.dispose()


def _queue_of(run: WorkflowStatus) -> str:
    """Return the queue of a run: its own, or that of its kind if a worker has started it without one."""
    return run.queue_name or QUEUE_OF.get(run.name, "lifecycle")
