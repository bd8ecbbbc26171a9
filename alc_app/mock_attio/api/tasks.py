"""`/v2/tasks`: what somebody has to do, perhaps about records. The text of a task stays as it was made, as in Attio."""

from typing import Any, Literal
from uuid import uuid4

from flask import Blueprint, request
from sqlmodel import Session, col, select

from alc_app.mock_attio.api.auth import requires
from alc_app.mock_attio.store.announce import made, parent_of, tell
from alc_app.mock_attio.store.errors import not_found
from alc_app.mock_attio.store.note_task_list_tables import Task
from alc_app.mock_attio.store.request_bodies import Body, page_of, parse, read_data
from alc_app.mock_attio.store.schema_lookup import as_uuid, find_workspace
from alc_app.mock_attio.store.services import crm

Json = dict[str, Any]
SCOPES = ("object_configuration:read", "record_permission:read", "user_management:read")

bp = Blueprint("tasks", __name__, url_prefix="/v2/tasks")


class LinkedRecord(Body):
    """A record that a task is about."""

    target_object: str
    target_record_id: str


class Assignee(Body):
    """A member who is to do it."""

    referenced_actor_type: Literal["workspace-member"]
    referenced_actor_id: str


class TaskChange(Body):
    """The body of a change; what is absent stays."""

    deadline_at: str | None = None
    is_completed: bool | None = None
    linked_records: list[LinkedRecord] | None = None
    assignees: list[Assignee] | None = None


class NewTask(Body):
    """The body of a creation; Attio wants all of these keys, even where they say nothing."""

    content: str
    format: Literal["plaintext"]
    deadline_at: str | None
    is_completed: bool
    linked_records: list[LinkedRecord]
    assignees: list[Assignee]


@bp.get("")
@requires("task:read", *SCOPES)
def list_tasks() -> Json:
    """Answer tasks, the oldest first."""
    limit, offset = page_of(request.args.get("limit"), request.args.get("offset"), in_query=True)
    with crm().database.reading() as session:
        asked = [task for task in session.exec(select(Task).order_by(col(Task.created_at))) if _is_asked_for(task)]
        return {"data": [_json(session, task) for task in asked[offset : offset + limit]]}


@bp.get("/<task_id>")
@requires("task:read", *SCOPES)
def get_task(task_id: str) -> Json:
    """Answer one task."""
    with crm().database.reading() as session:
        return {"data": _json(session, _find(session, task_id))}


@bp.post("")
@requires("task:read-write", *SCOPES)
def create_task() -> Json:
    """Make a task."""
    new = parse(NewTask, read_data(request))
    with crm().database.writing() as session:
        task = Task(task_id=str(uuid4()), content=new.content, **made())
        _put(session, task, new)
        session.add(task)
        session.flush()
        tell(session, "task.created", {"task_id": task.task_id})
        return {"data": _json(session, task)}


@bp.patch("/<task_id>")
@requires("task:read-write", *SCOPES)
def update_task(task_id: str) -> Json:
    """Change a task in everything but its text."""
    change = parse(TaskChange, read_data(request))
    with crm().database.writing() as session:
        task = _find(session, task_id)
        _put(session, task, change)
        if session.is_modified(task):
            tell(session, "task.updated", {"task_id": task.task_id})
        return {"data": _json(session, task)}


@bp.delete("/<task_id>")
@requires("task:read-write")
def delete_task(task_id: str) -> Json:
    """Delete a task and answer an empty object."""
    with crm().database.writing() as session:
        task = _find(session, task_id)
        session.delete(task)
        tell(session, "task.deleted", {"task_id": task.task_id})
    return {}


def _is_asked_for(task: Task) -> bool:
    """Is it what the query asks for, by the record it is about and by whether it is done?"""
    record, done = request.args.get("linked_record_id"), request.args.get("is_completed")
    about = record is None or any(one["target_record_id"] == record for one in task.linked_records)
    return about and done in (None, "true" if task.is_completed else "false")


def _put(session: Session, task: Task, given: NewTask | TaskChange) -> None:
    named = given.model_fields_set
    if "deadline_at" in named:
        task.deadline_at = given.deadline_at
    if given.is_completed is not None and given.is_completed != task.is_completed:
        task.is_completed, task.completed_at = given.is_completed, crm().now() if given.is_completed else None
    if given.linked_records is not None:
        parents = [parent_of(session, one.target_object, one.target_record_id) for one in given.linked_records]
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
        "created_by_actor": task.made_by,
    }
