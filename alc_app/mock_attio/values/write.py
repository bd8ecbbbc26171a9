"""Turning what a client writes into contents: container rules here, one parser a type in the three `*_values` files."""

from typing import Any

from alc_app.mock_attio.store.errors import AttioError, Problem
from alc_app.mock_attio.store.request_bodies import type_name
from alc_app.mock_attio.store.schema_lookup import Schema, value_type
from alc_app.mock_attio.store.tables import Attribute
from alc_app.mock_attio.store.value_types import Content
from alc_app.mock_attio.values import contact, linked, scalar
from alc_app.mock_attio.values.parsing import InvalidValueError, Parser

PARSERS: dict[str, Parser] = scalar.PARSERS | contact.PARSERS | linked.PARSERS


def parse_values(schema: Schema, values: dict[str, Any]) -> dict[str, list[Content]]:
    """Return the contents to write, by attribute id; answer 400 for what Attio would refuse."""
    parsed = {}
    for name, raw in values.items():
        attribute = schema.attribute_in_body(name)
        if not attribute.is_writable:
            message = f'The attribute "{attribute.api_slug}" is kept by Attio and cannot be written.'
            raise AttioError(400, "immutable_value", message)
        parsed[attribute.attribute_id] = parse_attribute(schema, attribute, raw)
    return parsed


def parse_attribute(schema: Schema, attribute: Attribute, raw: object) -> list[Content]:
    """Return the contents that one entry of `values` stands for; an empty list clears a single value."""
    contents: dict[Any, Content] = {}
    for position, item in enumerate(_items(attribute, raw)):
        try:
            content = PARSERS[attribute.type](item, attribute, schema)
        except InvalidValueError as error:
            raise _refusal(attribute, position, error) from error
        # The same value twice in one list is one value.
        contents.setdefault(str(value_type(attribute).identity(content)), content)
    return list(contents.values())


def _items(attribute: Attribute, raw: object) -> list[Any]:
    if raw is None:
        return []
    if isinstance(raw, list):
        if len(raw) > 1 and not attribute.is_multiselect:
            message = f'The attribute "{attribute.api_slug}" holds one value, but {len(raw)} were sent.'
            raise AttioError(400, "multiple_values_for_single_value_attribute", message)
        return raw
    if attribute.is_multiselect:
        received = type_name(raw)
        problem = Problem([], f"Expected array, received {received}", "invalid_type", "array", received)
        raise invalid(attribute, problem)
    return [raw]


def invalid(attribute: Attribute, problem: Problem) -> AttioError:
    """Return the error for a value that its attribute cannot take."""
    message = f'An invalid value was passed to attribute with slug "{attribute.api_slug}".'
    return AttioError(400, "validation_type", message, problems=[problem])


def _refusal(attribute: Attribute, position: int, error: InvalidValueError) -> AttioError:
    if error.code == "value_not_found":
        return AttioError(400, "value_not_found", str(error))
    path: list[str | int] = [position, *error.path] if attribute.is_multiselect else list(error.path)
    code = "custom" if error.expected is None else "invalid_type"
    return invalid(attribute, Problem(path, str(error), code, error.expected, error.received))
