"""What happens in the workspace, as Attio tells it: identifiers only, and one event for each thing that changed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

Json = dict[str, Any]
EventType = Literal[
    "record.created", "record.updated", "record.deleted", "record.merged",
    "list-entry.created", "list-entry.updated", "list-entry.deleted",
    "note.created", "note.updated", "note.deleted", "note-content.updated",
    "task.created", "task.updated", "task.deleted",
    "comment.created", "comment.resolved", "comment.unresolved", "comment.deleted",
    "list.created", "list.updated", "list.deleted",
    "list-attribute.created", "list-attribute.updated",
    "object-attribute.created", "object-attribute.updated",
    "call-recording.created", "workspace-member.created",
    "activity.created", "activity.updated", "activity.deleted",
    "activity-attribute.created", "activity-attribute.updated",
    "activity-record.created", "activity-record.deleted",
]  # fmt: skip
"""Every type that can be subscribed to; the stand-in holds no comments, recordings and activities to tell of."""
EVENT_TYPES = get_args(EventType)


@dataclass(frozen=True)
class Actor:
    """Who changes something."""

    type: str
    id: str | None


@dataclass(frozen=True)
class Event:
    """One thing that has happened; `ids` go under `id` beside the workspace's, `more` beside it."""

    type: EventType
    actor: Actor
    ids: dict[str, str]
    more: dict[str, str] = field(default_factory=dict)

    def to_json(self, workspace_id: str) -> Json:
        """Return it as a webhook is sent it."""
        return {
            "event_type": self.type,
            "id": {"workspace_id": workspace_id, **self.ids},
            **self.more,
            "actor": {"type": self.actor.type, "id": self.actor.id},
        }


def passes(event: Json, wanted: Json | None) -> bool:
    """Return whether an event is what a filter asks for: all of `$and`, any of `$or`, or there is no filter."""
    if wanted is None:
        return True
    if "$and" in wanted:
        return all(_holds(event, operation) for operation in wanted["$and"])
    return any(_holds(event, operation) for operation in wanted["$or"])


def _holds(event: Json, operation: Json) -> bool:
    found: Any = event
    for key in operation["field"].split("."):
        found = found.get(key) if isinstance(found, dict) else None
    return bool((found == operation["value"]) == (operation["operator"] == "equals"))


def for_each(type: EventType, actor: Actor, ids: dict[str, str], attribute_ids: Iterable[str]) -> Sequence[Event]:
    """Return the events of an update: Attio tells of each attribute by itself."""
    return [Event(type, actor, {**ids, "attribute_id": attribute_id}) for attribute_id in attribute_ids]
