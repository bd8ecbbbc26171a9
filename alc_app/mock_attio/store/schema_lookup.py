"""Look up objects, lists, attributes and choices by slug or id, as paths and bodies name them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from sqlalchemy import BindParameter, bindparam
from sqlmodel import Session, col, or_, select
from sqlmodel.sql.expression import SelectOfScalar

from alc_app.mock_attio.store.database import rows
from alc_app.mock_attio.store.errors import AttioError, not_found, value_not_found
from alc_app.mock_attio.store.note_task_list_tables import CrmList
from alc_app.mock_attio.store.tables import Attribute, Choice, CrmObject, Workspace, WorkspaceMember
from alc_app.mock_attio.store.targets import LISTS, OBJECTS, TargetKind
from alc_app.mock_attio.store.value_types import VALUE_TYPES, ValueType

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)
_NAME: BindParameter[str] = bindparam("name")
_OBJECT = select(CrmObject).where(or_(col(CrmObject.api_slug) == _NAME, col(CrmObject.object_id) == _NAME))
_LIST = select(CrmList).where(or_(col(CrmList.api_slug) == _NAME, col(CrmList.list_id) == _NAME))
_WORKSPACE = select(Workspace)
_ATTRIBUTES = select(Attribute).where(col(Attribute.object_id) == bindparam("target")).order_by(col(Attribute.position))
_CHOICES = select(Choice).where(col(Choice.attribute_id) == bindparam("attribute")).order_by(col(Choice.position))


@dataclass(frozen=True)
class Schema:
    """One object or list of the workspace with its attributes and their choices: rows, to be read only."""

    session: Session
    kind: TargetKind
    workspace: Workspace
    target: CrmObject | CrmList
    attributes: Sequence[Attribute]
    _choices: dict[str, Sequence[Choice]] = field(default_factory=dict)

    @cached_property
    def target_id(self) -> str:
        """Return the id of the object or list."""
        return str(getattr(self.target, self.kind.id_key))

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

    def choices(self, attribute: Attribute) -> Sequence[Choice]:
        """Return the options or statuses of an attribute in their order; the database is queried once."""
        if attribute.attribute_id not in self._choices:
            self._choices[attribute.attribute_id] = rows(self.session, _CHOICES, attribute=attribute.attribute_id)
        return self._choices[attribute.attribute_id]

    def choice(self, attribute: Attribute, name: str) -> Choice | None:
        """Return the option or status with this id or title, or None."""
        return next((choice for choice in self.choices(attribute) if name in {choice.choice_id, choice.title}), None)


def find_object(session: Session, name: str) -> CrmObject:
    """Return the object with this slug or id; raise AttioError (404) if there is none."""
    if found := session.exec(_OBJECT, params={"name": name}).first():
        return found
    raise _unknown(OBJECTS, name)


def find_list(session: Session, name: str) -> CrmList:
    """Return the list with this slug or id; raise AttioError (404) if there is none."""
    if found := session.exec(_LIST, params={"name": name}).first():
        return found
    raise _unknown(LISTS, name)


def load_schema(session: Session, name: str, kind: TargetKind = OBJECTS) -> Schema:
    """Return the schema of the object or list with this slug or id; raise AttioError (404) if there is none."""
    statement: SelectOfScalar[Any] = _OBJECT if kind is OBJECTS else _LIST
    for target in rows(session, statement, name=name):
        attributes = rows(session, _ATTRIBUTES, target=getattr(target, kind.id_key))
        return Schema(session, kind, find_workspace(session), target, attributes)
    raise _unknown(kind, name)


def _unknown(kind: TargetKind, name: str) -> AttioError:
    return not_found(f'{kind.noun.capitalize()} with slug/ID "{name}" not found.')


def find_workspace(session: Session) -> Workspace:
    """Return the one workspace, to be read only."""
    return rows(session, _WORKSPACE)[0]


def find_members(session: Session) -> Sequence[WorkspaceMember]:
    """Return the members of the workspace, oldest first. The first one is GraphQL's `currentUser`."""
    return session.exec(select(WorkspaceMember).order_by(col(WorkspaceMember.created_at))).all()


def value_type(attribute: Attribute) -> ValueType:
    """Return the description of the attribute's type."""
    return VALUE_TYPES[attribute.type]


def as_uuid(text: str) -> str | None:
    """Return the text in lower case, as ids are stored, or None if it is not a UUID."""
    return text.lower() if _UUID.fullmatch(text) else None
