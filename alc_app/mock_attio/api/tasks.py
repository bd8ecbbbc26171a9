"""`/v2/tasks`: tasks, optionally linked to records. As in Attio, the text of a task cannot be changed."""

from typing import Any, Literal
from uuid import uuid4

from flask import Blueprint, request
from sqlmodel import Session, col, select

from alc_app.mock_attio.api.auth import requires
from alc_app.mock_attio.store.announce import announce_event, created_columns, parent_columns
from alc_app.mock_attio.store.errors import not_found
from alc_app.mock_attio.store.note_task_list_tables import Task
from alc_app.mock_attio.store.request_bodies import Body, page_of, parse, read_data
from alc_app.mock_attio.store.schema_lookup import as_uuid, find_workspace
from alc_app.mock_attio.store.services import services

Json = dict[str, Any]
SCOPES = ("object_configuration:read", "record_permission:read", "user_management:read")

bp = Blueprint("tasks", __name__, url_prefix="/v2/tasks")


class LinkedRecord(Body):
    """A record that a task is linked to."""

    target_object: str
    target_record_id: str


class Assignee(Body):
    """A member that a task is assigned to."""

    referenced_actor_type: Literal["workspace-member"]
    referenced_actor_id: str


class TaskChange(Body):
    """The body of a change. Absent keys stay unchanged."""

    deadline_at: str | None = None
    is_completed: bool | None = None
    linked_records: list[LinkedRecord] | None = None
    assignees: list[Assignee] | None = None


class NewTask(Body):
    """The body of a creation. Attio requires all of these keys, even empty ones."""

    content: str
    format: Literal["plaintext"]
    deadline_at: str | None
    is_completed: bool
    linked_records: list[LinkedRecord]
    assignees: list[Assignee]


@bp.get("")
@requires("task:read", *SCOPES)
def list_tasks() -> Json:
    """Answer tasks, oldest first."""
    limit, offset = page_of(request.args.get("limit"), request.args.get("offset"), in_query=True)
    with services().database.reading() as session:
        tasks = [task for task in session.exec(select(Task).order_by(col(Task.created_at))) if _matches_query(task)]
        return {"data": [_json(session, task) for task in tasks[offset : offset + limit]]}


@bp.get("/<task_id>")
@requires("task:read", *SCOPES)
def get_task(task_id: str) -> Json:
    """Answer one task."""
    with services().database.reading() as session:
        return {"data": _json(session, _find(session, task_id))}


@bp.post("")
@requires("task:read-write", *SCOPES)
def create_task() -> Json:
    """Create a task."""
    new = parse(NewTask, read_data(request))
    with services().database.writing() as session:
        task = Task(task_id=str(uuid4()), content=new.content, **created_columns())
        _apply(session, task, new)
        session.add(task)
        session.flush()
        announce_event(session, "task.created", {"task_id": task.task_id})
        return {"data": _json(session, task)}


@bp.patch("/<task_id>")
@requires("task:read-write", *SCOPES)
def update_task(task_id: str) -> Json:
    """Change a task, except its text."""
    change = parse(TaskChange, read_data(request))
    with services().database.writing() as session:
        task = _find(session, task_id)
        _apply(session, task, change)
        if session.is_modified(task):
            announce_event(session, "task.updated", {"task_id": task.task_id})
        return {"data": _json(session, task)}


@bp.delete("/<task_id>")
@requires("task:read-write")
def delete_task(task_id: str) -> Json:
    """Delete a task and answer an empty object."""
    with services().database.writing() as session:
        task = _find(session, task_id)
        session.delete(task)
        announce_event(session, "task.deleted", {"task_id": task.task_id})
    return {}


def _matches_query(task: Task) -> bool:
    """Return whether a task passes the query parameters `linked_record_id` and `is_completed`."""
    record_id, completed = request.args.get("linked_record_id"), request.args.get("is_completed")
    is_linked = record_id is None or any(one["target_record_id"] == record_id for one in task.linked_records)
    return is_linked and completed in (None, "true" if task.is_completed else "false")


def _apply(session: Session, task: Task, given: NewTask | TaskChange) -> None:
    """Write the given keys to the task; a key that is absent or null changes nothing, except `deadline_at`."""
    named = given.model_fields_set
    if "deadline_at" in named:
        task.deadline_at = given.deadline_at
    if given.is_completed is not None and given.is_completed != task.is_completed:
        task.is_completed, task.completed_at = given.is_completed, services().now() if given.is_completed else None
    if given.linked_records is not None:
        parents = [parent_columns(session, one.target_object, one.target_record_id) for one in given.linked_records]
        task.linked_records = [
            {"target_object_id": one["parent_object_id"], "target_record_id": one["parent_record_id"]}
            for one in parents
        ]
    if given.assignees is not None:
        task.assignees = [one.model_dump() for one in given.assignees]


def _find(session: Session, task_id: str) -> Task:
    if (found := session.get(Task, as_uuid(task_id) or "")) is None:
        raise not_found(f'Could not find a task with ID "{task_id}".')
    return found


def _json(session: Session, task: Task) -> Json:
    shown = {"deadline_at", "is_completed", "completed_at", "linked_records", "assignees", "created_at"}
    return {
        "id": {"workspace_id": find_workspace(session).workspace_id, "task_id": task.task_id},
        "content_plaintext": task.content,
        **task.model_dump(include=shown),
        "created_by_actor": task.created_by,
    }
