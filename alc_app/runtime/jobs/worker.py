"""The worker: runs everything that the tutorial runs on Attio's servers, durably, on DBOS.

One process has one executor id and holds an exclusive lock on it; without the lock it does not start, because DBOS
would take up what its living twin is doing. A relay turns rows that wait for work into runs.
"""

from __future__ import annotations

import logging
import threading
from typing import Any

from alc_app.attio.host import trace
from alc_app.attio.host.context import outcome, running
from alc_app.attio.http import BadRequest, Request
from alc_app.runtime.context import DurableContext
from alc_app.runtime.engine import APP_NAME, APP_VERSION
from alc_app.runtime.exchanges.log import log_calls_as
from alc_app.runtime.jobs.connection_lifecycle import Lifecycle
from alc_app.runtime.jobs.relay import Relay
from alc_app.runtime.observability import logs
from alc_app.runtime.services import Services
from alc_app.runtime.signatures.schemes import SCHEMES
from alc_app.runtime.storage.tables import Delivery
from alc_app.runtime.workflows.activations import webhook_function
from alc_app.runtime.workflows.runner import recurring_jobs

QUEUES: dict[str, dict[str, Any]] = {
    "functions": {"worker_concurrency": 32, "polling_interval_sec": 0.1},  # a person waits
    "webhooks": {"worker_concurrency": 32, "polling_interval_sec": 0.2},
    "job": {"worker_concurrency": 16, "polling_interval_sec": 0.5},
    "lifecycle": {"global_concurrency": 1, "polling_interval_sec": 0.2},  # a connect and a disconnect never cross
}
"""Each look at a queue costs some milliseconds, also at rest: it is as frequent as somebody waits for it."""
log = logging.getLogger(__name__)


class Worker:
    """One executor of durable work."""

    def __init__(self, services: Services, executor_id: str = "") -> None:
        self._services, self._executor_id = services, executor_id
        self._lifecycle = Lifecycle(services)
        self._relay = Relay(services)

    def start(self) -> None:
        """Take the lock, register the runs, launch the engine, start the relay. Raises: ExecutorTaken."""
        from dbos import DBOS, DBOSConfig, DBOSPortableJSONSerializer

        executor_id = self._services.worker_ids.acquire(self._executor_id)
        self._services.connections.reactivate()
        self._services.engine.prepare()
        config: DBOSConfig = {
            "name": APP_NAME,
            "system_database_url": self._services.engine.url,
            "application_version": APP_VERSION,
            "executor_id": executor_id,
            "serializer": DBOSPortableJSONSerializer(),
            "scheduler_polling_interval_sec": 5,
            "log_level": "WARNING",
        }
        DBOS(config=config)
        logs.propagate_to_root("dbos")
        lifecycle = (self.connect, self.disconnect, self.remove, self.subscription)
        for run in (self.server_function, self.webhook, self.job, *lifecycle):
            DBOS.workflow(name=run.__name__)(_plain(run))
        DBOS.launch()
        for name, settings in QUEUES.items():
            DBOS.register_queue(name, on_conflict="always_update", **settings)
        self._relay.start()
        log.info("The worker %s is ready.", executor_id)

    def stop(self, within: int = 8) -> None:
        """Take no new work, let what runs end within some seconds, and give the lock back."""
        from dbos import DBOS

        self._relay.stop()
        DBOS.destroy(workflow_completion_timeout_sec=within, destroy_registry=True)
        self._services.worker_ids.release()

    def server_function(self, name: str, args: list[Any]) -> dict[str, Any]:
        """A server function that a record action has called. Usage 7-10."""
        function = self._services.manifest.server_function(name)
        with running(DurableContext(self._services)), log_calls_as(self._services.exchanges, "Server Function"):
            return outcome(lambda: function.run(*args))

    def webhook(self, handler_id: str, webhook_id: str) -> dict[str, Any]:
        """A webhook handler with a delivery that was stored and answered. Later 10-11."""
        delivery, row = (
            self._services.inbox.get(handler_id, webhook_id),
            self._services.webhook_handlers.row(handler_id),
        )
        if row is None:
            raise LookupError(f"There is no webhook handler {handler_id}.")
        handler, participant = webhook_function(self._services, row.file_name), SCHEMES[row.signed_by].receiver
        try:
            with (
                running(DurableContext(self._services, row.connection_id)),
                log_calls_as(self._services.exchanges, participant),
            ):
                status = handler(Request(delivery.body, {"webhook-id": webhook_id})).status
        except BadRequest:
            status = 400
        except Exception as error:
            self._tell_if_dead(
                delivery, self._services.inbox.schedule_retry(delivery, f"{type(error).__name__}: {error}")
            )
            raise  # the engine keeps the run as failed, with its reason
        state = "done" if status < 400 else "failed"
        self._services.inbox.mark_ended(
            handler_id, webhook_id, state, None if state == "done" else f"answered {status}"
        )
        self._tell_if_dead(delivery, state)
        return {"ok": status}

    def _tell_if_dead(self, delivery: Delivery, state: str) -> None:
        if state == "failed":
            self._services.publish("dead_letter", {"id": f"delivery:{delivery.handler_id}:{delivery.webhook_id}"})

    def job(self, name: str, key: str) -> dict[str, Any]:
        """Something that was left to be finished later."""
        job = next(job for job in recurring_jobs(self._services) if job.name == name)
        with (
            running(DurableContext(self._services)),
            trace.resumed(job.trace(key)),
            log_calls_as(self._services.exchanges, job.acts_as),
        ):
            return outcome(lambda: job.run(key))

    def connect(self, flow_id: str) -> dict[str, Any]:
        """A person has come back from ALC with a grant."""
        return self._lifecycle.connect(flow_id)

    def disconnect(self, connection_id: str, strict: bool | None = None) -> dict[str, Any]:
        """A person has pressed Disconnect; a run that an older program was asked for goes by the default."""
        return self._lifecycle.disconnect(
            connection_id, strict=self._services.settings.strict_removal if strict is None else strict
        )

    def remove(self, connection_id: str) -> dict[str, Any]:
        """A connection goes, or its clean-up is tried once more."""
        return self._lifecycle.remove(connection_id)

    def subscription(self, handler_id: str) -> dict[str, Any]:
        """A subscription that a connector has to make or to refresh."""
        return self._lifecycle.keep_subscription(handler_id)


def _plain(method: Any) -> Any:
    """The engine registers functions, not bound methods. Each goes on with the trace that it was asked for in."""

    def run(*args: Any, traceparent: str | None = None) -> dict[str, Any]:
        with trace.resumed(traceparent):
            result: dict[str, Any] = method(*args)
            return result

    run.__name__ = run.__qualname__ = method.__name__
    return run


def run_for_ever(worker: Worker) -> None:
    """Start, wait for SIGTERM or SIGINT, stop within 10 seconds."""
    import signal

    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    worker.start()
    ended.wait()
    worker.stop()
