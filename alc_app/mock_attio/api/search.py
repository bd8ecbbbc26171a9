"""`POST /v2/objects/records/search`: find records of several objects by what a person would type.

Attio's search is fuzzy and lags behind writes. Here each word of the query must occur in a name, an email address, a
phone number or a domain, with or without its accents, and what is written is found at once.
"""

from typing import Annotated, Any, Literal

from flask import Blueprint, request
from pydantic import Field
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from alc_app.mock_attio.api.auth import requires
from alc_app.mock_attio.api.items import presenter
from alc_app.mock_attio.store.accents import fold, folded
from alc_app.mock_attio.store.errors import AttioError, value_not_found
from alc_app.mock_attio.store.request_bodies import Body, parse, read_json
from alc_app.mock_attio.store.schema_lookup import Schema, find_members, load_schema, value_type
from alc_app.mock_attio.store.services import services
from alc_app.mock_attio.store.tables import Record, Value

Json = dict[str, Any]
_MOST = 25
_MAX_WORDS = 8
_CONTACT_TYPES = ("personal-name", "email-address", "phone-number", "domain")
_EXTRA = {
    "people": {"email_addresses": "email_address", "phone_numbers": "phone_number"},
    "companies": {"domains": "domain"},
}
"""What a hit of a standard object shows besides its name: the attribute, and the field of its values."""
_IMAGES = {"people": "avatar_url", "companies": "logo_url"}

bp = Blueprint("search", __name__, url_prefix="/v2/objects/records/search")


class AsWorkspace(Body):
    """A search that finds everything."""

    type: Literal["workspace"]


class AsMember(Body):
    """A search on behalf of one member, named by id or by email address. Members see everything here."""

    type: Literal["workspace-member"]
    workspace_member_id: str | None = None
    email_address: str | None = None


class Search(Body):
    """The body of a search. Attio does not wrap it in `data`."""

    query: str = Field(max_length=256)
    objects: list[str] = Field(min_length=1)
    request_as: Annotated[AsWorkspace | AsMember, Field(discriminator="type")]
    limit: float = Field(default=_MOST, ge=1, le=_MOST)


@bp.post("")
@requires("record_permission:read", "object_configuration:read")
def search_records() -> Json:
    """Answer the records that match, object by object, oldest first. An empty query matches every record."""
    search = parse(Search, read_json(request), path=())
    hits: list[Json] = []
    with services().database.reading() as session:
        _check_member(session, search.request_as)
        for name in search.objects:
            schema = _schema(session, name)
            found = session.exec(_matches(schema, search.query.split()[:_MAX_WORDS])).all()
            hits += [_hit(schema, record) for record in presenter(schema).records(found)]
    return {"data": hits[: int(search.limit)]}


def _check_member(session: Session, request_as: AsWorkspace | AsMember) -> None:
    if isinstance(request_as, AsWorkspace):
        return
    for member in find_members(session):
        if request_as.workspace_member_id == member.workspace_member_id or (
            request_as.email_address == member.email_address
        ):
            return
    raise value_not_found("Cannot find the workspace member of request_as.")


def _schema(session: Session, name: str) -> Schema:
    try:
        return load_schema(session, name)
    except AttioError as error:
        raise value_not_found(error.message) from error


def _matches(schema: Schema, words: list[str]) -> SelectOfScalar[Record]:
    """Return the statement for records that have each word in one of the attributes that are searched."""
    ids = [schema.by_name[slug].attribute_id for slug in _searched(schema)]
    statement = select(Record).where(Record.object_id == schema.target_id)
    for word in words if ids else ():
        holders = select(Value.record_number).where(
            col(Value.attribute_id).in_(ids),
            col(Value.active_until).is_(None),
            folded(col(Value.key)).contains(fold(word), autoescape=True),
        )
        statement = statement.where(col(Record.number).in_(holders))
    return statement.order_by(col(Record.created_at), col(Record.number)).limit(_MOST)


def _searched(schema: Schema) -> list[str]:
    named = [one.api_slug for one in schema.attributes if one.type in _CONTACT_TYPES or one.api_slug == "name"]
    return named or [one.api_slug for one in schema.attributes if one.type == "text" and one.is_writable]


def _hit(schema: Schema, record: Json) -> Json:
    slug, values = schema.target.api_slug, record["values"]
    texts = [value[value_type(schema.by_name[one]).main] for one in _searched(schema) for value in values.get(one, [])]
    images = [value["value"] for value in values.get(_IMAGES.get(slug, ""), [])]
    shown = {extra: [one[field] for one in values[extra]] for extra, field in _EXTRA.get(slug, {}).items()}
    return {
        "id": record["id"],
        "record_text": next(iter(texts), ""),
        "record_image": next(iter(images), None),
        "object_slug": slug,
        **shown,
    }
