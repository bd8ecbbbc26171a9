"""Convert the operands of a filter to the form in which values are stored."""

from alc_app.mock_attio.store.errors import AttioError
from alc_app.mock_attio.store.schema_lookup import Schema, find_object, value_type
from alc_app.mock_attio.store.tables import Attribute
from alc_app.mock_attio.store.timestamps import normalise
from alc_app.mock_attio.store.value_types import short_key
from alc_app.mock_attio.values.contact import parse_phone
from alc_app.mock_attio.values.parsing import InvalidValueError, as_amount, as_number


def filter_error(message: str) -> AttioError:
    """Return Attio's error for an invalid filter."""
    return AttioError(400, "filter_error", message)


def operand(attribute: Attribute, schema: Schema, field: str, operator: str, raw: object) -> str | float:
    """Return the operand as stored; raise AttioError (400, `filter_error`) if it has the wrong type."""
    kind = value_type(attribute)
    if field == kind.main and kind.compares == "number":
        return _number(attribute, raw)
    if not isinstance(raw, str):
        raise filter_error(f'"{attribute.api_slug}" is compared with text.')
    if field == "active_from" or (field == kind.main and kind.compares == "moment"):
        return _moment(attribute, field, raw)
    if field == "target_object":
        return _object_id(schema, raw)
    if field != kind.main:
        return raw
    text = _as_stored(attribute, schema, raw)
    return short_key(text) if operator in {"$eq", "$in"} else raw


def _number(attribute: Attribute, raw: object) -> float:
    if attribute.type == "checkbox":
        if not isinstance(raw, bool):
            raise filter_error(f'"{attribute.api_slug}" is compared with true or false.')
        return float(raw)
    try:
        return as_amount(raw) if attribute.type == "currency" else as_number(raw)
    except InvalidValueError as error:
        raise filter_error(f'"{attribute.api_slug}" is compared with a number.') from error


def _moment(attribute: Attribute, field: str, raw: str) -> str:
    try:
        moment = normalise(raw)
    except ValueError as error:
        raise filter_error(f'"{attribute.api_slug}" is compared with a date or time in ISO 8601.') from error
    return moment.partition("T")[0] if attribute.type == "date" and field != "active_from" else moment


def _object_id(schema: Schema, name: str) -> str:
    try:
        return find_object(schema.session, name).object_id
    except AttioError as error:
        raise filter_error(error.message) from error


def _as_stored(attribute: Attribute, schema: Schema, raw: str) -> str:
    match attribute.type:
        case "select" | "status":
            choice = schema.choice(attribute, raw)
            if choice is None:
                raise filter_error(f'"{attribute.api_slug}" has no option or status "{raw}".')
            return choice.choice_id
        case "email-address" | "domain":
            return raw.strip().lower()
        case "phone-number":
            try:
                return parse_phone(raw)[0]
            except InvalidValueError:
                return raw  # an impossible number matches nothing
        case _:
            return raw
