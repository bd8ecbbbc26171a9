"""`/v2/objects/{object}/records…`: reading, writing, upserting, deleting and querying records."""

from collections.abc import Callable
from functools import partial
from typing import Any

from flask import Blueprint, request
from sqlmodel import Session, col, select

from alc_app.mock_attio.api.auth import requires
from alc_app.mock_attio.api.query import run_query
from alc_app.mock_attio.store.errors import AttioError, Problem, query_params_error
from alc_app.mock_attio.store.note_task_list_tables import CrmList, ListEntry
from alc_app.mock_attio.store.records import Change, Editor, commit_change, find_record
from alc_app.mock_attio.store.request_bodies import Body, expect_object, page_of, parse, read_data, read_json
from alc_app.mock_attio.store.schema_lookup import Schema, load_schema, value_type
from alc_app.mock_attio.store.services import actor, services
from alc_app.mock_attio.store.tables import Attribute, Record, Value
from alc_app.mock_attio.values.read import Presenter
from alc_app.mock_attio.values.write import parse_attribute, parse_values

Json = dict[str, Any]
READS = ("record_permission:read", "object_configuration:read")
WRITES = ("record_permission:read-write", "object_configuration:read")


class Merge(Body):
    """The body of a merge. Where both records have a single value, the primary one's stays."""

    primary_record_id: str
    secondary_record_id: str


bp = Blueprint("records", __name__, url_prefix="/v2/objects/<object_name>/records")


@bp.get("/<record_id>")
@requires(*READS)
def get_record(object_name: str, record_id: str) -> Json:
    """Answer one record with all its active values."""
    with services().database.reading() as session:
        schema = load_schema(session, object_name)
        return {"data": _presenter(schema).record(find_record(schema, record_id))}


@bp.post("")
@requires(*WRITES)
def create_record(object_name: str) -> Json:
    """Create a record. A unique value that another record has is refused (409)."""
    values = _values()

    def create(session: Session) -> Change:
        editor = _editor(session, object_name)
        return editor.create(parse_values(editor.schema, values))

    return _commit(create)


@bp.patch("/<record_id>")
@requires(*WRITES)
def update_record(object_name: str, record_id: str) -> Json:
    """Update a record. Single values are replaced; values of a multiselect are added before the existing ones."""
    return _commit(partial(_update, object_name, record_id, _values(), overwrite=False))


@bp.put("/<record_id>")
@requires(*WRITES)
def overwrite_record(object_name: str, record_id: str) -> Json:
    """Update a record. Values of a multiselect are replaced too."""
    return _commit(partial(_update, object_name, record_id, _values(), overwrite=True))


@bp.put("")
@requires(*WRITES)
def upsert_record(object_name: str) -> Json:
    """Update the record that has the value of the matching attribute, or create it."""
    # One page of Attio's docs uses the plural, so it is accepted if the singular is absent.
    name = request.args.get("matching_attribute") or request.args.get("matching_attributes")
    if not name:
        raise query_params_error(Problem(["matching_attribute"], "Required", "invalid_type", "string", "undefined"))
    upsert = partial(_upsert, object_name, name, _values())
    try:
        return _commit(upsert)
    except AttioError as error:
        if error.code != "uniqueness_conflict":
            raise
        return _commit(upsert)  # another request created the record in the meantime: update it


@bp.delete("/<record_id>")
@requires(*WRITES)
def delete_record(object_name: str, record_id: str) -> Json:
    """Delete a record and answer an empty object."""

    def delete(session: Session) -> Change:
        editor = _editor(session, object_name)
        return editor.delete(editor.find(record_id))

    return commit_change(services(), delete, lambda _: {})


@bp.post("/merge")
@requires(*WRITES)
def merge_records(object_name: str) -> Json:
    """Merge two records into a new one and delete both. Attio answers 202 for large merges; the stand-in always 200."""
    pair = parse(Merge, read_data(request))
    if pair.primary_record_id == pair.secondary_record_id:
        raise AttioError(400, "self_merge", "A record cannot be merged with itself. Name two records.")

    def merge(session: Session) -> Change:
        editor = _editor(session, object_name)
        return editor.merge(editor.find(pair.primary_record_id), editor.find(pair.secondary_record_id))

    return commit_change(services(), merge, lambda done: {"data": {"new_record_id": done.record.record_id}})


