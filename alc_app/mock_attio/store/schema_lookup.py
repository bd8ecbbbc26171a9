"""Look up objects, attributes and choices by slug or id, as paths and bodies name them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from sqlmodel import Session, col, or_, select

from alc_app.mock_attio.store.errors import not_found, value_not_found
from alc_app.mock_attio.store.tables import Attribute, Choice, CrmObject, Workspace, WorkspaceMember
from alc_app.mock_attio.store.value_types import VALUE_TYPES, ValueType

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True)
class Schema:
    """One object of the workspace with its attributes and their choices."""

    session: Session
    workspace: Workspace
    object: CrmObject
    attributes: Sequence[Attribute]
    _choices: dict[str, list[Choice]] = field(default_factory=dict)

    @cached_property
    def by_id(self) -> dict[str, Attribute]:
        """Map attribute ids to attributes."""
        return {attribute.attribute_id: attribute for attribute in self.attributes}

    @cached_property
    def by_name(self) -> dict[str, Attribute]:
        """Map slugs and ids to attributes. Attio accepts either; a slug takes precedence."""
        return self.by_id | {attribute.api_slug: attribute for attribute in self.attributes}

    def attribute(self, name: str) -> Attribute:
        """Return the attribute that a path names; raise AttioError (404) if there is none."""
        if attribute := self.by_name.get(name):
            return attribute
        raise not_found(f'Could not find an attribute with slug/ID "{name}" on object "{self.object.api_slug}".')

    def attribute_in_body(self, name: str) -> Attribute:
        """Return the attribute that a body names; raise AttioError (400, `value_not_found`) if there is none."""
        if attribute := self.by_name.get(name):
            return attribute
        raise value_not_found(f'Cannot find attribute with slug/ID "{name}".')

    def choices(self, attribute: Attribute) -> list[Choice]:
        """Return the options or statuses of an attribute in their order; the database is queried once."""
        if attribute.attribute_id not in self._choices:
            statement = select(Choice).where(Choice.attribute_id == attribute.attribute_id)
            found = self.session.exec(statement.order_by(col(Choice.position))).all()
            self._choices[attribute.attribute_id] = list(found)
        return self._choices[attribute.attribute_id]

    def choice(self, attribute: Attribute, name: str) -> Choice | None:
        """Return the option or status with this id or title, or None."""
        return next((choice for choice in self.choices(attribute) if name in {choice.choice_id, choice.title}), None)


def find_object(session: Session, name: str) -> CrmObject:
    """Return the object with this slug or id; raise AttioError (404) if there is none."""
    statement = select(CrmObject).where(or_(CrmObject.api_slug == name, CrmObject.object_id == name))
    if found := session.exec(statement).first():
        return found
    raise not_found(f'Could not find an object with slug/ID "{name}".')


def load_schema(session: Session, name: str) -> Schema:
    """Return the schema of the object with this slug or id; raise AttioError (404) if there is none."""
    crm_object = find_object(session, name)
    statement = select(Attribute).where(Attribute.object_id == crm_object.object_id)
    attributes = session.exec(statement.order_by(col(Attribute.position))).all()
    return Schema(session, find_workspace(session), crm_object, attributes)


def find_workspace(session: Session) -> Workspace:
    """Return the one workspace."""
    return session.exec(select(Workspace)).one()


def find_members(session: Session) -> Sequence[WorkspaceMember]:
    """Return the members of the workspace, oldest first. The first one is GraphQL's `currentUser`."""
    return session.exec(select(WorkspaceMember).order_by(col(WorkspaceMember.created_at))).all()


def value_type(attribute: Attribute) -> ValueType:
    """Return the description of the attribute's type."""
    return VALUE_TYPES[attribute.type]


def as_uuid(text: str) -> str | None:
    """Return the text in lower case, as ids are stored, or None if it is not a UUID."""
    return text.lower() if _UUID.fullmatch(text) else None
