"""Parsers for plain values: text, number, checkbox, rating, date, timestamp, currency."""

from typing import Any

from alc_app.mock_attio.store.schema_lookup import Schema
from alc_app.mock_attio.store.tables import Attribute
from alc_app.mock_attio.store.timestamps import normalise
from alc_app.mock_attio.store.value_types import Content
from alc_app.mock_attio.values.parsing import InvalidValueError, Parser, as_amount, as_number, as_text, unwrap

_MAX_TEXT = 10_000_000
_MAX_RATING = 5
_DECIMALS = 4


def _text(item: Any, _attribute: Attribute, _schema: Schema) -> Content:
    text = as_text(unwrap(item, "value"))
    if len(text.encode()) > _MAX_TEXT:
        raise InvalidValueError("The text is longer than 10 MB.", "value")
    return {"value": text}


def _number(item: Any, _attribute: Attribute, _schema: Schema) -> Content:
    return {"value": as_number(unwrap(item, "value"))}


def _checkbox(item: Any, _attribute: Attribute, _schema: Schema) -> Content:
    value = {"true": True, "false": False}.get(item, item) if isinstance(item, str) else unwrap(item, "value")
    if not isinstance(value, bool):
        raise InvalidValueError("Expected true or false.", "value", expected="boolean")
    return {"value": value}


def _rating(item: Any, _attribute: Attribute, _schema: Schema) -> Content:
    value = as_number(unwrap(item, "value"))
    if not 0 <= value <= _MAX_RATING or value != int(value):
        raise InvalidValueError("A rating is a whole number from 0 to 5.", "value")
    return {"value": int(value)}


def _timestamp(item: Any, _attribute: Attribute, _schema: Schema) -> Content:
    try:
        return {"value": normalise(as_text(unwrap(item, "value")))}
    except InvalidValueError:
        raise
    except ValueError as error:
        raise InvalidValueError(
            "Expected a date or time in ISO 8601, such as 2026-01-31T09:30:00Z.", "value"
        ) from error


def _date(item: Any, attribute: Attribute, schema: Schema) -> Content:
    moment: str = _timestamp(item, attribute, schema)["value"]
    return {"value": moment.partition("T")[0]}


def _currency(item: Any, attribute: Attribute, _schema: Schema) -> Content:
    amount = as_amount(unwrap(item, "currency_value"), "currency_value")
    if round(amount, _DECIMALS) != amount:
        raise InvalidValueError("An amount has at most 4 decimals.", "currency_value")
    currency = attribute.config.get("currency") or {}
    return {"currency_value": amount, "currency_code": currency.get("default_currency_code")}


PARSERS: dict[str, Parser] = {
    "text": _text,
    "number": _number,
    "checkbox": _checkbox,
    "rating": _rating,
    "timestamp": _timestamp,
    "date": _date,
    "currency": _currency,
}
