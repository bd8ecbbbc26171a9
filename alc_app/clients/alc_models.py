"""What ALC's API returns, as models. Unknown keys are ignored."""

from __future__ import annotations

import logging
from typing import Any, Literal, TypeVar

from pydantic import AwareDatetime, BaseModel, Field, ValidationError

from alc_app.clients.alc_events import ID, LeadProcessed

Model = TypeVar("Model", bound=BaseModel)
IN_EVENTS = {"record_id", "status", "interest", "summary"}
"""Fields of a lead that its event has, too."""
log = logging.getLogger(__name__)


class Lead(BaseModel):
    """A lead at ALC."""

    id: str = Field(pattern=ID)
    record_id: str


class Webhook(BaseModel):
    """A webhook that is registered at ALC."""

    webhook_id: str = Field(pattern=ID)
    name: str
    url: str
    event: str = ""
    status: str = "active"
    """ALC calls an "active" webhook only; others are disabled or expired."""
    expires_at: AwareDatetime | None = None
    previous_secret_expires_at: AwareDatetime | None = None
    """When ALC stops signing with the secret before the last rotation, whoever rotated it; None if nobody has."""


class ChatLine(BaseModel):
    """A message of a chat, sent by the `agent` or by the `lead`."""

    sender: str = Field(alias="from")
    text: str


class LeadState(Lead):
    """A lead with its chat and its verdict."""

    status: Literal["processing", "Complete", "Failed"]
    interest: Literal["interested", "not_interested", "no_answer"] | None = None
    summary: str | None = None
    transcript: list[ChatLine] = []
    created_at: AwareDatetime | None = None
    decided_at: AwareDatetime | None = None

    def event(self) -> dict[str, Any]:
        """Return the verdict as the body of the webhook that would have delivered it."""
        return {"lead_id": self.id, "occurred_at": self.decided_at, **self.model_dump(include=IN_EVENTS)}


class Leads(BaseModel):
    """The leads that a query found."""

    leads: list[Lead]


class LeadPage(BaseModel):
    """A page of leads, newest first, and the cursor of the next page."""

    leads: list[Any]
    next_cursor: str | None = None


class Verdicts(BaseModel):
    """The verdicts on a page of leads, and when its oldest lead was created."""

    verdicts: list[LeadProcessed]
    oldest: AwareDatetime | None
    next_cursor: str | None


class Webhooks(BaseModel):
    """A list of webhooks."""

    webhooks: list[Webhook]


def readable(model: type[Model], items: list[Any]) -> list[Model]:
    """Return the items that this version can read: one of them, perhaps of another app, must not hide all others."""
    found, refused = [], []
    for item in items:
        try:
            found.append(model.model_validate(item))
        except ValidationError as error:
            refused.append(error.errors(include_input=False)[0])
    if refused:
        where = ".".join(map(str, refused[0]["loc"]))
        log.warning("The app cannot read %d leads of ALC: %s: %s.", len(refused), where, refused[0]["msg"])
    return found
