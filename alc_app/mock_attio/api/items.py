"""What records and list entries do alike: read, update and query the items of an object or a list."""

from collections.abc import Callable
from functools import partial
from typing import Any

from flask import request
from sqlmodel import Session

from alc_app.mock_attio.api.query import run_query
from alc_app.mock_attio.store.changes import Change, commit_change
from alc_app.mock_attio.store.records import Editor, find_record
from alc_app.mock_attio.store.request_bodies import expect_object, flag, page_of, read_data, read_json
from alc_app.mock_attio.store.schema_lookup import Schema, load_schema
from alc_app.mock_attio.store.services import actor, services
from alc_app.mock_attio.store.targets import TargetKind
from alc_app.mock_attio.values.read import Presenter
from alc_app.mock_attio.values.write import parse_values

Json = dict[str, Any]


def get_item(kind: TargetKind, name: str, item_id: str) -> Json:
    """Answer one item with all its active values."""
    with services().database.reading() as session:
        schema = load_schema(session, name, kind)
        return {"data": presenter(schema).record(find_record(schema, item_id))}


def update_item(kind: TargetKind, name: str, item_id: str, *, overwrite: bool) -> Json:
    """Write the values of the body. Values of a multiselect replace the existing ones, or are added before them."""
    return commit(partial(_update, kind, name, item_id, read_values(kind), overwrite=overwrite))


def delete_item(kind: TargetKind, name: str, item_id: str) -> Json:
    """Delete an item and answer an empty object."""

    def delete(session: Session) -> Change:
        editor = open_editor(session, kind, name)
        return editor.delete(editor.find(item_id))

    return commit_change(services(), delete, lambda _: {})


def query_items(kind: TargetKind, name: str) -> Json:
    """Answer the items that match the query in the body."""
    body = read_json(request) if request.get_data() else {}
    with services().database.reading() as session:
        schema = load_schema(session, name, kind)
        return {"data": presenter(schema).records(run_query(schema, body))}


def list_item_values(kind: TargetKind, name: str, item_id: str, attribute_name: str) -> Json:
    """Answer the values of one attribute; former values only with `show_historic=true`."""
    historic = flag(request, "show_historic")
    limit, offset = page_of(request.args.get("limit"), request.args.get("offset"), in_query=True)
    with services().database.reading() as session:
        schema = load_schema(session, name, kind)
        record, attribute = find_record(schema, item_id), schema.attribute(attribute_name)
        return {"data": presenter(schema).history(record, attribute, historic=historic)[offset : offset + limit]}


def commit(change: Callable[[Session], Change]) -> Json:
    """Run one change and answer the item that it changed."""
    return commit_change(services(), change, lambda done: {"data": presenter(done.schema).record(done.record)})


def open_editor(session: Session, kind: TargetKind, name: str) -> Editor:
    """Return the editor of one object or list, for the sender of the request."""
    return Editor(load_schema(session, name, kind), actor(), services().now())


def presenter(schema: Schema) -> Presenter:
    """Return what shows the items of one object or list."""
    return Presenter(schema, services().config.web_url)


def read_values(kind: TargetKind) -> Json:
    """Return the values of the body; raise AttioError (400) if there are none."""
    return expect_object(read_data(request).get(kind.values_key, ...), ["data", kind.values_key])


def _update(kind: TargetKind, name: str, item_id: str, values: Json, session: Session, *, overwrite: bool) -> Change:
    editor = open_editor(session, kind, name)
    record = editor.find(item_id)
    multiselects = frozenset(a.attribute_id for a in editor.schema.attributes if a.is_multiselect)
    keep_existing = frozenset[str]() if overwrite else multiselects
    return editor.update(record, parse_values(editor.schema, values), keep_existing=keep_existing)
