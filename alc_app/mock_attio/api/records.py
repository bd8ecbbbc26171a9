"""`/v2/objects/{object}/records…`: reading, writing, upserting, deleting and querying records."""

from functools import partial
from typing import Any

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
    read_values,
    update_item,
)
from alc_app.mock_attio.api.value_history import replace_history
from alc_app.mock_attio.store.changes import Change, commit_change
from alc_app.mock_attio.store.errors import AttioError, Problem, body_error, query_params_error
from alc_app.mock_attio.store.links import entry_numbers
from alc_app.mock_attio.store.note_task_list_tables import CrmList
from alc_app.mock_attio.store.records import find_record
from alc_app.mock_attio.store.request_bodies import Body, page_of, parse, read_data
from alc_app.mock_attio.store.schema_lookup import Schema, load_schema, value_type
from alc_app.mock_attio.store.services import services
from alc_app.mock_attio.store.tables import Attribute, Record, Value
from alc_app.mock_attio.store.targets import OBJECTS
from alc_app.mock_attio.values.write import parse_attribute, parse_values

Json = dict[str, Any]
READS = ("record_permission:read", "object_configuration:read")
WRITES = ("record_permission:read-write", "object_configuration:read")
_MAX_ENTRIES = 1_000


class Merge(Body):
    """The body of a merge. Where both records have a single value, the primary one's stays."""

    primary_record_id: str
    secondary_record_id: str


bp = Blueprint("records", __name__, url_prefix="/v2/objects/<object_name>/records")


@bp.get("/<record_id>")
@requires(*READS)
def get_record(object_name: str, record_id: str) -> Json:
    """Answer one record with all its active values."""
    return get_item(OBJECTS, object_name, record_id)


@bp.post("")
@requires(*WRITES)
def create_record(object_name: str) -> Json:
    """Create a record. A unique value that another record has is refused (400)."""
    values = read_values(OBJECTS)

    def create(session: Session) -> Change:
        editor = open_editor(session, OBJECTS, object_name)
        return editor.create(parse_values(editor.schema, values))

    return commit(create)


@bp.patch("/<record_id>")
@requires(*WRITES)
def update_record(object_name: str, record_id: str) -> Json:
    """Update a record. Single values are replaced; values of a multiselect are added before the existing ones."""
    return update_item(OBJECTS, object_name, record_id, overwrite=False)


@bp.put("/<record_id>")
@requires(*WRITES)
def overwrite_record(object_name: str, record_id: str) -> Json:
    """Update a record. Values of a multiselect are replaced too."""
    return update_item(OBJECTS, object_name, record_id, overwrite=True)


@bp.put("")
@requires(*WRITES)
def upsert_record(object_name: str) -> Json:
    """Update the record that has the value of the matching attribute, or create it."""
    # One page of Attio's docs uses the plural, so it is accepted if the singular is absent.
    name = request.args.get("matching_attribute") or request.args.get("matching_attributes")
    if not name:
        raise query_params_error(Problem(["matching_attribute"], "Required", "invalid_type", "string", "undefined"))
    upsert = partial(_upsert, object_name, name, read_values(OBJECTS))
    try:
        return commit(upsert)
    except AttioError as error:
        if error.code != "uniqueness_conflict":
            raise
        return commit(upsert)  # another request created the record in the meantime: update it


@bp.delete("/<record_id>")
@requires(*WRITES)
def delete_record(object_name: str, record_id: str) -> Json:
    """Delete a record and answer an empty object."""
    return delete_item(OBJECTS, object_name, record_id)


@bp.post("/merge")
@requires(*WRITES)
def merge_records(object_name: str) -> Json:
    """Merge two records into a new one and delete both. Attio answers 202 for large merges; the stand-in always 200."""
    pair = parse(Merge, read_data(request))
    if pair.primary_record_id == pair.secondary_record_id:
        raise AttioError(400, "self_merge", "A record cannot be merged with itself. Name two records.")

    def merge(session: Session) -> Change:
        editor = open_editor(session, OBJECTS, object_name)
        return editor.merge(editor.find(pair.primary_record_id), editor.find(pair.secondary_record_id))

    return commit_change(services(), merge, lambda done: {"data": {"new_record_id": done.record.record_id}})


