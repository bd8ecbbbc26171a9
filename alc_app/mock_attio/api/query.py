"""`POST …/records/query`: filter, sorts, limit and offset, compiled to one SQL statement."""

from typing import Annotated, Any, Literal

from pydantic import Field
from sqlalchemy import ScalarSelect, case, func, select
from sqlalchemy.orm import aliased
from sqlmodel import col
from sqlmodel import select as select_rows

from alc_app.mock_attio.api.filter_operands import filter_error
from alc_app.mock_attio.api.filters import compile_filter
from alc_app.mock_attio.store.errors import AttioError
from alc_app.mock_attio.store.request_bodies import Body, page_of, parse
from alc_app.mock_attio.store.schema_lookup import Schema, load_schema, value_type
from alc_app.mock_attio.store.tables import Attribute, Record, Value

Hop = Annotated[list[str], Field(min_length=2, max_length=2)]
"""The slug of an object and of one of its attributes."""


class Sort(Body):
    """One entry of `sorts`."""

    direction: Literal["asc", "desc"]
    attribute: str | None = None
    field: str | None = None
    path: list[Hop] | None = Field(default=None, min_length=1, max_length=4)


class Query(Body):
    """The body of a query."""

    filter: dict[str, Any] | None = None
    filter_view_id: str | None = None
    sorts: list[Sort] = Field(default_factory=list, max_length=10)
    limit: Any = None
    offset: Any = None


def run_query(schema: Schema, body: dict[str, Any]) -> list[Record]:
    """Return the records that match a query, in its order, then in the order of creation."""
    query = parse(Query, body, path=())
    limit, offset = page_of(query.limit, query.offset)
    if query.filter_view_id is not None:
        raise filter_error("The stand-in has no views. Send a filter instead.")
    statement = select_rows(Record).where(Record.object_id == schema.target_id)
    if query.filter is not None:
        statement = statement.where(compile_filter(schema, query.filter))
    order = []
    for sort in query.sorts:
        key = _sort_key(schema, sort)
        order.append((key.asc() if sort.direction == "asc" else key.desc()).nulls_last())
    statement = statement.order_by(*order, col(Record.created_at), col(Record.number))
    return list(schema.session.exec(statement.limit(limit).offset(offset)).all())


def _sort_key(schema: Schema, sort: Sort) -> ScalarSelect[Any]:
    """Return a subquery for the lowest active value of a record, following the path of the sort if it has one."""
    holder, value = Record, aliased(Value)
    path = sort.path or [[schema.target.api_slug, sort.attribute or ""]]
    chain: list[Any] = []
    for position, (object_name, attribute_name) in enumerate(path):
        if position > 0:
            schema, holder = _next_schema(schema, object_name), aliased(Record)
            chain.append(holder.record_id == value.key)
            value = aliased(Value)
        attribute = _attribute(schema, attribute_name)
        chain += [value.record_number == holder.number, value.attribute_id == attribute.attribute_id]
        chain.append(col(value.active_until).is_(None))
    lowest = func.min(_sortable(schema, attribute, sort.field, value))
    return select(lowest).where(*chain).correlate(Record).scalar_subquery()


def _attribute(schema: Schema, name: str) -> Attribute:
    if found := schema.by_name.get(name):
        return found
    raise filter_error(f'Cannot sort by attribute "{name}". Name one of "{schema.target.api_slug}" by its slug or ID.')


def _next_schema(schema: Schema, object_name: str) -> Schema:
    try:
        return load_schema(schema.session, object_name)
    except AttioError as error:
        raise filter_error(error.message) from error


def _sortable(schema: Schema, attribute: Attribute, field: str | None, value: Any) -> Any:
    kind = value_type(attribute)
    if field not in {None, kind.main, *kind.fields}:
        raise filter_error(f'Attributes of type "{attribute.type}" have no field "{field}" to sort by.')
    if field not in {None, kind.main}:
        return func.lower(value.content[field].as_string())
    if kind.compares == "number":
        return value.number
    if attribute.type in {"select", "status"}:
        places = [(value.key == choice.choice_id, choice.position) for choice in schema.choices(attribute)]
        return case(*places, else_=len(places)) if places else value.position
    # lower() does not change timestamps, but it stops SQLite from answering min() with the index of all records.
    return func.lower(value.key)
