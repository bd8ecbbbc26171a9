"""`…/attributes/{attribute}/options` and `…/statuses`: the choices of a select or status attribute."""

from typing import Any
from uuid import uuid4

from flask import Blueprint, request
from pydantic import Field
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from alc_app.mock_attio.api.attributes import ATTRIBUTES
from alc_app.mock_attio.api.auth import requires_configuration
from alc_app.mock_attio.api.objects import slug_conflict
from alc_app.mock_attio.store.choices import choice_json
from alc_app.mock_attio.store.errors import AttioError, not_found, value_not_found
from alc_app.mock_attio.store.request_bodies import Body, flag, parse, read_data
from alc_app.mock_attio.store.schema_lookup import Schema, load_schema
from alc_app.mock_attio.store.services import services
from alc_app.mock_attio.store.tables import Attribute, Choice
from alc_app.mock_attio.store.targets import TARGET_KINDS

Json = dict[str, Any]
_TYPE = {"options": "select", "statuses": "status"}
_DURATION = r"^P(\d+Y)?(\d+M)?(\d+W)?(\d+D)?(T(\d+H)?(\d+M)?(\d+S)?)?$"  # ISO 8601

bp = Blueprint(
    "choices",
    __name__,
    url_prefix=f"{ATTRIBUTES}/<attribute_name>/<any(options, statuses):kind>",
)


class NewChoice(Body):
    """The body of a creation; the last two keys are for statuses only."""

    title: str = Field(min_length=1, max_length=200)
    celebration_enabled: bool = False
    target_time_in_status: str | None = Field(default=None, pattern=_DURATION, max_length=60)


class ChoiceChange(Body):
    """The body of a change. Absent keys stay unchanged."""

    title: str | None = Field(default=None, min_length=1, max_length=200)
    is_archived: bool | None = None
    celebration_enabled: bool | None = None
    target_time_in_status: str | None = Field(default=None, pattern=_DURATION, max_length=60)


@bp.get("")
@requires_configuration("read")
def list_choices(target: str, identifier: str, attribute_name: str, kind: str) -> Json:
    """Answer the options or statuses of an attribute; archived ones only with `show_archived=true`."""
    archived = flag(request, "show_archived")
    with services().database.reading() as session:
        schema, attribute = _attribute(session, target, identifier, attribute_name, kind)
        shown = [one for one in schema.choices(attribute) if archived or not one.is_archived]
        return {"data": [choice_json(schema, attribute, choice) for choice in shown]}


@bp.post("")
@requires_configuration("read-write")
def create_choice(target: str, identifier: str, attribute_name: str, kind: str) -> Json:
    """Add an option or a status. Its title must be unique in the attribute."""
    new = parse(NewChoice, read_data(request))
    try:
        with services().database.writing() as session:
            schema, attribute = _attribute(session, target, identifier, attribute_name, kind)
            choice = Choice(
                choice_id=str(uuid4()),
                attribute_id=attribute.attribute_id,
                position=len(schema.choices(attribute)),
                **new.model_dump(),
            )
            session.add(choice)
            session.flush()
            return {"data": choice_json(schema, attribute, choice)}
    except IntegrityError as error:
        raise slug_conflict(new.title) from error


@bp.patch("/<choice_name>")
@requires_configuration("read-write")
def update_choice(target: str, identifier: str, attribute_name: str, kind: str, choice_name: str) -> Json:
    """Rename or archive an option or a status."""
    change = parse(ChoiceChange, read_data(request)).model_dump(exclude_none=True)
    try:
        with services().database.writing() as session:
            schema, attribute = _attribute(session, target, identifier, attribute_name, kind)
            found = schema.choice(attribute, choice_name)
            if found is None:
                raise value_not_found(f'"{attribute.api_slug}" has no option or status "{choice_name}".')
            choice = session.get_one(Choice, found.choice_id)
            choice.sqlmodel_update(change)
            session.flush()
            return {"data": choice_json(schema, attribute, choice)}
    except IntegrityError as error:
        raise slug_conflict(change["title"]) from error


def _attribute(
    session: Session, target: str, identifier: str, attribute_name: str, kind: str
) -> tuple[Schema, Attribute]:
    schema = load_schema(session, identifier, TARGET_KINDS[target])
    attribute = schema.attribute(attribute_name)
    if attribute.type != _TYPE[kind]:
        message = f'"{attribute.api_slug}" is of type "{attribute.type}" and has no {kind}.'
        # Attio's document knows no 400 where options or statuses are read.
        raise not_found(message) if request.method == "GET" else AttioError(400, "validation_type", message)
    return schema, attribute
