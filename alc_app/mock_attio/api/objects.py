"""`/v2/objects`: the objects of the workspace, standard and custom."""

from typing import Any
from uuid import uuid4

from flask import Blueprint, request
from pydantic import Field
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, delete, select

from alc_app.mock_attio.api.auth import requires
from alc_app.mock_attio.seed.schema import system_attributes
from alc_app.mock_attio.store.errors import AttioError, Problem, body_error
from alc_app.mock_attio.store.links import drop_links
from alc_app.mock_attio.store.note_task_list_tables import CrmList
from alc_app.mock_attio.store.request_bodies import Body, parse, read_data
from alc_app.mock_attio.store.schema_lookup import find_object, find_workspace
from alc_app.mock_attio.store.services import services
from alc_app.mock_attio.store.tables import Attribute, CrmObject, Record, Workspace

Json = dict[str, Any]
STANDARD_OBJECTS = frozenset({"people", "companies"})
SLUG = r"^[a-z][a-z0-9_-]{0,62}$"

bp = Blueprint("objects", __name__, url_prefix="/v2/objects")


class NewObject(Body):
    """The body of a creation."""

    api_slug: str = Field(pattern=SLUG)
    singular_noun: str = Field(min_length=1, max_length=200)
    plural_noun: str = Field(min_length=1, max_length=200)


class ObjectChange(Body):
    """The body of a change. Absent keys stay unchanged."""

    api_slug: str | None = Field(default=None, pattern=SLUG)
    singular_noun: str | None = Field(default=None, min_length=1, max_length=200)
    plural_noun: str | None = Field(default=None, min_length=1, max_length=200)


def object_json(workspace: Workspace, crm_object: CrmObject) -> Json:
    """Return an object as JSON in the API's shape."""
    return {
        "id": {"workspace_id": workspace.workspace_id, "object_id": crm_object.object_id},
        "api_slug": crm_object.api_slug,
        "singular_noun": crm_object.singular_noun,
        "plural_noun": crm_object.plural_noun,
        "created_at": crm_object.created_at,
    }


@bp.get("")
@requires("object_configuration:read")
def list_objects() -> Json:
    """Answer all objects."""
    with services().database.reading() as session:
        workspace = find_workspace(session)
        statement = select(CrmObject).order_by(col(CrmObject.created_at), col(CrmObject.api_slug))
        return {"data": [object_json(workspace, crm_object) for crm_object in session.exec(statement)]}


@bp.get("/<object_name>")
@requires("object_configuration:read")
def get_object(object_name: str) -> Json:
    """Answer one object."""
    with services().database.reading() as session:
        return {"data": object_json(find_workspace(session), find_object(session, object_name))}


@bp.post("")
@requires("object_configuration:read-write")
def create_object() -> Json:
    """Create a custom object with the attributes that every object has."""
    new = parse(NewObject, read_data(request))
    try:
        with services().database.writing() as session:
            crm_object = CrmObject(object_id=str(uuid4()), created_at=services().now(), **new.model_dump())
            session.add(crm_object)
            session.flush()
            session.add_all(system_attributes(crm_object))
            return {"data": object_json(find_workspace(session), crm_object)}
    except IntegrityError as error:
        raise slug_conflict(new.api_slug) from error


@bp.patch("/<object_name>")
@requires("object_configuration:read-write")
def update_object(object_name: str) -> Json:
    """Change the slug or the nouns of an object."""
    change = parse(ObjectChange, read_data(request)).model_dump(exclude_none=True)
    if not change:
        raise body_error(Problem(["data"], "Change at least one of api_slug, singular_noun and plural_noun."))
    try:
        with services().database.writing() as session:
            crm_object = find_object(session, object_name)
            if crm_object.api_slug in STANDARD_OBJECTS and "api_slug" in change:
                raise body_error(Problem(["data", "api_slug"], "The slug of a standard object cannot be changed."))
            crm_object.sqlmodel_update(change)
            session.flush()
            return {"data": object_json(find_workspace(session), crm_object)}
    except IntegrityError as error:
        raise slug_conflict(change["api_slug"]) from error


@bp.delete("/<object_name>")
@requires("object_configuration:read-write", "record_permission:read-write")
def delete_object(object_name: str) -> Json:
    """Delete a custom object with its records and the lists of its records; answer an empty object."""
    with services().database.writing() as session:
        crm_object = find_object(session, object_name)
        if crm_object.api_slug in STANDARD_OBJECTS:
            raise AttioError(400, "system_edit_unauthorized", "A standard object cannot be deleted.")
        found = select(Record.record_id).where(Record.object_id == crm_object.object_id)
        drop_links(session, session.exec(found).all())
        lists = select(CrmList.list_id).where(CrmList.parent_object_id == crm_object.object_id)
        targets = [crm_object.object_id, *session.exec(lists)]
        session.execute(delete(Record).where(col(Record.object_id).in_(targets)))
        session.execute(delete(Attribute).where(col(Attribute.object_id).in_(targets)))
        session.delete(crm_object)
    return {}


def slug_conflict(slug: str) -> AttioError:
    """Return the error for a slug or title that is already used."""
    return AttioError(409, "slug_conflict", f'"{slug}" is already taken. Choose another one.')
