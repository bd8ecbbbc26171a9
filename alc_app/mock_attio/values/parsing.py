"""What the value parsers share: their type, their one exception, and small readers."""

from collections.abc import Callable
from typing import Any, Literal

from alc_app.mock_attio.store.request_bodies import type_name
from alc_app.mock_attio.store.schema_lookup import Schema
from alc_app.mock_attio.store.tables import Attribute
from alc_app.mock_attio.store.value_types import Content

Parser = Callable[[Any, Attribute, Schema], Content]
"""Turns one item that a client wrote into what is stored of it, or raises InvalidValueError."""


class InvalidValueError(ValueError):
    """A value that its attribute cannot take; `values_write` turns it into Attio's 400."""

    def __init__(
        self,
        message: str,
        *path: str,
        expected: str | None = None,
        received: str | None = None,
        code: Literal["validation_type", "value_not_found"] = "validation_type",
    ) -> None:
        super().__init__(message)
        self.path, self.expected, self.received, self.code = path, expected, received, code


def unwrap(item: Any, key: str) -> Any:
    """Return the value of the one key that the object form of a type has, or the bare value itself."""
    if not isinstance(item, dict):
        return item
    if key not in item:
        raise InvalidValueError("Required", key, expected="string", received="undefined")
    return item[key]


def as_text(value: Any, *path: str) -> str:
    """Return the value if it is text."""
    if isinstance(value, str):
        return value
    received = type_name(value)
    raise InvalidValueError(f"Expected string, received {received}", *path, expected="string", received=received)


def as_text_or_none(value: Any, *path: str) -> str | None:
    """Return the value if it is text or null."""
    return None if value is None else as_text(value, *path)


def as_number(value: Any, *path: str) -> float:
    """Return the value as a 64 bit float if it is a number that fits."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        received = type_name(value)
        raise InvalidValueError(f"Expected number, received {received}", *path, expected="number", received=received)
    try:
        return float(value)
    except OverflowError as error:
        raise InvalidValueError("The number does not fit into 64 bits.", *path) from error
