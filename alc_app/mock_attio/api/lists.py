"""`/v2/lists` and their entries. Lists with attributes are not supported."""

from typing import Any
from uuid import uuid4

from flask import Blueprint, request
from pydantic import Field
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, or_, select

from alc_app.mock_attio.api.auth import requires
from alc_app.mock_attio.api.objects import SLUG, slug_conflict
from alc_app.mock_attio.store.announce import announce_event, created_columns, parent_columns
from alc_app.mock_attio.store.errors import not_found, value_not_found
from alc_app.mock_attio.store.note_task_list_tables import CrmList, ListEntry
from alc_app.mock_attio.store.request_bodies import Body, page_of, parse, read_data, read_json
from alc_app.mock_attio.store.schema_lookup import as_uuid, find_object, find_workspace
from alc_app.mock_attio.store.services import services

Json = dict[str, Any]
READS, WRITES = ("list_configuration:read", "list_entry:read"), ("list_configuration:read", "list_entry:read-write")

bp = Blueprint("lists", __name__, url_prefix="/v2/lists")


class NewList(Body):
    """The body of a creation. Keys about access are ignored."""

    name: str = Field(min_length=1)
    api_slug: str = Field(pattern=SLUG)
    parent_object: str


class ListChange(Body):
    """The body of a change. Absent keys stay unchanged."""

    name: str | None = Field(default=None, min_length=1)
    api_slug: str | None = Field(default=None, pattern=SLUG)


class NewEntry(Body):
    """The body of a creation."""

    parent_object: str
    parent_record_id: str
    entry_values: dict[str, Any]


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
        return {"data": _json(session, _find(session, name))}


@bp.post("")
@requires("list_configuration:read-write")
def create_list() -> Json:
    """Create a list."""
    new = parse(NewList, read_data(request))
    try:
        with services().database.writing() as session:
            parent = find_object(session, new.parent_object).object_id
            names = {"name": new.name, "api_slug": new.api_slug}
            found = CrmList(list_id=str(uuid4()), parent_object_id=parent, **names, **created_columns())
            session.add(found)
            session.flush()
            announce_event(session, "list.created", {"list_id": found.list_id})
            return {"data": _json(session, found)}
    except IntegrityError as error:
        raise slug_conflict(new.api_slug) from error


@bp.patch("/<name>")
@requires("list_configuration:read-write")
def update_list(name: str) -> Json:
    """Change the name or the slug of a list."""
    change = parse(ListChange, read_data(request)).model_dump(exclude_none=True)
    try:
        with services().database.writing() as session:
            found = _find(session, name)
            found.sqlmodel_update(change)
            session.flush()
            announce_event(session, "list.updated", {"list_id": found.list_id})
            return {"data": _json(session, found)}
    except IntegrityError as error:
        raise slug_conflict(change["api_slug"]) from error


@bp.post("/<name>/entries")
@requires(*WRITES)
def create_entry(name: str) -> Json:
    """Add a record to a list. A list can contain a record several times."""
    new = parse(NewEntry, read_data(request))
    if new.entry_values:
        raise value_not_found(f'Cannot find attribute with slug/ID "{next(iter(new.entry_values))}".')
    with services().database.writing() as session:
        parent = parent_columns(session, new.parent_object, new.parent_record_id)
        entry = ListEntry(entry_id=str(uuid4()), list_id=_find(session, name).list_id, **parent, **created_columns())
        session.add(entry)
        session.flush()
        announce_event(session, "list-entry.created", {"list_id": entry.list_id, "entry_id": entry.entry_id}, **parent)
        return {"data": entry_json(session, entry)}


@bp.post("/<name>/entries/query")
@requires(*READS)
def query_entries(name: str) -> Json:
    """Answer the entries of a list, oldest first."""
    body = read_json(request) if request.get_data() else {}
    limit, offset = page_of(body.get("limit"), body.get("offset"))
    with services().database.reading() as session:
        mine = select(ListEntry).where(ListEntry.list_id == _find(session, name).list_id)
        found = session.exec(mine.order_by(col(ListEntry.created_at)).limit(limit).offset(offset))
        return {"data": [entry_json(session, entry) for entry in found]}


@bp.get("/<name>/entries/<entry_id>")
@requires(*READS)
def get_entry(name: str, entry_id: str) -> Json:
    """Answer one entry."""
    with services().database.reading() as session:
        return {"data": entry_json(session, _find_entry(session, name, entry_id))}


@bp.delete("/<name>/entries/<entry_id>")
@requires(*WRITES)
def delete_entry(name: str, entry_id: str) -> Json:
    """Remove an entry and answer an empty object."""
    with services().database.writing() as session:
        entry = _find_entry(session, name, entry_id)
        session.delete(entry)
        parent = {"parent_object_id": entry.parent_object_id, "parent_record_id": entry.parent_record_id}
        announce_event(session, "list-entry.deleted", {"list_id": entry.list_id, "entry_id": entry.entry_id}, **parent)
    return {}


def entry_json(session: Session, entry: ListEntry) -> Json:
    """Return an entry as JSON in the API's shape."""
    workspace_id = find_workspace(session).workspace_id
    return {
        "id": {"workspace_id": workspace_id, "list_id": entry.list_id, "entry_id": entry.entry_id},
        "parent_record_id": entry.parent_record_id,
        "parent_object": find_object(session, entry.parent_object_id).api_slug,
        "created_at": entry.created_at,
        "entry_values": {},
    }


def _find(session: Session, name: str) -> CrmList:
    statement = select(CrmList).where(or_(CrmList.api_slug == name, CrmList.list_id == name))
    if (found := session.exec(statement).first()) is None:
        raise not_found(f'Could not find a list with slug/ID "{name}".')
    return found


def _find_entry(session: Session, name: str, entry_id: str) -> ListEntry:
    found = session.get(ListEntry, as_uuid(entry_id) or "")
    if found is None or found.list_id != _find(session, name).list_id:
        raise not_found(f'Could not find an entry with ID "{entry_id}" in the list "{name}".')
    return found


def _json(session: Session, found: CrmList) -> Json:
    return {
        "id": {"workspace_id": find_workspace(session).workspace_id, "list_id": found.list_id},
        "api_slug": found.api_slug,
        "name": found.name,
        "parent_object": [find_object(session, found.parent_object_id).api_slug],
        "workspace_access": "full-access",
        "workspace_member_access": [],
        "created_by_actor": found.created_by,
        "created_at": found.created_at,
    }
