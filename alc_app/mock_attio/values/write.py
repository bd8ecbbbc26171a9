"""Convert the `values` of a request body to contents, with one parser for each attribute type."""

from typing import Any

from alc_app.mock_attio.store.errors import AttioError
from alc_app.mock_attio.store.schema_lookup import Schema
from alc_app.mock_attio.store.tables import Attribute
from alc_app.mock_attio.store.value_types import Content
from alc_app.mock_attio.values import contact, linked, scalar
from alc_app.mock_attio.values.parsing import Parser, parse_contents

PARSERS: dict[str, Parser] = scalar.PARSERS | contact.PARSERS | linked.PARSERS


def parse_values(schema: Schema, values: dict[str, Any]) -> dict[str, list[Content]]:
    """Return the contents to write, by attribute id; raise AttioError (400) for what Attio would refuse."""
    parsed = {}
    for name, raw in values.items():
        attribute = schema.attribute_in_body(name)
        if not attribute.is_writable:
            message = f'The attribute "{attribute.api_slug}" is kept by Attio and cannot be written.'
            raise AttioError(400, "immutable_value", message)
        parsed[attribute.attribute_id] = parse_attribute(schema, attribute, raw)
    return parsed


def parse_attribute(schema: Schema, attribute: Attribute, raw: object) -> list[Content]:
    """Return the contents for one entry of `values`; an empty list clears the attribute."""
    return parse_contents(PARSERS, schema, attribute, raw)
