"""Tasks in Attio (docs.attio.com/rest-api/endpoint-reference/tasks): those about a record, and making one only once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import NAMESPACE_URL, uuid5

from alc_app.attio.host.claims import claim, release
from alc_app.attio.host.context import step
from alc_app.clients.attio_api import WRITES_PER_SECOND, AttioApiError, call, data_of, list_of
from alc_app.clients.attio_people import parse_time

TASK_TIMEOUT = 120.0
"""Seconds for which one execution alone may create a task: longer than the calls and waits of it together."""
MAX_CLOCK_SKEW = timedelta(minutes=1)


@dataclass(frozen=True)
class Task:
    """A task, read from Attio's JSON."""

    json: Mapping[str, Any] = field(repr=False)

    @property
    def task_id(self) -> str:
        """Return the task's id."""
        return str(self.json["id"]["task_id"])

    @property
    def content(self) -> str:
        """Return the text, without formats."""
        return str(self.json["content_plaintext"])

    @property
    def is_completed(self) -> bool:
        """Return whether somebody has completed it."""
        return bool(self.json["is_completed"])

    @property
    def created_at(self) -> datetime:
        """Return when it was created."""
        return parse_time(self.json["created_at"])

    @property
    def linked_record_ids(self) -> list[str]:
        """Return the ids of the records that it is about."""
        return [record["target_record_id"] for record in self.json["linked_records"]]


@step
def create_task(object_slug: str, record_id: str, content: str, *, execution_id: str, since: datetime) -> str:
    """Create a task about a record, unless there is one with this content. Returns its id. `POST /v2/tasks`.

    Attio takes no idempotency key. So one execution at a time may create a task with this content, and takes the open
    one that it finds; or one that is newer than the beginning of the execution (`since`), which an earlier try has made
    and somebody has completed meanwhile. Raises: NotFound, Forbidden, AttioRefused, AnswerLost, AttioApiError.
    """
    name = f"task/{uuid5(NAMESPACE_URL, f'{object_slug}/{record_id}/{content}')}"
    if not claim(name, owner=execution_id, seconds=TASK_TIMEOUT):
        raise AttioApiError("Another workflow is creating this task right now.")
    task_id = _find_task(object_slug, record_id, content, since) or _post_task(object_slug, record_id, content)
    release(name, owner=execution_id)  # not after an error: Attio may still be creating it
    return task_id


def tasks_about(object_slug: str, record_id: str, limit: int = 500) -> list[Task]:
    """Return the newest tasks that are linked to a record. `GET /v2/tasks`. Raises: AttioApiError."""
    about = {"linked_object": object_slug, "linked_record_id": record_id, "sort": "created_at:desc", "limit": limit}
    return [Task(task) for task in list_of(call("GET", f"/v2/tasks?{urlencode(about)}"))]


def _find_task(object_slug: str, record_id: str, content: str, since: datetime) -> str | None:
    begun = f"{since - MAX_CLOCK_SKEW:%Y-%m-%dT%H:%M:%S}"  # as Attio writes the time, but for the fraction
    for task in tasks_about(object_slug, record_id):
        counts = not task.is_completed or task.json["created_at"] >= begun
        if task.content == content and record_id in task.linked_record_ids and counts:
            return task.task_id
    return None


def _post_task(object_slug: str, record_id: str, content: str) -> str:
    data = {
        "content": content,
        "format": "plaintext",
        "deadline_at": None,
        "is_completed": False,
        "linked_records": [{"target_object": object_slug, "target_record_id": record_id}],
        "assignees": [],
    }
    return str(data_of(call("POST", "/v2/tasks", {"data": data}, per_second=WRITES_PER_SECOND))["id"]["task_id"])
