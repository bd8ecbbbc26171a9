"""`/v2/lists/{list}/entries…`: a record in a list, with values of its own. A list can hold a record several times."""

from functools import partial
from typing import Any, cast

from flask import Blueprint, request
from sqlmodel import Session, col, select

from alc_app.mock_attio.api.auth import requires
from alc_app.mock_attio.api.items import (
    commit,
    delete_item,
    get_item,
    list_item_values,
    open_editor,
    query_items,
    update_item,
)
from alc_app.mock_attio.api.value_history import replace_history
from alc_app.mock_attio.store.changes import Change
from alc_app.mock_attio.store.errors import AttioError, Problem, body_error, value_not_found
from alc_app.mock_attio.store.links import entry_numbers
from alc_app.mock_attio.store.note_task_list_tables import CrmList
from alc_app.mock_attio.store.records import Editor, find_record
from alc_app.mock_attio.store.request_bodies import Body, parse, read_data
from alc_app.mock_attio.store.schema_lookup import load_schema
from alc_app.mock_attio.store.tables import Record
from alc_app.mock_attio.store.targets import LISTS
from alc_app.mock_attio.values.write import parse_values

Json = dict[str, Any]
READS = ("list_entry:read", "list_configuration:read")
WRITES = ("list_entry:read-write", "list_configuration:read")

bp = Blueprint("entries", __name__, url_prefix="/v2/lists/<list_name>/entries")


class NewEntry(Body):
    """The body of a creation and of an upsert."""

    parent_object: str
    parent_record_id: str
    entry_values: dict[str, Any]


@bp.post("")
@requires(*WRITES)
def create_entry(list_name: str) -> Json:
    """Add a record to a list, even if the list has it already."""
    return commit(partial(_create, list_name, parse(NewEntry, read_data(request))))


@bp.put("")
@requires(*WRITES)
def upsert_entry(list_name: str) -> Json:
    """Update the only entry of a record, or add the record to the list. Several entries are refused (400)."""
    return commit(partial(_upsert, list_name, parse(NewEntry, read_data(request))))


@bp.post("/query")
@requires(*READS)
def query_entries(list_name: str) -> Json:
    """Answer the entries that match a filter."""
    return query_items(LISTS, list_name)


@bp.get("/<entry_id>")
@requires(*READS)
def get_entry(list_name: str, entry_id: str) -> Json:
    """Answer one entry with all its active values."""
    return get_item(LISTS, list_name, entry_id)


@bp.patch("/<entry_id>")
@requires(*WRITES)
def update_entry(list_name: str, entry_id: str) -> Json:
    """Update an entry. Single values are replaced; values of a multiselect are added before the existing ones."""
    return update_item(LISTS, list_name, entry_id, overwrite=False)


@bp.put("/<entry_id>")
@requires(*WRITES)
def overwrite_entry(list_name: str, entry_id: str) -> Json:
    """Update an entry. Values of a multiselect are replaced too."""
    return update_item(LISTS, list_name, entry_id, overwrite=True)


@bp.delete("/<entry_id>")
@requires(*WRITES)
def delete_entry(list_name: str, entry_id: str) -> Json:
    """Remove an entry and answer an empty object."""
    return delete_item(LISTS, list_name, entry_id)


@bp.get("/<entry_id>/attributes/<attribute_name>/values")
@requires(*READS)
def list_entry_values(list_name: str, entry_id: str, attribute_name: str) -> Json:
    """Answer the values of one attribute; former values only with `show_historic=true`."""
    return list_item_values(LISTS, list_name, entry_id, attribute_name)


@bp.put("/<entry_id>/attributes/<attribute_name>/values")
@requires(*WRITES)
def write_values(list_name: str, entry_id: str, attribute_name: str) -> Json:
    """Replace the whole history of one attribute."""
    return replace_history(LISTS, list_name, entry_id, attribute_name)


def _create(list_name: str, new: NewEntry, session: Session) -> Change:
    editor = open_editor(session, LISTS, list_name)
    return _insert(editor, _find_parent(editor, new), new)


def _upsert(list_name: str, new: NewEntry, session: Session) -> Change:
    editor = open_editor(session, LISTS, list_name)
    parent = _find_parent(editor, new)
    mine = select(Record).where(
        Record.object_id == editor.schema.target_id, col(Record.number).in_(entry_numbers([parent.record_id]))
    )
    entries = session.exec(mine.limit(2)).all()
    if len(entries) > 1:
        message = "The list has several entries of this record. Update one of them by its ID."
        raise AttioError(400, "multiple_match_results", message)
    if not entries:
        return _insert(editor, parent, new)
    return editor.update(entries[0], parse_values(editor.schema, new.entry_values), keep_existing=frozenset())


def _insert(editor: Editor, parent: Record, new: NewEntry) -> Change:
    reference = {"target_object": parent.object_id, "target_record_id": parent.record_id}
    return editor.create(parse_values(editor.schema, new.entry_values), parent=reference)


def _find_parent(editor: Editor, new: NewEntry) -> Record:
    """Return the record that the body names, locked, so that two upserts do not both add it."""
    crm_list = cast(CrmList, editor.schema.target)  # the editor was opened for a list
    try:
        schema = load_schema(editor.schema.session, new.parent_object)
        if schema.target_id != crm_list.parent_object_id:
            message = f'The list "{crm_list.api_slug}" does not take records of "{new.parent_object}".'
            raise body_error(Problem(["data", "parent_object"], message))
        return find_record(schema, new.parent_record_id, lock=True)
    except AttioError as error:
        raise error if error.status == 400 else value_not_found(error.message) from error
