"""The engine in a worker: runs are started here at once, and not when DBOS polls for them the next time.

A ring says that a run waits in a queue, and the relay looks now and then, in case that a ring was lost. So DBOS need
not poll our queues. What DBOS does not export comes from its modules, so its version is pinned (pyproject.toml).
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Event, Lock
from typing import Any

from sqlalchemy.exc import DBAPIError

from alc_app.attio.host import trace
from alc_app.attio.host.errors import SerializableError
from alc_app.runtime.bell import DELIVERIES, WORK, Bell, queue_of, run_of
from alc_app.runtime.engine import APP_NAME, APP_VERSION, QUEUE_OF, ReachedDurableStep
from alc_app.runtime.storage.database import report

QUEUES: dict[str, dict[str, Any]] = {
    "functions": {"worker_concurrency": 32},
    "webhooks": {"worker_concurrency": 32},
    "job": {"worker_concurrency": 16},
    "lifecycle": {"global_concurrency": 1},  # a connect and a disconnect never cross
}
WAITED_FOR = ("functions", "lifecycle")
"""Queues of runs whose outcome somebody waits for."""
POLL_EVERY = 30.0
"""Seconds between two polls of DBOS for what we have nothing of: delays, timeouts, schedules."""
LONGER_THAN_ANY_RUN = 3600
Method = Callable[..., dict[str, Any]]
log = logging.getLogger(__name__)


class Executor:
    """Registers the workflows of a worker, and starts their runs in this process."""

    def __init__(self, bell: Bell) -> None:
        """Ring this bell; `launch` comes before the runs."""
        self._bell = bell
        self._workflows: dict[str, Any] = {}
        self._queues: dict[str, Any] = {}
        self._under_way = Counter[str]()
        self._lock = Lock()
        self._pool = ThreadPoolExecutor(_limit(QUEUE_OF["webhook"]) + _limit(QUEUE_OF["job"]), "without engine")
        self._without_engine: set[str] = set()
        """The runs that are under way without the engine."""

    def launch(self, executor_id: str, methods: Mapping[str, Method], dbos_options: Mapping[str, Any]) -> None:
        """Register the workflows by name, and launch DBOS under this id, on the database that the options name."""
        from dbos import DBOS, DBOSPortableJSONSerializer, _dbos, _scheduler, _workflow_commands

        config: Any = {
            **dbos_options,
            "name": APP_NAME,
            "application_version": APP_VERSION,
            "executor_id": executor_id,
            "serializer": DBOSPortableJSONSerializer(),
            "scheduler_polling_interval_sec": POLL_EVERY,
            "log_level": "WARNING",
        }
        dbos = DBOS(config=config)
        for name, method in methods.items():
            self._workflows[name] = DBOS.workflow(name=name)(_as_function(name, method))
        dbos._registry.get_internal_queue()._polling_interval_sec = POLL_EVERY
        _workflow_commands._BACKGROUND_JOBS_INTERVAL_SEC = POLL_EVERY
        _scheduler._STARTUP_FAST_POLL_DURATION_SEC = 0.0
        vars(_dbos)["queue_thread"] = _poll_internal_queue
        DBOS.launch()
        for name, limits in QUEUES.items():
            self._queues[name] = DBOS.register_queue(name, on_conflict="always_update", **limits)

    def start(self, workflow: str, *args: Any, run_id: str) -> None:
        """Run a workflow here, under the caller's trace. Joins the run of this id, wherever it is, if there is one."""
        from dbos import DBOS, SetWorkflowID

        with SetWorkflowID(run_id):
            handle = DBOS.start_workflow(self._workflows[workflow], *args, traceparent=trace.traceparent())
        self._watch(handle, QUEUE_OF[workflow])

    def start_without_engine(
        self, workflow: str, run_id: str, work: Callable[[], object], durably: Callable[[], object]
    ) -> None:
        """Run `work` here, under the caller's trace; when it comes to a durable step, call `durably` in its place.

        That is to have the engine run the workflow from its beginning, so what comes before may be done twice. If this
        process dies, the engine does not know of this run: whoever asked for it must ask again.
        """
        traceparent = trace.traceparent()

        def run_to_the_end() -> None:
            try:
                work()
            except ReachedDurableStep:
                durably()

        def run() -> None:
            with trace.resumed(traceparent):
                try:
                    run_to_the_end()
                except SerializableError as error:  # the app foresees it
                    log.warning("A %s failed: %s", workflow, error.message)
                except Exception as error:
                    report(log, f"A {workflow} failed.", error)
                finally:
                    self._without_engine.discard(run_id)

        self._without_engine.add(run_id)
        self._ring_at_end(self._pool.submit(run), run_id, QUEUE_OF[workflow])

    def is_running(self, run_id: str) -> bool:
        """Return whether this run is under way in this process, without the engine."""
        return run_id in self._without_engine

    def start_waiting(self, queue: str) -> None:
        """Run here what waits in a queue, as far as its limits allow."""
        from dbos import _core, _dbos
        from dbos._utils import GlobalParams, generate_uuid

        dbos, owner = _dbos._get_dbos_instance(), generate_uuid()
        try:
            claimed, _ = dbos._sys_db.start_queued_workflows(
                self._queues[queue],
                GlobalParams.executor_id,
                GlobalParams.app_version,
                None,
                self._under_way[queue],
                owner_xid=owner,
                is_latest_version=False,  # each of our runs names its version, so DBOS need not look
            )
        except DBAPIError as error:
            if dbos._sys_db.is_lock_conflict(error) or dbos._sys_db.is_serialization_conflict(error):
                return  # another worker is claiming it
            raise
        for status in dbos._sys_db.get_workflow_statuses(claimed) if claimed else ():
            self._watch(_core.execute_dequeued_workflow(dbos, status, owner), queue)

    def free(self, workflow: str) -> int:
        """Return how many more runs of a workflow may be started here now."""
        queue = QUEUE_OF[workflow]
        return _limit(queue) - self._under_way[queue]

    def stop(self) -> None:
        """Take no new work, and wait for the runs that are under way."""
        from dbos import DBOS

        self._pool.shutdown()
        DBOS.destroy(workflow_completion_timeout_sec=LONGER_THAN_ANY_RUN, destroy_registry=True)

    def _watch(self, handle: Any, queue: str) -> None:
        if future := getattr(handle, "future", None):  # else it runs elsewhere, or has ended
            self._ring_at_end(future, handle.workflow_id, queue)

    def _ring_at_end(self, future: Future[Any], run_id: str, queue: str) -> None:
        """Ring when a run has ended: somebody may wait for its outcome, and another run for its place."""
        with self._lock:
            self._under_way[queue] += 1

        def ended(_: object) -> None:
            with self._lock:
                was_full = self._under_way[queue] >= _limit(queue)
                self._under_way[queue] -= 1
            rings = [WORK]
            if queue in WAITED_FOR:
                rings.append(run_of(run_id))
            if was_full:  # else nothing waited for this place
                rings += [queue_of(queue), DELIVERIES]
            for name in rings:
                self._bell.ring(name)

        future.add_done_callback(ended)


def _poll_internal_queue(stop: Event, dbos: Any) -> None:
    """Poll the queue of DBOS itself. Its own thread would ask each second whether there is another queue to poll."""
    from dbos import _queue

    _queue.queue_worker_thread(stop, dbos, dbos._registry.get_internal_queue())


def _limit(queue: str) -> int:
    """Return how many runs of a queue one worker has at a time."""
    return int(max(QUEUES[queue].values()))


def _as_function(name: str, method: Method) -> Method:
    """Return a function that calls the method under the trace of whoever asked for the run.

    DBOS registers functions, not bound methods, and names the workflow after the function.
    """

    def run(*args: Any, traceparent: str | None = None) -> dict[str, Any]:
        with trace.resumed(traceparent):
            return method(*args)

    run.__name__ = run.__qualname__ = name
    return run
