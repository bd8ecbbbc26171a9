"""The engine, DBOS: how work is asked for, from any process, and what a run may do. The worker runs it (worker.py).

A run has an id, and asking twice for the same id is asking once. What goes in and out is JSON.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine as SqlEngine
from sqlalchemy import text

from alc_app.attio.host import trace
from alc_app.attio.host.errors import ServerFunctionError, ServerFunctionTimeout
from alc_app.attio.host.runs import FinishedStep
from alc_app.runtime.storage.database import READS, open_engine

if TYPE_CHECKING:
    from dbos import DBOSClient

APP_NAME = "alc-app"
APP_VERSION = "1"
"""Raised only when the steps of a running workflow change: a deploy must not strand work."""
POLL = 0.04
"""Seconds between two looks at a run that somebody waits for."""
STATUS = {"ENQUEUED": "waiting", "DELAYED": "delayed", "PENDING": "running"}
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Run:
    """A run, without what went into it and came out of it."""

    id: str
    name: str
    status: str
    asked_at: float
    executor: str | None


class Engine:
    """Asks for durable work and waits for its outcome; inside a run, it remembers each step."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._is_sqlite = url.startswith("sqlite")
        schema = "" if self._is_sqlite else "dbos."
        # The engine's own listing brings every run over; this counts where they lie, however many wait.
        self._count = text(
            f"select queue_name, status, count(*) from {schema}workflow_status "  # noqa: S608 - no input in it
            "where status in ('ENQUEUED', 'DELAYED', 'PENDING') and queue_name is not null group by queue_name, status"
        )

    def prepare(self) -> None:
        """Create or migrate the engine's tables, and let readers and the writer work side by side (WAL)."""
        from dbos import DBOS

        if self._is_sqlite:
            open_engine(self.url).connect().close()  # the journal mode is kept in the file
        DBOS.migrate(self.url)

    @cached_property
    def _client(self) -> DBOSClient:
        """Made at first need: importing the engine takes longer than serving a page."""
        from dbos import DBOSClient, DBOSPortableJSONSerializer

        if self._is_sqlite:  # on Postgres `alc-app migrate` has done it
            self.prepare()
        return DBOSClient(
            system_database_url=self.url, serializer=DBOSPortableJSONSerializer(), application_name=APP_NAME
        )

    @cached_property
    def _database(self) -> SqlEngine:
        return open_engine(self.url)

    def ask(
        self, workflow: str, *args: Any, queue: str, run_id: str | None = None, only_one_of: str | None = None
    ) -> str:
        """Ask for a run; returns its id. `only_one_of` joins the run of that name that waits or is under way.

        The run goes on with the trace that it is asked for in (worker.py, `_plain`).
        """
        options: dict[str, Any] = {"workflow_name": workflow, "queue_name": queue, "app_version": APP_VERSION}
        if run_id:
            options["workflow_id"] = run_id
        client: Any = self._client
        if only_one_of:
            options |= {"deduplication_id": only_one_of, "duplication_policy": "return-existing"}
            return str(client.enqueue(options, *args, traceparent=trace.traceparent()).get_workflow_id())
        with self._database.begin() as own:  # ours gives up on a lock; the engine's own would wait for ever
            asked = client.enqueue_in_transaction(own, options, *args, traceparent=trace.traceparent())
        return str(asked.get_workflow_id())

    def outcome(self, run_id: str, *, within: float) -> dict[str, Any]:
        """The JSON outcome of a run. Raises: ServerFunctionTimeout, ServerFunctionError."""
        deadline = time.monotonic() + within
        handle: Any = self._client.retrieve_workflow(run_id)
        while (status := handle.get_status().status) in ("ENQUEUED", "PENDING", "DELAYED"):
            if time.monotonic() > deadline:
                raise ServerFunctionTimeout(f"Still at work after {within:g} seconds.")
            time.sleep(POLL)  # the run is another process's
        if status != "SUCCESS":
            log.error("run %s ended as %s: %s", run_id, status, handle.get_status().error)
            raise ServerFunctionError("Something unexpected happened. The log of the worker says what.")
        result: dict[str, Any] = handle.get_result()
        return result

    def steps(self, run_id: str) -> list[FinishedStep]:
        """The steps that a run has behind it, in their order; none for a run that the engine does not know."""
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

    def is_over(self, run_id: str) -> bool:
        """Has the run ended, in whichever way? So has one that the engine does not know."""
        known = self._client.list_workflows(workflow_ids=[run_id], load_input=False, load_output=False)
        return not known or known[0].status not in STATUS

    def warm_up(self, after: float) -> None:
        """Get ready in the background, some seconds from now, so that the first click does not have to wait."""
        timer = threading.Timer(after, self.is_up)
        timer.daemon = True
        timer.start()

    def is_up(self) -> bool:
        """Can work be asked for?"""
        try:
            self._client.check_connection()
        except Exception:
            log.exception("The engine's database does not answer.")
            return False
        return True

    def take_over(self, dead_executors: Sequence[str]) -> None:
        """Put back into the queue what these executors were doing when they died."""
        for executor in dead_executors:
            stranded = self._client.list_workflows(status="PENDING", executor_id=executor)
            if ids := [workflow.workflow_id for workflow in stranded]:
                self._client.resume_workflows(ids)

    def unfinished(self) -> Mapping[tuple[str, ...], float]:
        """How many runs wait and are under way, by queue and status."""
        with self._database.execution_options(**{READS: True}).connect() as connection:
            return {(row[0], STATUS[row[1]]): row[2] for row in connection.execute(self._count)}

    def forget(self, before: float, limit: int) -> int:
        """Delete runs that ended before then, failed ones too, at most so many; returns how many."""
        instant = datetime.fromtimestamp(before, UTC).isoformat()
        ended = self._client.list_workflows(completed_before=instant, limit=limit, load_input=False, load_output=False)
        self._client.delete_workflows([run.workflow_id for run in ended])
        return len(ended)

    def in_state(self, status: str, *, before: float | None = None) -> list[Run]:
        """Runs in this state, perhaps those asked for before an instant: the oldest first, 500 at most."""
        end = datetime.fromtimestamp(before, UTC).isoformat() if before else None
        found = self._client.list_workflows(status=status, end_time=end, limit=500, load_input=False, load_output=False)
        return [Run(w.workflow_id, w.name, w.status, (w.created_at or 0) / 1000, w.executor_id) for w in found]

    def again(self, run_id: str) -> None:
        """Put a run that has failed or was given up back into the queue, from its beginning or where it had come to."""
        if self._client.retrieve_workflow(run_id).get_status().status == "ERROR":
            self._client.rewind_workflow(run_id)
        else:
            self._client.resume_workflow(run_id)

    def delete(self, run_id: str) -> None:
        """Delete a run."""
        self._client.delete_workflow(run_id)

    def run_id(self) -> str:
        """The run that we are in."""
        from dbos import DBOS

        return str(DBOS.workflow_id)

    def step(self, name: str, work: Callable[[], Any]) -> Any:
        """Do a piece of the run that we are in, unless its outcome is known from before a crash."""
        from dbos import DBOS

        return DBOS.run_step({"name": name}, work)

    def close(self) -> None:
        """Give the connections back."""
        if "_client" in self.__dict__:
            self._client.destroy()
        if "_database" in self.__dict__:
            self._database.dispose()
