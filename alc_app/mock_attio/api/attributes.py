"""`/v2/{target}/{identifier}/attributes`: the fields of an object or a list (`target` is `objects` or `lists`).

`alc-app setup-attio` creates `alc_status` here.
"""

from typing import Annotated, Any, Literal, cast
from uuid import uuid4

from flask import Blueprint, request
from pydantic import AfterValidator, Field
from sqlalchemy.exc import IntegrityError

from alc_app.mock_attio.api.auth import requires_configuration
from alc_app.mock_attio.api.objects import SLUG, slug_conflict
from alc_app.mock_attio.store.announce import announce_event
from alc_app.mock_attio.store.choices import attribute_id_json
from alc_app.mock_attio.store.errors import AttioError, Problem, body_error
from alc_app.mock_attio.store.events import EventType
from alc_app.mock_attio.store.request_bodies import Body, flag, page_of, parse, read_data
from alc_app.mock_attio.store.schema_lookup import Schema, find_object, load_schema
from alc_app.mock_attio.store.services import services
from alc_app.mock_attio.store.tables import Attribute
from alc_app.mock_attio.store.targets import TARGET_KINDS
from alc_app.mock_attio.store.value_types import CREATABLE_TYPES

Json = dict[str, Any]
ATTRIBUTES = "/v2/<any(objects, lists):target>/<identifier>/attributes"
# Types whose values have one canonical form, so that they can be compared for uniqueness.
_CAN_BE_UNIQUE = {"text", "number", "domain", "email-address", "phone-number"}
_SHOWN = (
    "api_slug", "title", "description", "type", "is_system_attribute", "is_writable", "is_required", "is_unique",
    "is_multiselect", "is_archived", "created_at",
)  # fmt: skip

bp = Blueprint("attributes", __name__, url_prefix=ATTRIBUTES)


def _refuse_unsupported(value: object) -> None:
    if value is not None:
        raise ValueError("Attio has this field, the stand-in does not. Send null, or leave it out.")


Unsupported = Annotated[Any, AfterValidator(_refuse_unsupported)]


class CurrencyConfig(Body):
    """The currency of an attribute, and how amounts are shown."""

    default_currency_code: Annotated[str, Field(pattern="^[A-Z]{3}$")]
    display_type: Literal["code", "name", "narrowSymbol", "symbol"]


class ReferenceConfig(Body):
    """The objects that an attribute may reference, by slug or id."""

    allowed_objects: list[str]


class AttributeConfig(Body):
    """The settings that only some attribute types have."""

    currency: CurrencyConfig | None = None
    record_reference: ReferenceConfig | None = None


class NewAttribute(Body):
    """The body of a creation. Attio requires all of these keys, even empty ones."""

    title: str = Field(min_length=1, max_length=200)
    description: str | None
    api_slug: str = Field(pattern=SLUG)
    type: str
    is_required: bool
    is_unique: bool
    is_multiselect: bool
    config: AttributeConfig
    default_value: Unsupported = None
    relationship: Unsupported = None


class AttributeChange(Body):
    """The body of a change. Absent keys stay unchanged."""

    title: str | None = Field(default=None, min_length=1, max_length=200)
    description: str | None = None
    api_slug: str | None = Field(default=None, pattern=SLUG)
    is_required: bool | None = None
    is_unique: bool | None = None
    config: AttributeConfig | None = None
    default_value: Unsupported = None
    is_archived: bool | None = None


def attribute_json(schema: Schema, attribute: Attribute) -> Json:
    """Return an attribute as JSON in the API's shape."""
    currency = attribute.config.get("currency") or {"default_currency_code": None, "display_type": None}
    reference = attribute.config.get("record_reference") or {"allowed_object_ids": None}
    return {
        "id": attribute_id_json(schema, attribute),
        **{name: getattr(attribute, name) for name in _SHOWN},
        "is_default_value_enabled": False,
        "default_value": None,
        "relationship": None,
        "config": {"currency": currency, "record_reference": reference},
    }


