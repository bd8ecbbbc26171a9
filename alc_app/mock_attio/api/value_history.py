"""`PUT …/attributes/{attribute}/values`: replace the whole history of one attribute, as migrations do.

As in Attio, no webhook tells of it. The rules are those of Attio's document.
"""

from collections import defaultdict
from itertools import pairwise
from typing import Any, Literal

from flask import request
from pydantic import Field
from sqlmodel import Session

from alc_app.mock_attio.api.items import open_editor, presenter
from alc_app.mock_attio.store.changes import Change, commit_change
from alc_app.mock_attio.store.errors import AttioError, Problem, body_error
from alc_app.mock_attio.store.records import PastValue
from alc_app.mock_attio.store.request_bodies import Body, parse, read_data
from alc_app.mock_attio.store.schema_lookup import Schema, value_type
from alc_app.mock_attio.store.services import services
from alc_app.mock_attio.store.tables import Attribute
from alc_app.mock_attio.store.targets import TargetKind
from alc_app.mock_attio.store.timestamps import normalise
from alc_app.mock_attio.values.write import parse_attribute

Json = dict[str, Any]


class HistoricValue(Body):
    """One value of the history; it is the current one if `active_until` is null."""

    value: Any
    active_from: str
    active_until: str | None


class NewHistory(Body):
    """The body. `replace_history` acknowledges that all values of now are lost."""

    values: list[HistoricValue] = Field(min_length=1, max_length=400)
    replace_history: Literal[True]


def replace_history(kind: TargetKind, name: str, item_id: str, attribute_name: str) -> Json:
    """Replace all values of one attribute and answer the new history."""
    new = parse(NewHistory, read_data(request))

    def change(session: Session) -> Change:
        editor = open_editor(session, kind, name)
        record, attribute = editor.find(item_id), editor.schema.attribute(attribute_name)
        _check_writable(attribute)
        history = [_past_value(editor.schema, attribute, one, place) for place, one in enumerate(new.values)]
        _check_overlaps(attribute, history)
        return editor.replace_history(record, attribute, history)

    def show(done: Change) -> Json:
        attribute = done.schema.attribute(attribute_name)
        return {"data": presenter(done.schema).history(done.record, attribute, historic=True)}

    return commit_change(services(), change, show)


def _check_writable(attribute: Attribute) -> None:
    is_relationship = attribute.is_system_attribute and attribute.type == "record-reference"
    if is_relationship or not attribute.is_writable:
        message = f'The history of "{attribute.api_slug}" is kept by Attio and cannot be written.'
        raise AttioError(400, "system_edit_unauthorized", message)


def _past_value(schema: Schema, attribute: Attribute, given: HistoricValue, place: int) -> PastValue:
    path: list[str | int] = ["data", "values", place]
    contents = parse_attribute(schema, attribute, [given.value])
    start = _moment(given.active_from, [*path, "active_from"])
    end = None if given.active_until is None else _moment(given.active_until, [*path, "active_until"])
    if end is not None and end <= start:
        raise body_error(Problem([*path, "active_until"], "A value must end after it begins."))
    return PastValue(contents[0], start, end)


def _moment(text: str, path: list[str | int]) -> str:
    try:
        moment = normalise(text)
    except ValueError as error:
        raise body_error(Problem(path, "Expected a date and time in RFC 3339.")) from error
    if moment > services().now():
        raise body_error(Problem(path, "The moment is in the future."))
    return moment


def _check_overlaps(attribute: Attribute, history: list[PastValue]) -> None:
    """Refuse two values at one time, or in a multiselect the same value twice at one time."""
    groups: dict[str, list[PastValue]] = defaultdict(list)
    for one in history:
        groups[str(value_type(attribute).identity(one.content)) if attribute.is_multiselect else ""].append(one)
    for group in groups.values():
        group.sort(key=lambda one: one.active_from)
        for earlier, later in pairwise(group):
            if earlier.active_until is None or earlier.active_until > later.active_from:
                code = "duplicate_values" if attribute.is_multiselect else "multiple_values_for_single_value_attribute"
                raise AttioError(400, code, f'Two values of "{attribute.api_slug}" are active at the same time.')