@bp.post("/query")
@requires(*READS)
def query_records(object_name: str) -> Json:
    """Answer the records that match a filter."""
    return query_items(OBJECTS, object_name)


@bp.get("/<record_id>/attributes/<attribute_name>/values")
@requires(*READS)
def list_values(object_name: str, record_id: str, attribute_name: str) -> Json:
    """Answer the values of one attribute; former values only with `show_historic=true`."""
    return list_item_values(OBJECTS, object_name, record_id, attribute_name)


@bp.put("/<record_id>/attributes/<attribute_name>/values")
@requires(*WRITES)
def write_values(object_name: str, record_id: str, attribute_name: str) -> Json:
    """Replace the whole history of one attribute."""
    return replace_history(OBJECTS, object_name, record_id, attribute_name)


@bp.get("/<record_id>/entries")
@requires(*READS, "list_entry:read")
def list_entries(object_name: str, record_id: str) -> Json:
    """Answer the list entries of a record, oldest first."""
    limit, offset = page_of(
        request.args.get("limit"), request.args.get("offset"), default=100, most=_MAX_ENTRIES, in_query=True
    )
    with services().database.reading() as session:
        record = find_record(load_schema(session, object_name), record_id)
        statement = select(Record, CrmList.api_slug).join(CrmList, col(CrmList.list_id) == Record.object_id)
        statement = statement.where(col(Record.number).in_(entry_numbers([record.record_id])))
        found = session.exec(statement.order_by(col(Record.created_at), col(Record.number)).limit(limit).offset(offset))
        return {"data": [_place(entry, slug) for entry, slug in found]}


def _place(entry: Record, list_slug: str) -> Json:
    ids = {"list_id": entry.object_id, "entry_id": entry.record_id}
    return {**ids, "list_api_slug": list_slug, "created_at": entry.created_at}


def _upsert(object_name: str, name: str, values: Json, session: Session) -> Change:
    editor = open_editor(session, OBJECTS, object_name)
    matching = editor.schema.attribute_in_body(name)
    if not matching.is_unique:
        message = "The matching attribute specified is not a unique attribute."
        raise AttioError(400, "matching_attribute_definition_not_unique", message)
    if matching.api_slug == "record_id":
        named = {matching.api_slug, matching.attribute_id}
        record = editor.find(_record_id_in(editor.schema, matching, values))
        values = {key: value for key, value in values.items() if key not in named}
        return editor.update(record, parse_values(editor.schema, values), keep_existing=frozenset())
    contents = parse_values(editor.schema, values)
    match = _matches(editor.schema, matching, contents.get(matching.attribute_id, []))
    if match is None:
        return editor.create(contents)
    keep_existing = frozenset({matching.attribute_id} if matching.is_multiselect else ())
    return editor.update(editor.find(match.record_id), contents, keep_existing=keep_existing)


def _matches(schema: Schema, matching: Attribute, contents: list[Json]) -> Record | None:
    keys = [value_type(matching).key(content) for content in contents]
    if not keys:
        raise _no_value_to_match(matching)
    holders = select(Value.record_number).where(
        Value.attribute_id == matching.attribute_id, col(Value.unique_key).in_(keys)
    )
    found = schema.session.exec(select(Record).where(col(Record.number).in_(holders)).limit(2)).all()
    if len(found) > 1:
        message = (
            f'Several records have the values given for "{matching.api_slug}". Give the values of one record only.'
        )
        raise AttioError(400, "multiple_match_results", message)
    return found[0] if found else None


def _record_id_in(schema: Schema, matching: Attribute, values: Json) -> str:
    raw = values.get(matching.api_slug, values.get(matching.attribute_id))
    for content in parse_attribute(schema, matching, raw):
        return str(content["value"])
    raise _no_value_to_match(matching)


def _no_value_to_match(matching: Attribute) -> AttioError:
    message = "The values must include the matching attribute."
    return body_error(Problem(["data", "values", matching.api_slug], message, "invalid_type", received="undefined"))
