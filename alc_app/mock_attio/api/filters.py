"""Compile Attio's filters to SQL: short and verbose conditions, `$and`, `$or`, `$not`, paths through references."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import ColumnElement, and_, func, not_, or_, select, true
from sqlalchemy.orm import aliased
from sqlmodel import col

from alc_app.mock_attio.api.filter_operands import filter_error, operand
from alc_app.mock_attio.store.errors import AttioError
from alc_app.mock_attio.store.schema_lookup import Schema, load_schema, value_type
from alc_app.mock_attio.store.tables import Attribute, Record, Value

Condition = ColumnElement[bool]

_MAX_CONDITIONS = 100  # SQLite limits the depth of an expression
_MAX_OPERANDS = 5_000

_EQUALITY: dict[str, Callable[[Any, Any], Condition]] = {
    "$eq": lambda column, value: column == value,
    "$in": lambda column, values: column.in_(values),
}
_ORDER: dict[str, Callable[[Any, Any], Condition]] = {
    "$lt": lambda column, value: column < value,
    "$lte": lambda column, value: column <= value,
    "$gt": lambda column, value: column > value,
    "$gte": lambda column, value: column >= value,
}
_TEXT: dict[str, Callable[[Any, Any], Condition]] = {
    "$contains": lambda column, value: func.lower(column).contains(value.lower(), autoescape=True),
    "$starts_with": lambda column, value: func.lower(column).startswith(value.lower(), autoescape=True),
    "$ends_with": lambda column, value: func.lower(column).endswith(value.lower(), autoescape=True),
}
_OPERATORS = {
    "text": _EQUALITY | _TEXT,
    "identity": _EQUALITY,
    "number": _EQUALITY | _ORDER,
    "moment": _EQUALITY | _ORDER,
}

_NEVER_TESTED_FOR_EMPTINESS = frozenset({"text", "email-address"})
"""The types for which Attio refuses `$not_empty`."""


def compile_filter(schema: Schema, raw: object) -> Condition:
    """Return a filter as an SQL condition on `Record`; raise AttioError (400, `filter_error`) if it is invalid."""
    _check_size(raw)
    return _filter(schema, raw, Record, ())


def _filter(schema: Schema, raw: object, record: Any, place: tuple[str, ...]) -> Condition:
    if not isinstance(raw, dict):
        raise filter_error("A filter is an object.")
    if raw.keys() == {"path", "constraints"}:
        return _path(schema, raw["path"], raw["constraints"], record)
    return and_(true(), *(_entry(schema, key, value, record, (*place, key)) for key, value in raw.items()))


def _entry(schema: Schema, key: str, value: object, record: Any, place: tuple[str, ...]) -> Condition:
    if key == "$not":
        return not_(_filter(schema, value, record, place))
    if key in {"$and", "$or"}:
        if not isinstance(value, list) or not value:
            raise filter_error(f'"{key}" takes a list of filters.')
        parts = [_filter(schema, part, record, (*place, str(number))) for number, part in enumerate(value)]
        return and_(*parts) if key == "$and" else or_(*parts)
    return _has_value(_attribute(schema, key, place), schema, value, record)


def _attribute(schema: Schema, name: object, place: tuple[str, ...]) -> Attribute:
    found = schema.by_name.get(name) if isinstance(name, str) else None
    if found is None:
        message = f"Unknown attribute slug: {name}."
        raise AttioError(400, "unknown_filter_attribute_slug", message, path=place)
    return found


def _has_value(attribute: Attribute, schema: Schema, wanted: object, record: Any) -> Condition:
    """Return the condition that the record has one active value that passes all tests in `wanted`."""
    value = aliased(Value)
    conditions: list[Condition] = [col(value.attribute_id) == attribute.attribute_id, col(value.active_until).is_(None)]
    main = value_type(attribute).main
    if not isinstance(wanted, dict):
        wanted = {main: {"$eq": wanted}}
    for key, inner in wanted.items():
        field, tests = (main, {key: inner}) if key.startswith("$") else (key, inner)
        tests = tests if isinstance(tests, dict) else {"$eq": tests}
        conditions += [_test(attribute, schema, field, name, raw, value=value) for name, raw in tests.items()]
    holders = select(col(value.record_number)).where(*conditions)
    return col(record.number).in_(holders)


def _test(attribute: Attribute, schema: Schema, field: str, name: str, raw: object, *, value: Any) -> Condition:
    kind = value_type(attribute)
    if field not in {kind.main, "active_from", *kind.fields}:
        raise filter_error(f'Attributes of type "{attribute.type}" have no field "{field}".')
    compares = "moment" if field == "active_from" else kind.compares if field == kind.main else "text"
    operators = _OPERATORS[compares]
    if name not in operators and (name != "$not_empty" or attribute.type in _NEVER_TESTED_FOR_EMPTINESS):
        known = ", ".join(f'"{one}"' for one in sorted(operators))
        raise filter_error(f'Invalid operator "{name}" for field "{field}", must be one of ({known})')
    if name == "$not_empty":
        if raw is not True:
            raise filter_error('"$not_empty" takes true. Put it into "$not" to find what is empty.')
        return true() if field == kind.main else value.content[field].as_string().is_not(None)
    if name != "$in":
        return operators[name](_column(attribute, field, name, value), operand(attribute, schema, field, name, raw))
    if not isinstance(raw, list):
        raise filter_error('"$in" takes a list.')
    operands = [operand(attribute, schema, field, name, item) for item in raw]
    return operators[name](_column(attribute, field, name, value), operands)


def _column(attribute: Attribute, field: str, name: str, value: Any) -> Any:
    """Return the column to compare: the indexed key or number if possible, otherwise the field in the content."""
    kind = value_type(attribute)
    if field == "active_from":
        return value.active_from
    if field == kind.main and name not in _TEXT:
        return value.number if kind.compares == "number" else value.key
    return value.content[field].as_string()


def _path(schema: Schema, path: object, constraints: object, record: Any) -> Condition:
    """Return the condition for a path through references, such as [["people", "company"], ["companies", "name"]]."""
    if not isinstance(path, list) or not path or not all(isinstance(hop, list) and len(hop) == 2 for hop in path):
        raise filter_error('"path" takes a list of pairs: the slug of an object and of one of its attributes.')
    (object_name, attribute_name), *rest = path
    if object_name not in {schema.target.api_slug, schema.target_id}:
        raise filter_error(f'The path leads to "{schema.target.api_slug}" here, not to "{object_name}".')
    attribute = _attribute(schema, attribute_name, ("path",))
    if not rest:
        return _has_value(attribute, schema, constraints, record)
    if attribute.type != "record-reference" or not isinstance(rest[0][0], str):
        raise filter_error(f'The path ends at "{attribute.api_slug}", which does not refer to a record.')
    try:
        target = load_schema(schema.session, rest[0][0])
    except AttioError as error:
        raise filter_error(error.message) from error
    other, value = aliased(Record), aliased(Value)
    targets = select(col(other.record_id)).where(_path(target, rest, constraints, other))
    holders = select(col(value.record_number)).where(
        col(value.attribute_id) == attribute.attribute_id,
        col(value.active_until).is_(None),
        col(value.key).in_(targets),
    )
    return col(record.number).in_(holders)


def _check_size(raw: object) -> None:
    conditions = operands = 0
    waiting = [raw]
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            conditions += len(item)
            waiting.extend(item.values())
        elif isinstance(item, list):
            waiting.extend(item)
        else:
            operands += 1
    if conditions > _MAX_CONDITIONS or operands > _MAX_OPERANDS:
        raise filter_error(f"A filter has at most {_MAX_CONDITIONS} conditions and {_MAX_OPERANDS} values.")