@bp.get("")
@requires_configuration("read")
def list_attributes(target: str, identifier: str) -> Json:
    """Answer the attributes of an object or a list; archived ones only with `show_archived=true`."""
    archived = flag(request, "show_archived")
    limit, offset = page_of(request.args.get("limit"), request.args.get("offset"), in_query=True)
    with services().database.reading() as session:
        schema = load_schema(session, identifier, TARGET_KINDS[target])
        shown = [a for a in schema.attributes if archived or not a.is_archived]
        return {"data": [attribute_json(schema, a) for a in shown[offset : offset + limit]]}


@bp.get("/<attribute_name>")
@requires_configuration("read")
def get_attribute(target: str, identifier: str, attribute_name: str) -> Json:
    """Answer one attribute."""
    with services().database.reading() as session:
        schema = load_schema(session, identifier, TARGET_KINDS[target])
        return {"data": attribute_json(schema, schema.attribute(attribute_name))}


@bp.post("")
@requires_configuration("read-write")
def create_attribute(target: str, identifier: str) -> Json:
    """Create a custom attribute."""
    new = parse(NewAttribute, read_data(request))
    _check_type(new)
    try:
        with services().database.writing() as session:
            schema = load_schema(session, identifier, TARGET_KINDS[target])
            attribute = Attribute(
                attribute_id=str(uuid4()),
                object_id=schema.target_id,
                position=schema.attributes[-1].position + 1,
                config=_config(schema, new.config),
                created_at=services().now(),
                **new.model_dump(exclude={"config", "default_value", "relationship"}),
            )
            session.add(attribute)
            session.flush()
            _announce(schema, attribute, "created")
            return {"data": attribute_json(schema, attribute)}
    except IntegrityError as error:
        raise slug_conflict(new.api_slug) from error


@bp.patch("/<attribute_name>")
@requires_configuration("read-write")
def update_attribute(target: str, identifier: str, attribute_name: str) -> Json:
    """Change or archive a custom attribute. Attio's own attributes cannot be changed."""
    body = parse(AttributeChange, read_data(request))
    nullable = {"description"} & body.model_fields_set
    change = body.model_dump(exclude_none=True, exclude={"config"}) | {name: getattr(body, name) for name in nullable}
    try:
        with services().database.writing() as session:
            schema = load_schema(session, identifier, TARGET_KINDS[target])
            attribute = session.get_one(Attribute, schema.attribute(attribute_name).attribute_id)
            if attribute.is_system_attribute:
                message = f'"{attribute.api_slug}" is a system attribute of Attio and cannot be changed.'
                raise AttioError(400, "system_edit_unauthorized", message)
            _check_unique(attribute.type, body.is_unique)
            if body.config is not None:
                change["config"] = attribute.config | _config(schema, body.config)
            attribute.sqlmodel_update(change)
            session.flush()
            _announce(schema, attribute, "updated")
            return {"data": attribute_json(schema, attribute)}
    except IntegrityError as error:
        raise slug_conflict(change["api_slug"]) from error


def _announce(schema: Schema, attribute: Attribute, verb: Literal["created", "updated"]) -> None:
    event_type = cast(EventType, f"{schema.kind.noun}-attribute.{verb}")
    ids = {schema.kind.id_key: attribute.object_id, "attribute_id": attribute.attribute_id}
    announce_event(schema.session, event_type, ids)


def _check_type(new: NewAttribute) -> None:
    if new.type not in CREATABLE_TYPES:
        known = ", ".join(sorted(CREATABLE_TYPES))
        raise body_error(Problem(["data", "type"], f"The type must be one of these: {known}.", "invalid_enum_value"))
    _check_unique(new.type, new.is_unique)
    if new.type == "currency" and new.config.currency is None:
        raise body_error(Problem(["data", "config", "currency"], "Required", "invalid_type", "object", "undefined"))


def _check_unique(type_: str, wanted: bool | None) -> None:
    if wanted and type_ not in _CAN_BE_UNIQUE:
        raise body_error(Problem(["data", "is_unique"], f'An attribute of type "{type_}" cannot be unique.'))


def _config(schema: Schema, config: AttributeConfig) -> Json:
    made: Json = {}
    if config.record_reference is not None:
        names = config.record_reference.allowed_objects
        made["record_reference"] = {
            "allowed_object_ids": [find_object(schema.session, name).object_id for name in names]
        }
    if config.currency is not None:
        made["currency"] = config.currency.model_dump()
    return made
