"""Deliveries of Attio's own v2 webhooks: their body, and which handler gets each event.

Nothing of this is in Attio's SDK, which has events of connections only (docs.attio.com/rest-api/webhook-reference).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from alc_app.attio.http import BadRequest, Request, Response

Uuid = Annotated[str, Field(pattern=r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$")]
UNHANDLED = """Attio sends "{type}" events, but no file handles them. Paste this into alc_app/record_events/{name}.py,
and name it in alc_app/app.py:

from alc_app.attio.host.record_events import WebhookEvent


def {name}(event: WebhookEvent) -> None:
    \"\"\"What to do; the event has {keys}.\"\"\"
"""
log = logging.getLogger(__name__)


class Ids(BaseModel):
    """The ids in an event. Events of other things than records have other keys too."""

    model_config = ConfigDict(extra="allow")

    workspace_id: Uuid
    object_id: Uuid | None = None
    record_id: Uuid | None = None
    attribute_id: Uuid | None = None


class WebhookEvent(BaseModel):
    """One event. It has ids only, so its handler reads the record. It may arrive late, twice and out of order."""

    model_config = ConfigDict(extra="allow")

    event_type: str = Field(max_length=100, pattern=r"^[a-z-]+\.[a-z-]+$")
    id: Ids
    duplicate_record_id: Uuid | None = None
    """Only in `record.merged`: the record that was merged into the record of the event."""

    @property
    def record_id(self) -> str:
        """Return the record of the event. Raises: BadRequest if it has none."""
        return _required(self.id.record_id, "id.record_id")

    @property
    def merged_record_id(self) -> str:
        """Return the record that was merged into the other. Raises: BadRequest if there is none."""
        return _required(self.duplicate_record_id, "duplicate_record_id")


class Message(BaseModel):
    """The body of a delivery. Attio sends a list that has one event today."""

    webhook_id: str
    events: list[WebhookEvent]

    @classmethod
    def parse(cls, body: Any) -> Message:
        """Validate a body. Raises: BadRequest naming what is wrong."""
        try:
            return cls.model_validate(body)
        except ValidationError as error:
            first = error.errors()[0]
            raise BadRequest(f"{'.'.join(map(str, first['loc'])) or 'body'}: {first['msg']}.") from error


def route(handlers: Mapping[str, Callable[[WebhookEvent], None]], req: Request) -> Response:
    """Call the handler of each event in a delivery. If an event has none, log how to write one."""
    for event in Message.parse(req.json()).events:
        if handler := handlers.get(event.event_type):
            handler(event)
        else:
            name = event.event_type.replace(".", "_").replace("-", "_")
            keys = ", ".join(f"id.{key}" for key in event.id.model_dump(exclude_none=True))
            log.info("%s", UNHANDLED.format(type=event.event_type, name=name, keys=keys))
    return Response(None, status=200)


def _required(value: str | None, name: str) -> str:
    if value is None:
        raise BadRequest(f"{name}: Field required.")
    return value
