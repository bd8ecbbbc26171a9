"""Look up objects, lists, attributes and choices by slug or id, as paths and bodies name them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from sqlmodel import Session, col, or_, select

from alc_app.mock_attio.store.errors import not_found, value_not_found
from alc_app.mock_attio.store.note_task_list_tables import CrmList
from alc_app.mock_attio.store.tables import Attribute, Choice, CrmObject, Workspace, WorkspaceMember
from alc_app.mock_attio.store.targets import OBJECTS, TargetKind
from alc_app.mock_attio.store.value_types import VALUE_TYPES, ValueType

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True)
class Schema:
    """One object or list of the workspace with its attributes and their choices."""

    session: Session
    workspace: Workspace
    target: CrmObject | CrmList
    attributes: Sequence[Attribute]
    _choices: dict[str, list[Choice]] = field(default_factory=dict)

    @property
    def kind(self) -> TargetKind:
        """Return whether it is an object or a list."""
        return self.target.kind

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
        raise not_found(f'Attribute with slug/ID "{name}" not found.')

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
    raise not_found(f'Object with slug/ID "{name}" not found.')


def find_list(session: Session, name: str) -> CrmList:
    """Return the list with this slug or id; raise AttioError (404) if there is none."""
    statement = select(CrmList).where(or_(CrmList.api_slug == name, CrmList.list_id == name))
    if found := session.exec(statement).first():
        return found
    raise not_found(f'List with slug/ID "{name}" not found.')


def load_schema(session: Session, name: str, kind: TargetKind = OBJECTS) -> Schema:
    """Return the schema of the object or list with this slug or id; raise AttioError (404) if there is none."""
    target = find_object(session, name) if kind is OBJECTS else find_list(session, name)
    statement = select(Attribute).where(Attribute.object_id == target.target_id)
    attributes = session.exec(statement.order_by(col(Attribute.position))).all()
    return Schema(session, find_workspace(session), target, attributes)


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
