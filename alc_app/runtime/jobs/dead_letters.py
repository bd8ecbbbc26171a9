"""Dead letters: work that failed for good and is not retried, of every kind in one list.

An id is `<kind>:<id>`. The runtime has four kinds; those of the app come with the manifest.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any, TypeVar

from alc_app.attio.host.context import running
from alc_app.attio.host.doctor import DeadLetter, DeadLetters
from alc_app.attio.host.errors import SerializableError
from alc_app.runtime.context import AppContext
from alc_app.runtime.engine import RETRIED_ELSEWHERE
from alc_app.runtime.services import WORKSPACE, Services
from alc_app.runtime.stores.workflow_runs import AlreadyRunning

CAUTION = "A replay may start a chat. Replay it alone, if you still want the chat."
"""For work that a person, or a change in the CRM, has asked for once: the doctor must not do it much later."""
T = TypeVar("T")


class NotReplayed(SerializableError):
    """There is no such dead letter, or it cannot be replayed; the message says what to do."""


def find(services: Services) -> list[DeadLetter]:
    """Return all dead letters, the newest first."""
    with running(AppContext(services)):
        found = [replace(each, id=f"{kind.kind}:{each.id}") for kind in _kinds(services) for each in kind.find()]
    return sorted(found, key=lambda each: each.since, reverse=True)


def get(services: Services, dead_letter_id: str) -> DeadLetter:
    """Return one dead letter. Raises: NotReplayed, if there is none."""
    found = next((each for each in find(services) if each.id == dead_letter_id), None)
    if found is None:
        raise NotReplayed(f"There is no dead letter {dead_letter_id}. It may have been replayed or dismissed.")
    return found


def replay(services: Services, dead_letter_id: str) -> str:
    """Have the work tried again; return a sentence that says so. Raises: NotReplayed."""
    advice = get(services, dead_letter_id).advice

    def try_again(kind: DeadLetters, own_id: str) -> str:
        if advice or kind.replay is None:
            raise NotReplayed(advice)
        return kind.replay(own_id)

    return _apply(services, dead_letter_id, try_again)


def needs_person(dead_letter: DeadLetter) -> bool:
    """Tell whether a person has to decide on it alone."""
    return bool(dead_letter.advice or dead_letter.caution)


def dismiss(services: Services, dead_letter_id: str) -> None:
    """Remove it from the list for good. Raises: NotReplayed, if there is none."""
    get(services, dead_letter_id)
    _apply(services, dead_letter_id, lambda kind, own_id: kind.dismiss(own_id))


def as_json(dead_letter: DeadLetter) -> dict[str, Any]:
    """Return a dead letter for machines."""
    return {
        "id": dead_letter.id,
        "text": dead_letter.text,
        "why": dead_letter.why,
        "since": datetime.fromtimestamp(dead_letter.since, UTC).isoformat(timespec="seconds"),
        "replayable": not dead_letter.advice,
        "advice": dead_letter.advice or None,
        "caution": dead_letter.caution or None,
    }


def _apply(services: Services, dead_letter_id: str, work: Callable[[DeadLetters, str], T]) -> T:
    name, _, own_id = dead_letter_id.partition(":")
    with running(AppContext(services)):
        result = work(next(kind for kind in _kinds(services) if kind.kind == name), own_id)
    services.publish("dead_letter", {"kind": name})  # an id may have that of a handler in it, which is a secret
    return result


def _kinds(services: Services) -> list[DeadLetters]:
    def kind(
        name: str, find: Callable[..., list[DeadLetter]], replay: Callable[..., str], dismiss: Callable[..., None]
    ) -> DeadLetters:
        return DeadLetters(name, partial(find, services), partial(replay, services), partial(dismiss, services))

    return [
        *services.manifest.operations.dead_letters,
        kind("delivery", _deliveries, _replay_delivery, _dismiss_delivery),
        kind("clean-up", _clean_ups, _replay_clean_up, _dismiss_clean_up),
        kind("workflow", _workflows, _replay_workflow, _dismiss_workflow),
        kind("run", _runs, _replay_run, _dismiss_run),
    ]


def _deliveries(services: Services) -> list[DeadLetter]:
    """List failed deliveries. One to a file of `webhooks/` is news of ALC; others may start a chat."""
    failed = services.inbox.failed()
    handlers = {
        handler_id: services.webhook_handlers.row(handler_id) for handler_id in {row.handler_id for row in failed}
    }
    news = {handler_id for handler_id, row in handlers.items() if row and row.file_name in services.manifest.webhooks}
    return [
        DeadLetter(
            f"{row.handler_id}:{row.webhook_id}",
            f"The delivery {row.webhook_id} could not be handled.",
            f"The last attempt ended with: {row.why}." if row.why else "",
            row.received_at,
            caution="" if row.handler_id in news else CAUTION,
        )
        for row in failed
    ]


def _replay_delivery(services: Services, key: str) -> str:
    handler_id, _, webhook_id = key.partition(":")
    services.inbox.requeue(handler_id, webhook_id)
    return f"The delivery {webhook_id} gets a new run."


def _dismiss_delivery(services: Services, key: str) -> None:
    handler_id, _, webhook_id = key.partition(":")
    services.inbox.dismiss(handler_id, webhook_id)


def _clean_ups(services: Services) -> list[DeadLetter]:
    return [
        DeadLetter(
            row.id,
            f"The connection {row.id} could not be cleaned up at ALC for 30 days. Its tokens are deleted.",
            row.why or "",
            row.removing_since or row.created_at,
            # With the workspace's own key ALC can still be asked to delete the webhook.
            "" if services.connections.live(WORKSPACE) else "Connect again, then replay it; or dismiss it.",
        )
        for row in services.connections.given_up(WORKSPACE)
    ]


def _replay_clean_up(services: Services, connection_id: str) -> str:
    services.connections.retry_clean_up(connection_id)
    return f"The connection {connection_id} is being cleaned up again."


def _dismiss_clean_up(services: Services, connection_id: str) -> None:
    services.connections.erase(connection_id)


def _workflows(services: Services) -> list[DeadLetter]:
    return [
        DeadLetter(
            run.id,
            f"The workflow {run.workflow_id} has failed"
            + (f" for the record {run.record_id}." if run.record_id else "."),
            run.why or "",
            run.started_at,
            caution=CAUTION,
            record_id=run.record_id or "",
        )
        for run in services.workflow_runs.failed()
    ]


def _replay_workflow(services: Services, run_id: str) -> str:
    try:
        services.workflow_runs.retry(run_id)
    except AlreadyRunning as error:
        raise NotReplayed(error.message) from error
    return f"The workflow run {run_id} retries its last step."


def _dismiss_workflow(services: Services, run_id: str) -> None:
    services.workflow_runs.dismiss(run_id)


def _runs(services: Services) -> list[DeadLetter]:
    crashed = services.engine.runs_in_state("MAX_RECOVERY_ATTEMPTS_EXCEEDED")
    failed = [run for run in services.engine.runs_in_state("ERROR") if run.name not in RETRIED_ELSEWHERE]
    return [
        DeadLetter(
            run.id,
            f"The run {run.id} ({run.name}) has failed."
            if run in failed
            else f"The run {run.id} ({run.name}) crashed several times.",
            "See the worker's log.",
            run.enqueued_at,
            caution=CAUTION if run.name == "server_function" else "",
        )
        for run in (*crashed, *failed)
    ]


def _replay_run(services: Services, run_id: str) -> str:
    services.engine.resume(run_id)
    return f"The run {run_id} is in the queue again."


def _dismiss_run(services: Services, run_id: str) -> None:
    services.engine.delete(run_id)
