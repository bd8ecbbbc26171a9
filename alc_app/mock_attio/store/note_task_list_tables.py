"""The tables of notes, tasks and lists. The entries of lists are rows of `Record`, with values like those."""

from typing import Any, ClassVar

from sqlalchemy import JSON
from sqlmodel import Field

from alc_app.mock_attio.store.tables import Row
from alc_app.mock_attio.store.targets import LISTS, TargetKind

Json = dict[str, Any]


class CreatedRow(Row):
    """The columns that all of these tables have: when and by whom a row was created."""

    created_at: str
    actor_type: str
    actor_id: str | None = None

    @property
    def created_by(self) -> Json:
        """Return the creator in Attio's shape."""
        return {"type": self.actor_type, "id": self.actor_id}


class Note(CreatedRow, table=True):
    """A note on a record; deleted with the record."""

    __tablename__ = "attio_note"

    note_id: str = Field(primary_key=True)
    parent_object_id: str
    parent_record_id: str = Field(foreign_key="attio_record.record_id", ondelete="CASCADE", index=True)
    title: str
    content: str


class Task(CreatedRow, table=True):
    """A task, optionally linked to records."""

    __tablename__ = "attio_task"

    task_id: str = Field(primary_key=True)
    content: str
    deadline_at: str | None = None
    is_completed: bool = False
    completed_at: str | None = None
    linked_records: list[Json] = Field(default_factory=list, sa_type=JSON)
    assignees: list[Json] = Field(default_factory=list, sa_type=JSON)


class CrmList(CreatedRow, table=True):
    """A list of records of one object. `workspace_access` is the access of everybody, if they have one."""

    __tablename__ = "attio_list"
    kind: ClassVar[TargetKind] = LISTS

    list_id: str = Field(primary_key=True)
    api_slug: str = Field(unique=True)
    name: str
    parent_object_id: str = Field(foreign_key="attio_object.object_id", ondelete="CASCADE")
    workspace_access: str | None = None
    workspace_member_access: list[Json] = Field(default_factory=list, sa_type=JSON)

    @property
    def target_id(self) -> str:
        """Return the id under which attributes and entries refer to it."""
        return self.list_id
