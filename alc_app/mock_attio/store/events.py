"""Webhook events as Attio sends them: identifiers only, no values, and one event for each thing that changed."""

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
"""Every type that can be subscribed to. The stand-in never sends those of comments, recordings and activities."""
EVENT_TYPES = get_args(EventType)


@dataclass(frozen=True)
class Actor:
    """The user, token or app that made a change."""

    type: str
    id: str | None


@dataclass(frozen=True)
class Event:
    """One change. `ids` are the keys under `id`, besides the workspace's; `extra` are further keys of the event."""

    type: EventType
    actor: Actor
    ids: dict[str, str]
    extra: dict[str, str] = field(default_factory=dict)

    def to_json(self, workspace_id: str) -> Json:
        """Return the event as it appears in the body of a webhook request."""
        return {
            "event_type": self.type,
            "id": {"workspace_id": workspace_id, **self.ids},
            **self.extra,
            "actor": {"type": self.actor.type, "id": self.actor.id},
        }


def matches(event: Json, filter_: Json | None) -> bool:
    """Return whether an event passes a subscription's filter: all of `$and`, any of `$or`, or no filter."""
    if filter_ is None:
        return True
    if "$and" in filter_:
        return all(_compare(event, operation) for operation in filter_["$and"])
    return any(_compare(event, operation) for operation in filter_["$or"])


def _compare(event: Json, operation: Json) -> bool:
    found: Any = event
    for key in operation["field"].split("."):
        found = found.get(key) if isinstance(found, dict) else None
    return bool((found == operation["value"]) == (operation["operator"] == "equals"))


def per_attribute(
    type: EventType, actor: Actor, ids: dict[str, str], attribute_ids: Iterable[str], extra: dict[str, str]
) -> Sequence[Event]:
    """Return the events of an update; Attio sends one for each changed attribute."""
    return [Event(type, actor, {**ids, "attribute_id": attribute_id}, extra) for attribute_id in attribute_ids]
