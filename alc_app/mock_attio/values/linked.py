"""Parsers for values that reference something else: select options, statuses, records, workspace members."""

from typing import Any

from sqlmodel import Session, col, select

from alc_app.mock_attio.store.errors import AttioError
from alc_app.mock_attio.store.schema_lookup import Schema, as_uuid, find_members, load_schema, value_type
from alc_app.mock_attio.store.tables import Attribute, Record, Value
from alc_app.mock_attio.store.value_types import Content
from alc_app.mock_attio.values import contact, scalar
from alc_app.mock_attio.values.parsing import InvalidValueError, Parser, as_text, parse_contents, unwrap

_MATCHED_TYPES = ("domain", "email-address", "number", "phone-number", "text")
"""The types of attributes that can name a record (docs.attio.com/rest-api/guides/linking-referenced-records)."""
_MATCHING_PARSERS = scalar.PARSERS | contact.PARSERS
_BY_TEXT = {"people": "email_addresses", "companies": "domains"}
"""What a text names a record by, if its attribute refers to one of these objects only."""


def _option(item: Any, attribute: Attribute, schema: Schema) -> Content:
    name = as_text(unwrap(item, "option"), "option")
    return {"option": _choice_id(schema, attribute, name, f'Cannot find select option with title "{name}".')}


def _status(item: Any, attribute: Attribute, schema: Schema) -> Content:
    name = as_text(unwrap(item, "status"), "status")
    return {"status": _choice_id(schema, attribute, name, f'Cannot find Status with title "{name}"')}


def _choice_id(schema: Schema, attribute: Attribute, name: str, otherwise: str) -> str:
    choice = schema.choice(attribute, name)
    if choice is None or choice.is_archived:
        raise InvalidValueError(otherwise, code="value_not_found")
    return choice.choice_id


def _record_reference(item: Any, attribute: Attribute, schema: Schema) -> Content:
    allowed = (attribute.config.get("record_reference") or {}).get("allowed_object_ids") or []
    if isinstance(item, str) and len(allowed) == 1:
        item = _named_by_text(load_schema(schema.session, allowed[0]).target.api_slug, item)
    return find_linked_record(schema.session, item, allowed)


def _named_by_text(object_slug: str, text: str) -> object:
    """Return the object form of a reference that is a text; the text itself where Attio takes none."""
    attribute = _BY_TEXT.get(object_slug)
    return {"target_object": object_slug, attribute: [text]} if attribute else text


def find_linked_record(session: Session, item: Any, allowed: list[str] | None = None) -> Content:
    """Return the record that an item names, by its id or by one attribute.

    `allowed` are the ids of the objects that it may belong to. Raises InvalidValueError.
    """
    if not isinstance(item, dict):
        raise InvalidValueError('Expected an object such as {"target_object": "people", "target_record_id": "…"}.')
    name = as_text(item.get("target_object", ...), "target_object")
    target = _target_schema(session, name)
    if allowed and target.target_id not in allowed:
        raise InvalidValueError(f'This attribute does not refer to records of "{name}".', "target_object")
    if "target_record_id" in item:
        statement = select(Record.record_id).where(
            Record.record_id == (as_uuid(as_text(item["target_record_id"], "target_record_id")) or ""),
            Record.object_id == target.target_id,
        )
        record_id = session.exec(statement).first()
    else:
        record_id = _by_attribute(item, target)
    if record_id is None:
        raise InvalidValueError(f'Cannot find the referenced record of "{name}".', code="value_not_found")
    return {"target_object": target.target_id, "target_record_id": record_id}


def _target_schema(session: Session, name: str) -> Schema:
    try:
        return load_schema(session, name)
    except AttioError as error:
        raise InvalidValueError(error.message, code="value_not_found") from error


def _by_attribute(item: dict[str, Any], target: Schema) -> str | None:
    """Return the id of the one record that has the value given for an attribute of the target object."""
    if "target_record_reference" in item:
        raise InvalidValueError("Attio has this format, this stand-in does not.", "target_record_reference")
    names = [name for name in item if name != "target_object"]
    attribute = target.by_name.get(names[0]) if len(names) == 1 else None
    if attribute is None or attribute.type not in _MATCHED_TYPES:
        raise InvalidValueError("Name the record by target_record_id, or by one attribute.", "target_record_id")
    contents = parse_contents(_MATCHING_PARSERS, target, attribute, item[names[0]])
    keys = [value_type(attribute).key(content) for content in contents]
    statement = (
        select(Record.record_id)
        .join(Value, col(Value.record_number) == Record.number)
        .where(
            Value.attribute_id == attribute.attribute_id, col(Value.key).in_(keys), col(Value.active_until).is_(None)
        )
    )
    found = set(target.session.exec(statement))
    if len(found) > 1:
        message = f'Several records of "{target.target.api_slug}" have this value.'
        raise InvalidValueError(message, code="multiple_match_results")
    return next(iter(found), None)


def _actor_reference(item: Any, _attribute: Attribute, schema: Schema) -> Content:
    return find_linked_member(schema.session, item)


def find_linked_member(session: Session, item: Any) -> Content:
    """Return the workspace member that an item names, by id or by email address; raise InvalidValueError."""
    email, member_id = item, None
    if isinstance(item, dict) and "workspace_member_email_address" in item:
        email = item["workspace_member_email_address"]
    elif isinstance(item, dict):
        if item.get("referenced_actor_type") != "workspace-member":
            raise InvalidValueError('Only actors of type "workspace-member" can be written.', "referenced_actor_type")
        email, member_id = None, as_text(item.get("referenced_actor_id", ...), "referenced_actor_id")
    wanted = as_text(email).lower() if member_id is None else as_uuid(member_id)
    for member in find_members(session):
        if wanted in {member.workspace_member_id, member.email_address}:
            return {
                "referenced_actor_type": "workspace-member",
                "referenced_actor_id": member.workspace_member_id,
            }
    raise InvalidValueError("Cannot find the workspace member.", code="value_not_found")


PARSERS: dict[str, Parser] = {
    "select": _option,
    "status": _status,
    "record-reference": _record_reference,
    "actor-reference": _actor_reference,
}
