"""Find the entries of a record: an entry refers to its record with the attribute `parent_record` of its list."""

from typing import Any

from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from alc_app.mock_attio.store.tables import Attribute, Value
from alc_app.mock_attio.store.targets import PARENT_RECORD


def entry_numbers(record_id: str) -> SelectOfScalar[Any]:
    """Return the query for the `number` of all entries, in any list, whose parent is this record."""
    parents = select(Attribute.attribute_id).where(
        Attribute.api_slug == PARENT_RECORD, col(Attribute.is_system_attribute)
    )
    return select(Value.record_number).where(col(Value.attribute_id).in_(parents), Value.key == record_id)
