"""`/v2/lists`: lists of records. Their attributes are those of `attributes.py`, their entries those of `entries.py`."""

from collections.abc import Sequence
from typing import Any, Literal
from uuid import uuid4

from flask import Blueprint, request
from pydantic import Field
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from alc_app.mock_attio.api.auth import requires
from alc_app.mock_attio.api.objects import SLUG, slug_conflict
from alc_app.mock_attio.seed.schema import system_attributes
from alc_app.mock_attio.store.announce import announce_event, created_columns
from alc_app.mock_attio.store.errors import value_not_found
from alc_app.mock_attio.store.note_task_list_tables import CrmList
from alc_app.mock_attio.store.request_bodies import Body, parse, read_data
from alc_app.mock_attio.store.schema_lookup import find_list, find_members, find_object, find_workspace
from alc_app.mock_attio.store.services import services

Json = dict[str, Any]
Access = Literal["full-access", "read-and-write", "read-only"]

bp = Blueprint("lists", __name__, url_prefix="/v2/lists")


class MemberAccess(Body):
    """The access of one member to a list."""

    workspace_member_id: str
    level: Access


class NewList(Body):
    """The body of a creation. Attio requires all of these keys; without `workspace_access` a list is private."""

    name: str = Field(min_length=1)
    api_slug: str = Field(pattern=SLUG)
    parent_object: str
    workspace_access: Access | None
    workspace_member_access: list[MemberAccess]


class ListChange(Body):
    """The body of a change. Absent keys stay unchanged."""

    name: str | None = Field(default=None, min_length=1)
    api_slug: str | None = Field(default=None, pattern=SLUG)
    workspace_access: Access | None = None
    workspace_member_access: list[MemberAccess] | None = None


@bp.get("")
@requires("list_configuration:read")
def list_lists() -> Json:
    """Answer the lists, oldest first."""
    with services().database.reading() as session:
        return {
            "data": [_json(session, one) for one in session.exec(select(CrmList).order_by(col(CrmList.created_at)))]
        }


@bp.get("/<name>")
@requires("list_configuration:read")
def get_list(name: str) -> Json:
    """Answer one list."""
    with services().database.reading() as session:
        return {"data": _json(session, find_list(session, name))}


@bp.post("")
@requires("list_configuration:read-write")
def create_list() -> Json:
    """Create a list with the attributes that every list has."""
    new = parse(NewList, read_data(request))
    try:
        with services().database.writing() as session:
            _check_members(session, new.workspace_member_access)
            parent = find_object(session, new.parent_object).object_id
            columns = new.model_dump(exclude={"parent_object"}) | created_columns()
            found = CrmList(list_id=str(uuid4()), parent_object_id=parent, **columns)
            session.add(found)
            session.flush()
            session.add_all(system_attributes(found))
            announce_event(session, "list.created", {"list_id": found.list_id})
            return {"data": _json(session, found)}
    except IntegrityError as error:
        raise slug_conflict(new.api_slug) from error


@bp.patch("/<name>")
@requires("list_configuration:read-write")
def update_list(name: str) -> Json:
    """Change the name, the slug or the access of a list."""
    body = parse(ListChange, read_data(request))
    change = body.model_dump(exclude_none=True)
    if "workspace_access" in body.model_fields_set:
        change["workspace_access"] = body.workspace_access
    try:
        with services().database.writing() as session:
            _check_members(session, body.workspace_member_access or [])
            found = find_list(session, name)
            found.sqlmodel_update(change)
            session.flush()
            announce_event(session, "list.updated", {"list_id": found.list_id})
            return {"data": _json(session, found)}
    except IntegrityError as error:
        raise slug_conflict(change["api_slug"]) from error


def _check_members(session: Session, granted: Sequence[MemberAccess]) -> None:
    known = {member.workspace_member_id for member in find_members(session)}
    for one in granted:
        if one.workspace_member_id not in known:
            raise value_not_found(f'Workspace member with ID "{one.workspace_member_id}" not found.')


def _json(session: Session, found: CrmList) -> Json:
    return {
        "id": {"workspace_id": find_workspace(session).workspace_id, "list_id": found.list_id},
        "api_slug": found.api_slug,
        "name": found.name,
        "parent_object": [find_object(session, found.parent_object_id).api_slug],
        "workspace_access": found.workspace_access,
        "workspace_member_access": found.workspace_member_access,
        "created_by_actor": found.created_by,
        "created_at": found.created_at,
    }
