"""What ALC's API returns, as models. Unknown keys are ignored."""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime, BaseModel, Field

from alc_app.clients.alc_events import ID, LeadProcessed


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


class Leads(BaseModel):
    """The leads that a query found."""

    leads: list[Lead]


class LeadPage(BaseModel):
    """A page of leads, newest first, and the cursor of the next page."""

    leads: list[LeadState]
    next_cursor: str | None = None


class Verdicts(BaseModel):
    """The verdicts on a page of leads, and when its oldest lead was created."""

    verdicts: list[LeadProcessed]
    oldest: AwareDatetime | None
    next_cursor: str | None


class Webhooks(BaseModel):
    """A list of webhooks."""

    webhooks: list[Webhook]
