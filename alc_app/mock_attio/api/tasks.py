"""`/v2/tasks`: tasks, optionally linked to records. As in Attio, the text of a task cannot be changed."""

from collections.abc import Callable
from functools import partial
from typing import Any, Literal
from uuid import uuid4

from flask import Blueprint, request
from pydantic import Field
from sqlmodel import Session, col, select

from alc_app.mock_attio.api.auth import requires
from alc_app.mock_attio.store.announce import announce_event, created_columns
from alc_app.mock_attio.store.errors import Problem, body_error, not_found, query_params_error
from alc_app.mock_attio.store.note_task_list_tables import Task
from alc_app.mock_attio.store.request_bodies import Body, flag, page_of, parse, read_data
from alc_app.mock_attio.store.schema_lookup import as_uuid, find_members, find_object, find_workspace
from alc_app.mock_attio.store.services import services
from alc_app.mock_attio.store.timestamps import normalise
from alc_app.mock_attio.values.linked import find_linked_member, find_linked_record
from alc_app.mock_attio.values.parsing import InvalidValueError

Json = dict[str, Any]
_NOBODY = ("", "null")
"""What `assignee` is for tasks that nobody has."""
SCOPES = ("object_configuration:read", "record_permission:read", "user_management:read")

bp = Blueprint("tasks", __name__, url_prefix="/v2/tasks")


class TaskChange(Body):
    """The body of a change. Absent keys stay unchanged."""

    deadline_at: str | None = None
    is_completed: bool | None = None
    linked_records: list[Json] | None = None
    assignees: list[Json] | None = None


class NewTask(Body):
    """The body of a creation. Attio requires all of these keys, even empty ones."""

    content: str = Field(max_length=2_000)
    format: Literal["plaintext"]
    deadline_at: str | None
    is_completed: bool
    linked_records: list[Json]
    """Each with `target_object`, and `target_record_id` or one unique attribute."""
    assignees: list[Json]
    """Each with `referenced_actor_type` and `referenced_actor_id`, or `workspace_member_email_address`."""


@bp.get("")
@requires("task:read", *SCOPES)
def list_tasks() -> Json:
    """Answer the tasks that the query parameters ask for, oldest first if they name no `sort`."""
    limit, offset = page_of(request.args.get("limit"), request.args.get("offset"), in_query=True)
    key, reverse = _sort()
    with services().database.reading() as session:
        passes = _filter(session)
        tasks = [task for task in session.exec(select(Task).order_by(col(Task.created_at))) if passes(task)]
        tasks.sort(key=key, reverse=reverse)
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


def _sort() -> tuple[Callable[[Task], str], bool]:
    """Return the key and the direction of `sort`. Tasks that are not completed come first in `completed_at:asc`."""
    name, _, direction = request.args.get("sort", "created_at:asc").partition(":")
    if name not in {"created_at", "completed_at"} or direction not in {"asc", "desc"}:
        message = "Expected created_at or completed_at, with :asc or :desc."
        raise query_params_error(Problem(["sort"], message, "invalid_enum_value"))
    return (lambda task: str(getattr(task, name) or "")), direction == "desc"


def _filter(session: Session) -> Callable[[Task], bool]:
    """Return the test for the query parameters `linked_object`, `linked_record_id`, `assignee` and `is_completed`."""
    linked, assignee = _linked(session), request.args.get("assignee")
    wanted = flag(request, "is_completed") if "is_completed" in request.args else None
    members = {
        m.workspace_member_id for m in find_members(session) if assignee in (m.email_address, m.workspace_member_id)
    }

    def passes(task: Task) -> bool:
        assigned = {one["referenced_actor_id"] for one in task.assignees}
        return (
            linked in (None, *task.linked_records)
            and (assignee is None or (bool(assigned & members) if assignee not in _NOBODY else not assigned))
            and wanted in (None, task.is_completed)
        )

    return passes


def _linked(session: Session) -> Json | None:
    """Return the link that tasks must have, if the query parameters name one. Attio takes both of them or neither."""
    names = ("linked_object", "linked_record_id")
    given = [request.args[name] for name in names if name in request.args]
    if not given:
        return None
    if len(given) == 1:
        raise query_params_error(Problem(list(names), "Give both the object and the ID of the record, or neither."))
    return {"target_object_id": find_object(session, given[0]).object_id, "target_record_id": given[1].lower()}


def _apply(session: Session, task: Task, given: NewTask | TaskChange) -> None:
    """Write the given keys to the task; a key that is absent or null changes nothing, except `deadline_at`."""
    if "deadline_at" in given.model_fields_set:
        task.deadline_at = _deadline(given.deadline_at)
    if given.is_completed is not None and given.is_completed != task.is_completed:
        task.is_completed, task.completed_at = given.is_completed, services().now() if given.is_completed else None
    if given.linked_records is not None:
        find = partial(find_linked_record, session)
        records = [_resolve(find, item, "linked_records", n) for n, item in enumerate(given.linked_records)]
        task.linked_records = [
            {"target_object_id": one["target_object"], "target_record_id": one["target_record_id"]} for one in records
        ]
    if given.assignees is not None:
        find = partial(find_linked_member, session)
        task.assignees = [_resolve(find, item, "assignees", n) for n, item in enumerate(given.assignees)]


def _deadline(text: str | None) -> str | None:
    try:
        return None if text is None else normalise(text)
    except ValueError as error:
        raise body_error(Problem(["data", "deadline_at"], "Expected a date or time in ISO 8601.")) from error


def _resolve(find: Callable[[Json], Json], item: Json, key: str, position: int) -> Json:
    """Return the record or member that an item of the body names. One that does not exist is a 404 in Attio."""
    try:
        return find(item)
    except InvalidValueError as error:
        if error.code == "value_not_found":
            raise not_found(str(error)) from error
        raise body_error(Problem(["data", key, position, *error.path], str(error))) from error


def _find(session: Session, task_id: str) -> Task:
    if (found := session.get(Task, as_uuid(task_id) or "")) is None:
        raise not_found(f'Could not find Task with ID "{task_id}".')
    return found


def _json(session: Session, task: Task) -> Json:
    shown = {"deadline_at", "is_completed", "completed_at", "linked_records", "assignees", "created_at"}
    return {
        "id": {"workspace_id": find_workspace(session).workspace_id, "task_id": task.task_id},
        "content_plaintext": task.content,
        **task.model_dump(include=shown),
        "created_by_actor": task.created_by,
    }
