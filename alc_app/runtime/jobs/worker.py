"""The worker: run everything that the tutorial runs on Attio's servers, durably, on DBOS.

A worker process holds an exclusive lock on its executor id and does not start without it: DBOS would run again what
a live process with the same id is doing. A relay turns rows that are due into runs.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from alc_app.attio.host import trace
from alc_app.attio.host.context import outcome, running
from alc_app.attio.host.operations import RecurringJob
from alc_app.attio.http import BadRequest, Request
from alc_app.runtime import failpoints
from alc_app.runtime.context import DurableContext
from alc_app.runtime.engine import ReachedDurableStep, create_tables
from alc_app.runtime.exchanges.log import log_calls_as
from alc_app.runtime.jobs.connection_lifecycle import Lifecycle
from alc_app.runtime.jobs.executor import Executor
from alc_app.runtime.jobs.handler_maintenance import HandlerMaintenance
from alc_app.runtime.jobs.relay import Relay
from alc_app.runtime.observability import logs
from alc_app.runtime.services import Services
from alc_app.runtime.sign_in.people import acting
from alc_app.runtime.signatures.schemes import SCHEMES
from alc_app.runtime.stop_signals import stopping
from alc_app.runtime.storage.tables import Delivery
from alc_app.runtime.stores.delivery_statements import ClaimedDelivery
from alc_app.runtime.workflows.activations import webhook_function
from alc_app.runtime.workflows.runner import recurring_jobs

log = logging.getLogger(__name__)


class Worker:
    """One executor of durable work. Each public method from `server_function` on is the body of a DBOS workflow."""

    def __init__(self, services: Services, executor_id: str = "") -> None:
        """Prepare the worker; without an `executor_id`, `start` takes a free one."""
        self._services, self._executor_id = services, executor_id
        self._lifecycle, self._handlers = Lifecycle(services), HandlerMaintenance(services)
        self._executor = Executor(services.bell)
        self._relay = Relay(services, self._executor, self.run_webhook, self.prepare_job)

    def start(self) -> None:
        """Take the lock, launch the engine, start the relay. Raises: ExecutorTaken."""
        config = self._services.config
        executor_id = self._services.worker_ids.acquire(self._executor_id)
        failpoints.obey(config.kill_once)
        self._services.connections.reactivate()
        create_tables(config.database("engine"))
        self._services.take_over([executor_id])  # what a process of this id left unfinished
        lifecycle = (self.connect, self.disconnect, self.remove, self.restore, self.subscription, self.rotation)
        workflows = (self.server_function, self.webhook, self.job, *lifecycle)
        methods = {method.__name__: method for method in workflows}
        self._executor.launch(executor_id, methods, self._services.engine.dbos_options())
        logs.propagate_to_root("dbos")
        self._relay.start()
        log.info("The worker %s is ready.", executor_id)

    def stop(self) -> None:
        """Take no new work, wait for the runs under way, and then release the lock.

        Before that another worker could take such a run over, and do the same at the same time. So neither the lock nor
        DBOS's database is let go while a run still works: `stopping` ends the process if one takes too long.
        """
        self._relay.stop()
        self._executor.stop()
        self._services.worker_ids.release()
        failpoints.obey(None)

    def server_function(self, name: str, args: list[Any], person_id: str | None = None) -> dict[str, Any]:
        """Run a server function that a record action has called (tutorial steps Usage 7-10), for whoever has clicked.

        `person_id` is None where nobody signs in, and in runs that an older version asked for.
        """
        function, person = self._services.manifest.server_function(name), self._services.people.find(person_id)
        with (
            acting(person),
            running(DurableContext(self._services)),
            log_calls_as(self._services.exchanges, "Server Function"),
        ):
            return outcome(lambda: function.run(*args))

    def webhook(self, handler_id: str, webhook_id: str) -> dict[str, Any]:
        """Run a webhook handler on a delivery, durably: `run_webhook` has come to a step that needs it."""
        return self.run_webhook(self._services.inbox.get(handler_id, webhook_id))

    def run_webhook(self, delivery: Delivery | ClaimedDelivery) -> dict[str, Any]:
        """Run a webhook handler on a delivery that was stored and answered (tutorial steps Later 10-11).

        A status below 400 means done. After an unforeseen error the run fails, and the inbox asks for another.
        Raises: ReachedDurableStep, outside of a run of the engine; LookupError, if there is no such handler; whatever
        the handler raises.
        """
        handler_id, webhook_id = delivery.handler_id, delivery.webhook_id
        handlers = self._services.handler_cache  # what is asked of it never changes
        if (row := handlers.kept(handler_id) or handlers.read(handler_id)) is None:
            raise LookupError(f"There is no webhook handler {handler_id}.")
        handler, participant = webhook_function(self._services, row.file_name), SCHEMES[row.signed_by].receiver
        try:
            with (
                running(DurableContext(self._services, row.connection_id, f"webhook:{handler_id}:{webhook_id}")),
                log_calls_as(self._services.exchanges, participant),
            ):
                status = handler(Request(delivery.body, {"webhook-id": webhook_id})).status
        except BadRequest:
            status = 400
        except Exception as error:
            state = self._services.inbox.schedule_retry(delivery, f"{type(error).__name__}: {error}")
            self._publish_if_failed(webhook_id, state)
            raise  # the engine records the run as failed, with the reason
        state = "done" if status < 400 else "failed"
        self._services.inbox.mark_ended(
            handler_id, webhook_id, state, None if state == "done" else f"answered {status}"
        )
        self._publish_if_failed(webhook_id, state)
        return {"ok": status}

    def _publish_if_failed(self, webhook_id: str, state: str) -> None:
        if state == "failed":
            # Without the handler's id, which is a secret.
            self._services.publish("dead_letter", {"id": f"delivery:{webhook_id}"})

    def job(self, name: str, key: str) -> dict[str, Any]:
        """Run the recurring job `name` for one key, under the trace that the job names."""
        job = next(job for job in recurring_jobs(self._services) if job.name == name)
        with self._running_job(job, key):
            return outcome(lambda: job.run(key))

    def prepare_job(self, job: RecurringJob, key: str) -> None:
        """Do for one key what a job does without the engine. Raises: ReachedDurableStep, if the rest needs a run."""
        with self._running_job(job, key, f"prepare:{job.name}:{key}"):
            needs_run = job.prepare(key) if job.prepare else True
        if needs_run:
            raise ReachedDurableStep(job.name)

    @contextmanager
    def _running_job(self, job: RecurringJob, key: str, run_id: str = "") -> Iterator[None]:
        with (
            running(DurableContext(self._services, run_id=run_id)),
            trace.resumed(job.trace(key)),
            log_calls_as(self._services.exchanges, job.acts_as),
        ):
            yield

    def connect(self, flow_id: str) -> dict[str, Any]:
        """Make a connection for a person who came back from ALC with a code."""
        return self._lifecycle.connect(flow_id)

    def disconnect(self, connection_id: str, strict: bool | None = None) -> dict[str, Any]:
        """Remove a connection for a person who pressed Disconnect.

        `strict` is None in runs that an older version asked for: then the configured default counts.
        """
        return self._lifecycle.disconnect(
            connection_id, strict=self._services.settings.strict_removal if strict is None else strict
        )

    def remove(self, connection_id: str) -> dict[str, Any]:
        """Remove a connection, or retry its clean-up."""
        return self._lifecycle.remove(connection_id)

    def restore(self, connection_id: str) -> dict[str, Any]:
        """Make what an active connection lacks."""
        return self._lifecycle.restore(connection_id)

    def subscription(self, handler_id: str) -> dict[str, Any]:
        """Have a connector make or refresh a subscription."""
        return self._handlers.maintain_subscription(handler_id)

    def rotation(self, handler_id: str) -> dict[str, Any]:
        """Tell ALC the new secret of a handler."""
        return self._handlers.rotate_secret(handler_id)


def run_until_signal(worker: Worker) -> None:
    """Start, wait for SIGTERM or SIGINT, stop within 10 seconds."""
    with stopping() as stop:
        worker.start()
        stop.wait()
        worker.stop()
