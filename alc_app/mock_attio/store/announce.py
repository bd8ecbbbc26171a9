"""Helpers for the resources beside records (notes, tasks, lists): events, created-by columns, the parent record."""

from typing import Any

from sqlmodel import Session

from alc_app.mock_attio.store.events import Event, EventType
from alc_app.mock_attio.store.records import find_record
from alc_app.mock_attio.store.schema_lookup import find_workspace, load_schema
from alc_app.mock_attio.store.services import actor, services
from alc_app.mock_attio.store.webhook_outbox import enqueue


def announce_event(session: Session, event_type: EventType, ids: dict[str, str], **extra: str) -> None:
    """Queue one event for the webhooks, in the caller's transaction. Its actor is the sender of the current request."""
    event = Event(event_type, actor(), ids, extra)
    enqueue(session, [event], find_workspace(session).workspace_id, services().config.now())


def created_columns() -> dict[str, Any]:
    """Return the columns that say when and by whom a row was created: now, by the sender of the current request."""
    creator = actor()
    return {"created_at": services().now(), "actor_type": creator.type, "actor_id": creator.id}


def parent_columns(session: Session, object_name: str, record_id: str) -> dict[str, str]:
    """Return the columns that name a parent record; raise AttioError (404) if there is no such record."""
    found = find_record(load_schema(session, object_name), record_id)
    return {"parent_object_id": found.object_id, "parent_record_id": found.record_id}
