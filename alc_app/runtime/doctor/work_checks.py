"""Checks of the runtime's work: is it being done? `installation_checks.py` checks the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from alc_app.attio.host.context import settle
from alc_app.attio.host.doctor import Check, Finding
from alc_app.attio.manifest import NotInManifest
from alc_app.runtime.doctor.installation_checks import check_clocks, check_files, check_keys, check_sqlite
from alc_app.runtime.jobs import dead_letters
from alc_app.runtime.jobs.relay import RUN_OF
from alc_app.runtime.services import WORKSPACE, Services
from alc_app.runtime.storage.tables import ConnectionRow
from alc_app.runtime.workflows.activations import WorkflowActivations, webhook_function

OVERDUE_AFTER = 60.0
"""Seconds past its due time after which work is reported."""
RESTORE_TIMEOUT = 15.0
"""Seconds that a repair waits for a worker to restore a connection."""


def runtime_checks(services: Services) -> list[Check]:
    """Return the runtime's checks, in the order in which they are shown."""
    checks: dict[str, Callable[[Services], Iterator[Finding]]] = {
        "Workers": check_workers,
        "Connection": check_connection,
        "Deliveries": check_deliveries,
        "Handlers": check_handlers,
        "Dead letters": check_dead_letters,
        "Access": check_access,
        "Keys": check_keys,
        "Clocks": check_clocks,
        "Files": check_files,
        "SQLite": check_sqlite,
    }
    return [Check(name, partial(find, services)) for name, find in checks.items()]


def check_workers(services: Services) -> Iterator[Finding]:
    """Find queued work without a running worker, and unfinished work of workers that are dead."""
    living = services.worker_ids.living()
    late = services.engine.runs_in_state("ENQUEUED", before=services.now() - OVERDUE_AFTER)
    if not living:
        text = "No worker is running, so no work gets done. Start one with: alc-app worker"
        yield Finding(text, "worker")
    if late:
        text = f"{_count(len(late), 'run has', 'runs have')} waited for more than a minute for a worker."
        yield Finding(text, late[0].id, "warning" if living else "error")
    begun = [run.executor_id for run in services.engine.runs_in_state("PENDING")]
    for executor in sorted({name for name in begun if name and name not in living}):
        number = _count(begun.count(executor), "run is", "runs are")
        text = f"{number} unfinished by the worker {executor}, which is not running."
        yield Finding(text, executor, repair=partial(_take_over, services))


def check_connection(services: Services) -> Iterator[Finding]:
    """Find connections that are half made, half removed or incomplete, or that only a person can repair."""
    for row in services.connections.unfinished(WORKSPACE):
        overdue = row.due_at is not None and row.due_at < services.now() - OVERDUE_AFTER
        if row.status == "needs_reconnect":
            text = f"ALC no longer accepts the connection {row.id}. Connect again on the page of the app."
            yield Finding(text, row.id)
        elif overdue:
            doing = {"adding": "added", "active": "completed"}.get(row.status, "removed")
            text = f"The connection {row.id} should have been {doing} by now."
            yield Finding(text, row.id, repair=partial(_request_run, services, row))
        elif row.status == "active":
            text = f"The connection {row.id} is kept, and the app registers its missing parts again: {row.why}"
            yield Finding(text, row.id, "warning")
        elif row.tries:
            text = f"The connection {row.id} still needs a clean-up at ALC, which the app retries: {row.why}"
            yield Finding(text, row.id, "warning")


def check_deliveries(services: Services) -> Iterator[Finding]:
    """Find deliveries that were stored and not queued within a minute."""
    if late := services.inbox.count_overdue(OVERDUE_AFTER):
        text = f"{_count(late, 'delivery waits', 'deliveries wait')} for a run. Workers start these runs."
        yield Finding(text, "inbox")


def check_handlers(services: Services) -> Iterator[Finding]:
    """Find handlers that the manifest does not know, files without a handler, subscriptions and switches that fail."""
    live = services.connections.live(WORKSPACE)
    if live and live.status == "active":
        yield from _find_missing(services, live.id)
    for row in services.webhook_handlers.receiving():
        try:
            if row.connector:
                services.manifest.connector(row.connector)
            webhook_function(services, row.file_name)
        except NotInManifest as error:
            yield Finding(f"The webhook handler {row.id} refuses every delivery with 503. {error}", row.id)
    for workflow_id, status in WorkflowActivations(services).statuses().items():
        if status.why:
            text = f"The workflow {workflow_id} could not be switched: {status.why}"
            yield Finding(text, workflow_id, "warning")


def _find_missing(services: Services, connection_id: str) -> Iterator[Finding]:
    """Compare the handlers of an active connection with the manifest: each file must have one, and be subscribed."""
    handlers = services.webhook_handlers.of_connection(connection_id)
    needed = [*services.manifest.webhooks, *(["record_events"] if services.manifest.record_events else [])]
    missing = [name for name in needed if name not in {row.file_name for row in handlers}]
    subscriptions = {row.id: services.subscriptions.row(row.id) for row in handlers if row.connector}
    missing += [row.file_name for row in handlers if row.connector and subscriptions[row.id] is None]
    if missing:
        text = f"The connection {connection_id} has no active webhook handler for {', '.join(missing)}."
        yield Finding(text, connection_id, repair=partial(_restore, services, connection_id))
    for handler_id, found in subscriptions.items():
        if found and found.tries:
            text = f"The handler {handler_id} could not be subscribed. The app retries: {found.why}"
            yield Finding(text, handler_id, "warning")


def check_access(services: Services) -> Iterator[Finding]:
    """Find services that refuse the key of this installation, so that all work that needs it waits (C5)."""
    for origin in services.circuit_breaker.refusing():
        text = (
            f"{origin} does not accept the app's key, so calls wait. Set a valid ATTIO_API_TOKEN and restart the app. "
            f"The app also retries every minute."
        )
        yield Finding(text, origin)


def check_dead_letters(services: Services) -> Iterator[Finding]:
    """Report every dead letter. Those that a person has to decide on are not replayed as a repair."""
    for letter in dead_letters.find(services):
        repair = None if dead_letters.needs_person(letter) else partial(dead_letters.replay, services, letter.id)
        text = " ".join(filter(None, (letter.text, letter.why, letter.advice, letter.caution)))
        yield Finding(text, letter.id, "warning", repair)


def _take_over(services: Services) -> str:
    with services.worker_ids.dead() as worker_ids:
        services.take_over(worker_ids)
    return "Its unfinished work is in the queue again."


def _request_run(services: Services, row: ConnectionRow) -> str:
    run = RUN_OF[row.status]
    services.engine.enqueue(run, row.id, queue="lifecycle", deduplication_id=f"{run}:{row.id}")
    return f"Asked the worker to {run} the connection {row.id}."


def _restore(services: Services, connection_id: str) -> str:
    """Have a worker make what the connection lacks; it does so while no connection is added or removed."""
    run_id = services.engine.enqueue(
        "restore", connection_id, queue="lifecycle", deduplication_id=f"restore:{connection_id}"
    )
    settle(services.engine.wait_for_outcome(run_id, within=RESTORE_TIMEOUT))
    return "They have been made."


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"
