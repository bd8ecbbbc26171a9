"""The tables of the stand-in: a workspace, its schema (objects, attributes, choices), and records made of values.

A value is never overwritten. It is closed with `active_until`, and closed values are the history that Attio shows.
"""

from typing import Any, ClassVar

from sqlalchemy import JSON, Index, UniqueConstraint
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from alc_app.mock_attio.store.targets import OBJECTS, TargetKind

Json = dict[str, Any]


class Row(SQLModel, registry=registry()):
    """The base of these tables. Its own registry separates them from other tables in the process."""


class Workspace(Row, table=True):
    """The workspace; there is exactly one."""

    __tablename__ = "attio_workspace"

    workspace_id: str = Field(primary_key=True)
    name: str
    slug: str
    created_at: str


class WorkspaceMember(Row, table=True):
    """A user of the workspace, the target of actor references."""

    __tablename__ = "attio_workspace_member"

    workspace_member_id: str = Field(primary_key=True)
    first_name: str
    last_name: str
    email_address: str = Field(unique=True)
    access_level: str
    created_at: str


class Token(Row, table=True):
    """An access token, stored as its SHA-256 only."""

    __tablename__ = "attio_token"

    token_hash: str = Field(primary_key=True)
    token_id: str
    scope: str
    created_at: str


class CrmObject(Row, table=True):
    """An object in Attio's sense: people, companies, or one of the customer's own."""

    __tablename__ = "attio_object"
    kind: ClassVar[TargetKind] = OBJECTS

    object_id: str = Field(primary_key=True)
    api_slug: str = Field(unique=True)
    singular_noun: str
    plural_noun: str
    created_at: str

    @property
    def target_id(self) -> str:
        """Return the id under which attributes and records refer to it."""
        return self.object_id


class Attribute(Row, table=True):
    """A field of an object or of a list, whose id is `object_id`: Attio's own name for either."""

    __tablename__ = "attio_attribute"
    __table_args__ = (UniqueConstraint("object_id", "api_slug"),)

    attribute_id: str = Field(primary_key=True)
    object_id: str
    api_slug: str
    position: int
    title: str
    description: str | None = None
    type: str
    is_system_attribute: bool = False
    is_writable: bool = True
    is_required: bool = False
    is_unique: bool = False
    is_multiselect: bool = False
    is_archived: bool = False
    config: Json = Field(default_factory=dict, sa_type=JSON)
    created_at: str


class Choice(Row, table=True):
    """An option of a select attribute or a status of a status attribute."""

    __tablename__ = "attio_choice"
    __table_args__ = (UniqueConstraint("attribute_id", "title"),)

    choice_id: str = Field(primary_key=True)
    attribute_id: str = Field(foreign_key="attio_attribute.attribute_id", ondelete="CASCADE")
    position: int
    title: str
    is_archived: bool = False
    celebration_enabled: bool = False
    target_time_in_status: str | None = None


class Record(Row, table=True):
    """A record of an object, such as one person, or an entry of a list. Its data is in `Value`."""

    __tablename__ = "attio_record"
    __table_args__ = (Index("attio_record_in_order", "object_id", "created_at", "number"),)

    number: int | None = Field(default=None, primary_key=True)
    record_id: str = Field(unique=True)
    object_id: str
    created_at: str


class Value(Row, table=True):
    """One current or former value of a record's attribute.

    `content` has the keys of its type. Filters compare `key` for equality (it is short enough for an index) and
    `number` for numeric comparisons. `unique_key` is set only while a value of a unique attribute is active.
    """

    __tablename__ = "attio_value"
    __table_args__ = (
        UniqueConstraint("attribute_id", "unique_key"),
        Index("attio_value_of_record", "record_number", "attribute_id"),
        Index("attio_value_by_key", "attribute_id", "key"),
    )

    value_id: int | None = Field(default=None, primary_key=True)
    record_number: int = Field(foreign_key="attio_record.number", ondelete="CASCADE")
    attribute_id: str = Field(foreign_key="attio_attribute.attribute_id", ondelete="CASCADE")
    position: int
    content: Json = Field(sa_type=JSON)
    key: str | None = None
    number: float | None = None
    unique_key: str | None = None
    active_from: str
    active_until: str | None = None
    actor_type: str
    actor_id: str | None = None
