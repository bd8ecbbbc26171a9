"""What the rooms beside records share: telling of a change in its own transaction, and finding the parent record."""

from typing import Any

from sqlmodel import Session, select

from alc_app.mock_attio.store.errors import value_not_found
from alc_app.mock_attio.store.events import Event, EventType
from alc_app.mock_attio.store.schema_lookup import as_uuid, find_object
from alc_app.mock_attio.store.services import actor, crm
from alc_app.mock_attio.store.tables import Record
from alc_app.mock_attio.store.webhook_outbox import announce


def tell(session: Session, event_type: EventType, ids: dict[str, str], **more: str) -> None:
    """Put one event into the outbox, as the doing of whoever sent the present request."""
    announce(session, [Event(event_type, actor(), ids, more)], crm().config.now())


def made() -> dict[str, Any]:
    """Return when and by whom something is made that the present request makes."""
    who = actor()
    return {"created_at": crm().now(), "actor_type": who.type, "actor_id": who.id}


def parent_of(session: Session, object_name: str, record_id: str) -> dict[str, str]:
    """Return the columns that name a parent record, or answer 400 if there is no such record."""
    object_id = find_object(session, object_name).object_id
    asked = select(Record).where(Record.record_id == (as_uuid(record_id) or ""), Record.object_id == object_id)
    if (found := session.exec(asked).first()) is None:
        raise value_not_found(f'Cannot find record with ID "{record_id}".')
    return {"parent_object_id": object_id, "parent_record_id": found.record_id}
