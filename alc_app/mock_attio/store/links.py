"""What points at a record: list entries, references of other records, notes and tasks.

A list entry refers to its record with the attribute `parent_record` of its list. Notes go with their record by a
foreign key.
"""

from collections.abc import Collection
from typing import Any

from sqlmodel import Session, col, delete, select, update
from sqlmodel.sql.expression import SelectOfScalar

from alc_app.mock_attio.store.note_task_list_tables import Note, Task
from alc_app.mock_attio.store.tables import Attribute, Record, Value
from alc_app.mock_attio.store.targets import PARENT_RECORD

_REFERENCES = select(Attribute.attribute_id).where(Attribute.type == "record-reference")


def entry_numbers(record_ids: Collection[str]) -> SelectOfScalar[Any]:
    """Return the query for the `number` of all entries, in any list, of these records."""
    parents = select(Attribute.attribute_id).where(
        Attribute.api_slug == PARENT_RECORD, col(Attribute.is_system_attribute)
    )
    return select(Value.record_number).where(col(Value.attribute_id).in_(parents), col(Value.key).in_(record_ids))


def drop_links(session: Session, record_ids: Collection[str]) -> None:
    """Delete the list entries of records that will be deleted, the references to them, and their links to tasks."""
    session.execute(delete(Record).where(col(Record.number).in_(entry_numbers(record_ids))))
    session.execute(delete(Value).where(col(Value.attribute_id).in_(_REFERENCES), col(Value.key).in_(record_ids)))
    for task in session.exec(select(Task)):
        task.linked_records = [one for one in task.linked_records if one["target_record_id"] not in record_ids]


def move_links(session: Session, record_ids: Collection[str], new_id: str) -> None:
    """Point everything that points at these records to another one, which exists already."""
    references = select(Value).where(col(Value.attribute_id).in_(_REFERENCES), col(Value.key).in_(record_ids))
    for value in session.exec(references):
        value.key, value.content = new_id, {**value.content, "target_record_id": new_id}
    session.execute(update(Note).where(col(Note.parent_record_id).in_(record_ids)).values(parent_record_id=new_id))
    for task in session.exec(select(Task)):
        moved = [
            {**one, "target_record_id": new_id} if one["target_record_id"] in record_ids else one
            for one in task.linked_records
        ]
        task.linked_records = [one for place, one in enumerate(moved) if one not in moved[:place]]