@bp.post("/query")
@requires(*READS)
def query_records(object_name: str) -> Json:
    """Answer the records that match a filter."""
    body = read_json(request) if request.get_data() else {}
    with services().database.reading() as session:
        schema = load_schema(session, object_name)
        return {"data": _presenter(schema).records(run_query(schema, body))}


@bp.get("/<record_id>/attributes/<attribute_name>/values")
@requires(*READS)
def list_values(object_name: str, record_id: str, attribute_name: str) -> Json:
    """Answer the values of one attribute; former values only with `show_historic=true`."""
    historic = request.args.get("show_historic", "false")
    if historic not in {"true", "false"}:
        raise query_params_error(Problem(["show_historic"], "Expected true or false.", "invalid_type", "boolean"))
    with services().database.reading() as session:
        schema = load_schema(session, object_name)
        record, attribute = find_record(schema, record_id), schema.attribute(attribute_name)
        return {"data": _presenter(schema).history(record, attribute, historic=historic == "true")}


@bp.get("/<record_id>/entries")
@requires(*READS, "list_entry:read")
def list_entries(object_name: str, record_id: str) -> Json:
    """Answer the list entries of a record, oldest first."""
    limit, offset = page_of(request.args.get("limit"), request.args.get("offset"), default=100, in_query=True)
    with services().database.reading() as session:
        record = find_record(load_schema(session, object_name), record_id)
        statement = select(ListEntry, CrmList.api_slug).join(CrmList)
        statement = statement.where(ListEntry.parent_record_id == record.record_id)
        found = session.exec(statement.order_by(col(ListEntry.created_at)).limit(limit).offset(offset))
        shown = {"list_id", "entry_id", "created_at"}
        return {"data": [{**entry.model_dump(include=shown), "list_api_slug": slug} for entry, slug in found]}


def _commit(change: Callable[[Session], Change]) -> Json:
    def show(done: Change) -> Json:
        return {"data": _presenter(done.schema).record(done.record)}

    return commit_change(services(), change, show)


def _update(object_name: str, record_id: str, values: Json, session: Session, *, overwrite: bool) -> Change:
    services().faults.raise_if_set(record_id)
    editor = _editor(session, object_name)
    record = editor.find(record_id)
    multiselects = frozenset(a.attribute_id for a in editor.schema.attributes if a.is_multiselect)
    keep_existing = frozenset[str]() if overwrite else multiselects
    return editor.update(record, parse_values(editor.schema, values), keep_existing=keep_existing)


def _upsert(object_name: str, name: str, values: Json, session: Session) -> Change:
    editor = _editor(session, object_name)
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
    found = _matches(editor.schema, matching, contents.get(matching.attribute_id, []))
    if found is None:
        return editor.create(contents)
    keep_existing = frozenset({matching.attribute_id} if matching.is_multiselect else ())
    return editor.update(editor.find(found.record_id), contents, keep_existing=keep_existing)


def _matches(schema: Schema, matching: Attribute, contents: list[Json]) -> Record | None:
    keys = [value_type(matching).key(content) for content in contents]
    if not keys:
        raise _no_value_to_match(matching)
    holders = select(Value.record_number).where(
        Value.attribute_id == matching.attribute_id, col(Value.unique_key).in_(keys)
    )
    found = schema.session.exec(select(Record).where(col(Record.number).in_(holders)).limit(2)).all()
    if len(found) > 1:
        message = f'Several records have the values given for "{matching.api_slug}". Give those of one record only.'
        raise AttioError(400, "multiple_match_results", message)
    return found[0] if found else None


def _record_id_in(schema: Schema, matching: Attribute, values: Json) -> str:
    raw = values.get(matching.api_slug, values.get(matching.attribute_id))
    for content in parse_attribute(schema, matching, raw):
        return str(content["value"])
    raise _no_value_to_match(matching)


def _no_value_to_match(matching: Attribute) -> AttioError:
    message = f'The values must include the matching attribute "{matching.api_slug}".'
    return AttioError(400, "missing_value", message)


def _editor(session: Session, object_name: str) -> Editor:
    return Editor(load_schema(session, object_name), actor(), services().now())


def _presenter(schema: Schema) -> Presenter:
    return Presenter(schema, services().config.web_url)


def _values() -> Json:
    return expect_object(read_data(request).get("values", ...), ["data", "values"])
