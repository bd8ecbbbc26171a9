"""`/v2/notes`: notes on records. Changes of the title and of the text are two separate events."""

from typing import Any, Literal
from uuid import uuid4

from flask import Blueprint, request
from sqlmodel import Session, col, select

from alc_app.mock_attio.api.auth import requires
from alc_app.mock_attio.store.announce import announce_event, created_columns, parent_columns
from alc_app.mock_attio.store.errors import Problem, body_error, not_found
from alc_app.mock_attio.store.note_task_list_tables import Note
from alc_app.mock_attio.store.request_bodies import Body, page_of, parse, read_data
from alc_app.mock_attio.store.schema_lookup import as_uuid, find_object, find_workspace
from alc_app.mock_attio.store.services import services
from alc_app.mock_attio.store.timestamps import normalise

Json = dict[str, Any]
_DEFAULT_PAGE, _MAX_PAGE = 10, 50

bp = Blueprint("notes", __name__, url_prefix="/v2/notes")


class NewNote(Body):
    """The body of a creation."""

    parent_object: str
    parent_record_id: str
    title: str
    format: Literal["plaintext", "markdown"]
    content: str
    created_at: str | None = None


class NoteChange(Body):
    """The body of a change. Absent keys stay unchanged."""

    title: str | None = None
    content: str | None = None


@bp.get("")
@requires("note:read", "object_configuration:read", "record_permission:read")
def list_notes() -> Json:
    """Answer notes, newest first; only those on the records of `parent_object`, or on `parent_record_id`."""
    limit, offset = page_of(request.args.get("limit"), request.args.get("offset"), default=_DEFAULT_PAGE, in_query=True)
    with services().database.reading() as session:
        statement = select(Note).order_by(col(Note.created_at).desc())
        for column, wanted in _wanted_parent(session).items():
            statement = statement.where(getattr(Note, column) == wanted)
        notes = session.exec(statement.limit(min(limit, _MAX_PAGE)).offset(offset))
        return {"data": [_json(session, note) for note in notes]}


@bp.get("/<note_id>")
@requires("note:read", "object_configuration:read", "record_permission:read")
def get_note(note_id: str) -> Json:
    """Answer one note."""
    with services().database.reading() as session:
        return {"data": _json(session, _find(session, note_id))}


@bp.post("")
@requires("note:read-write", "object_configuration:read", "record_permission:read")
def create_note() -> Json:
    """Create a note on a record."""
    new = parse(NewNote, read_data(request))
    with services().database.writing() as session:
        parent = parent_columns(session, new.parent_object, new.parent_record_id)
        columns = created_columns() | ({"created_at": _moment(new.created_at)} if new.created_at else {})
        note = Note(note_id=str(uuid4()), title=new.title, content=new.content, **parent, **columns)
        session.add(note)
        session.flush()
        announce_event(session, "note.created", {"note_id": note.note_id}, **parent)
        return {"data": _json(session, note)}


@bp.patch("/<note_id>")
@requires("note:read-write", "object_configuration:read", "record_permission:read")
def update_note(note_id: str) -> Json:
    """Change the title, the text, or both."""
    change = parse(NoteChange, read_data(request))
    with services().database.writing() as session:
        note = _find(session, note_id)
        if change.title is not None and change.title != note.title:
            note.title = change.title
            announce_event(session, "note.updated", {"note_id": note.note_id}, **_parent(note))
        if change.content is not None and change.content != note.content:
            note.content = change.content
            announce_event(session, "note-content.updated", {"note_id": note.note_id}, **_parent(note))
        return {"data": _json(session, note)}


@bp.delete("/<note_id>")
@requires("note:read-write")
def delete_note(note_id: str) -> Json:
    """Delete a note and answer an empty object."""
    with services().database.writing() as session:
        note = _find(session, note_id)
        session.delete(note)
        announce_event(session, "note.deleted", {"note_id": note.note_id}, **_parent(note))
    return {}


def _moment(text: str) -> str:
    try:
        return normalise(text)
    except ValueError as error:
        raise body_error(Problem(["data", "created_at"], "Expected a date or time in ISO 8601.")) from error


def _wanted_parent(session: Session) -> dict[str, str]:
    """Return the columns of the parent that the query parameters name; raise AttioError (404) if there is none."""
    object_name, record_id = request.args.get("parent_object"), request.args.get("parent_record_id")
    if object_name is not None and record_id is not None:
        return parent_columns(session, object_name, record_id)
    if object_name is not None:
        return {"parent_object_id": find_object(session, object_name).object_id}
    return {} if record_id is None else {"parent_record_id": record_id.lower()}


def _find(session: Session, note_id: str) -> Note:
    if (found := session.get(Note, as_uuid(note_id) or "")) is None:
        raise not_found(f'Note with ID "{note_id}" was not found.')
    return found


def _parent(note: Note) -> dict[str, str]:
    return {"parent_object_id": note.parent_object_id, "parent_record_id": note.parent_record_id}


def _json(session: Session, note: Note) -> Json:
    return {
        "id": {"workspace_id": find_workspace(session).workspace_id, "note_id": note.note_id},
        "parent_object": find_object(session, note.parent_object_id).api_slug,
        "parent_record_id": note.parent_record_id,
        "title": note.title,
        "content_plaintext": note.content,
        "content_markdown": note.content,
        "meeting_id": None,
        "tags": [],
        "created_by_actor": note.created_by,
        "created_at": note.created_at,
    }
