"""The tables of notes, tasks, and lists with their entries."""

from typing import Any

from sqlalchemy import JSON
from sqlmodel import Field

from alc_app.mock_attio.store.tables import Row

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
    """A list of records of one object. Attributes of lists are not supported."""

    __tablename__ = "attio_list"

    list_id: str = Field(primary_key=True)
    api_slug: str = Field(unique=True)
    name: str
    parent_object_id: str = Field(foreign_key="attio_object.object_id", ondelete="CASCADE")


class ListEntry(CreatedRow, table=True):
    """A record in a list; deleted with the record."""

    __tablename__ = "attio_list_entry"
    entry_id: str = Field(primary_key=True)
    list_id: str = Field(foreign_key="attio_list.list_id", ondelete="CASCADE", index=True)
    parent_object_id: str
    parent_record_id: str = Field(foreign_key="attio_record.record_id", ondelete="CASCADE", index=True)
