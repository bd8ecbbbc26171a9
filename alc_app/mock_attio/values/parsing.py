"""Helpers shared by the value parsers: the parser type, its exception, and the rules for lists and single values."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from alc_app.mock_attio.store.errors import AttioError, Problem
from alc_app.mock_attio.store.request_bodies import type_name
from alc_app.mock_attio.store.schema_lookup import Schema, value_type
from alc_app.mock_attio.store.tables import Attribute
from alc_app.mock_attio.store.value_types import Content

_DECIMAL = re.compile(r"-?[0-9]{1,30}(\.[0-9]{1,30})?")
Parser = Callable[[Any, Attribute, Schema], Content]
"""Converts one item of a request body to the content that is stored; raises InvalidValueError."""


class InvalidValueError(ValueError):
    """A value that is invalid for its attribute; `parse_contents` converts it to Attio's 400."""

    def __init__(
        self,
        message: str,
        *path: str,
        expected: str | None = None,
        received: str | None = None,
        code: Literal["validation_type", "value_not_found", "multiple_match_results"] = "validation_type",
    ) -> None:
        """Store the message, and the `path` of keys from the item to the wrong part."""
        super().__init__(message)
        self.path, self.expected, self.received, self.code = path, expected, received, code


class RequiredPartsError(InvalidValueError):
    """An object that lacks parts of its value. Attio names all of them."""

    def __init__(self, missing: Sequence[str]) -> None:
        """Store the names of the parts."""
        super().__init__("Required", missing[0], expected="string", received="undefined")
        self.missing = missing


def unwrap(item: Any, key: str) -> Any:
    """Return `item[key]` if the item is an object (`{"value": …}`), otherwise the item itself (the short form)."""
    if not isinstance(item, dict):
        return item
    if key not in item:
        raise InvalidValueError("Required", key, expected="string", received="undefined")
    return item[key]


def as_text(value: Any, *path: str) -> str:
    """Return the value if it is text; raise InvalidValueError otherwise."""
    if isinstance(value, str):
        return value
    received = type_name(value)
    raise InvalidValueError(f"Expected string, received {received}", *path, expected="string", received=received)


def as_text_or_none(value: Any, *path: str) -> str | None:
    """Return the value if it is text or null; raise InvalidValueError otherwise."""
    return None if value is None else as_text(value, *path)


def as_number(value: Any, *path: str) -> float:
    """Return the value as a 64-bit float; raise InvalidValueError if it is not a number or does not fit."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        received = type_name(value)
        raise InvalidValueError(f"Expected number, received {received}", *path, expected="number", received=received)
    try:
        return float(value)
    except OverflowError as error:
        raise InvalidValueError("The number does not fit into 64 bits.", *path) from error


def as_amount(value: Any, *path: str) -> float:
    """Return a number that may be sent as text, such as "4.99"; raise InvalidValueError for anything else."""
    is_number = isinstance(value, str) and _DECIMAL.fullmatch(value)
    return as_number(float(value) if is_number else value, *path)


def parse_contents(parsers: Mapping[str, Parser], schema: Schema, attribute: Attribute, raw: object) -> list[Content]:
    """Return the contents for one entry of `values`, without duplicates. An empty list clears the attribute.

    `parsers` maps attribute types to parsers. Raises AttioError (400).
    """
    contents: dict[str, Content] = {}
    for position, item in enumerate(_items(attribute, raw)):
        try:
            content = parsers[attribute.type](item, attribute, schema)
        except InvalidValueError as error:
            raise _refusal(attribute, position, error) from error
        contents.setdefault(str(value_type(attribute).identity(content)), content)
    return list(contents.values())


def _items(attribute: Attribute, raw: object) -> list[Any]:
    if raw is None:
        return []
    if isinstance(raw, list):
        if len(raw) > 1 and not attribute.is_multiselect:
            message = f'The attribute "{attribute.api_slug}" takes one value, but {len(raw)} were sent.'
            raise AttioError(400, "multiple_values_for_single_value_attribute", message)
        return raw
    if attribute.is_multiselect:
        received = type_name(raw)
        problem = Problem([], f"Expected array, received {received}", "invalid_type", "array", received)
        raise _invalid(attribute, problem)
    return [raw]


def _invalid(attribute: Attribute, *problems: Problem) -> AttioError:
    message = f'An invalid value was passed to attribute with slug "{attribute.api_slug}".'
    return AttioError(400, "validation_type", message, problems=problems)


def _refusal(attribute: Attribute, position: int, error: InvalidValueError) -> AttioError:
    if error.code != "validation_type":
        return AttioError(400, error.code, str(error))
    start: list[str | int] = [position] if attribute.is_multiselect else []
    code = "custom" if error.expected is None else "invalid_type"
    paths = [(part,) for part in error.missing] if isinstance(error, RequiredPartsError) else [error.path]
    problems = [Problem([*start, *path], str(error), code, error.expected, error.received) for path in paths]
    return _invalid(attribute, *problems)
