"""Dead letters: work that has ended in failure and that nothing tries again by itself; every kind of them in one list.

An id is `<kind>:<id>`. The runtime knows four kinds; what the app gives up on comes with the manifest.
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
from alc_app.runtime.services import WORKSPACE, Services

T = TypeVar("T")
MINDED_BY_ROWS = ("webhook", "job", "remove", "connect")
"""Runs that a row of ours asks for again, or whose person was told and can begin anew."""


class NotReplayed(SerializableError):
    """There is no such dead letter, or trying again is no use; the message says what to do."""


def find(services: Services) -> list[DeadLetter]:
    """All of them, the newest first."""
    with running(AppContext(services)):
        found = [replace(letter, id=f"{kind.kind}:{letter.id}") for kind in _kinds(services) for letter in kind.find()]
    return sorted(found, key=lambda letter: letter.since, reverse=True)


def get(services: Services, letter_id: str) -> DeadLetter:
    """One of them. Raises: NotReplayed."""
    found = next((letter for letter in find(services) if letter.id == letter_id), None)
    if found is None:
        raise NotReplayed(f"There is no dead letter {letter_id}. It may have been tried again, or dismissed.")
    return found


def replay(services: Services, letter_id: str) -> str:
    """Have it tried again; returns a sentence that says so. Raises: NotReplayed."""
    advice = get(services, letter_id).advice

    def try_again(kind: DeadLetters, own_id: str) -> str:
        if advice or kind.replay is None:
            raise NotReplayed(advice)
        return kind.replay(own_id)

    return _with(services, letter_id, try_again)


def dismiss(services: Services, letter_id: str) -> None:
    """Take it off the list for good. Raises: NotReplayed."""
    get(services, letter_id)
    _with(services, letter_id, lambda kind, own_id: kind.dismiss(own_id))


def as_json(letter: DeadLetter) -> dict[str, Any]:
    """A dead letter for machines."""
    return {
        "id": letter.id,
        "text": letter.text,
        "why": letter.why,
        "since": datetime.fromtimestamp(letter.since, UTC).isoformat(timespec="seconds"),
        "replayable": not letter.advice,
        "advice": letter.advice or None,
    }


def _with(services: Services, letter_id: str, work: Callable[[DeadLetters, str], T]) -> T:
    name, _, own_id = letter_id.partition(":")
    with running(AppContext(services)):
        result = work(next(kind for kind in _kinds(services) if kind.kind == name), own_id)
    services.publish("dead_letter", {"id": letter_id})
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
    return [
        DeadLetter(
            f"{row.handler_id}:{row.webhook_id}",
            f"The delivery {row.webhook_id} could not be worked through.",
            f"The last attempt ended with: {row.why}." if row.why else "",
            row.received_at,
        )
        for row in services.inbox.failed()
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
            f"The connection {row.id} could not be cleaned up at ALC for 30 days, and its tokens are deleted.",
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
            run.id, f"The run {run.id} of the workflow {run.workflow_id} has failed.", run.why or "", run.started_at
        )
        for run in services.workflow_runs.failed()
    ]


def _replay_workflow(services: Services, run_id: str) -> str:
    services.workflow_runs.retry(run_id)
    return f"The workflow run {run_id} tries its last step once more."


def _dismiss_workflow(services: Services, run_id: str) -> None:
    services.workflow_runs.dismiss(run_id)


def _runs(services: Services) -> list[DeadLetter]:
    crashed = services.engine.runs_in_state("MAX_RECOVERY_ATTEMPTS_EXCEEDED")
    failed = [run for run in services.engine.runs_in_state("ERROR") if run.name not in MINDED_BY_ROWS]
    return [
        DeadLetter(
            run.id,
            f"The run {run.id} ({run.name}) has failed."
            if run in failed
            else f"The run {run.id} ({run.name}) has died again and again.",
            "The log of the worker says why.",
            run.enqueued_at,
        )
        for run in (*crashed, *failed)
    ]


def _replay_run(services: Services, run_id: str) -> str:
    services.engine.resume(run_id)
    return f"The run {run_id} is in the queue again."


def _dismiss_run(services: Services, run_id: str) -> None:
    services.engine.delete(run_id)
