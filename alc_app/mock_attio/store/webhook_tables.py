"""The tables of webhooks: who is told, of what, and what has not been told yet."""

from typing import Any, Literal

from sqlalchemy import JSON, Index
from sqlmodel import Field

from alc_app.mock_attio.store.tables import Row

Json = dict[str, Any]
Status = Literal["active", "degraded", "inactive"]
DEGRADED_FOR = 7 * 86_400.0
"""Seconds that a degraded webhook is still called."""


class Webhook(Row, table=True):
    """An address that wants to be told."""

    __tablename__ = "attio_webhook"

    webhook_id: str = Field(primary_key=True)
    target_url: str
    secret: str
    created_at: str
    degraded_since: float | None = None
    """When a message to it was given up, and none has arrived since."""

    def status(self, now: float) -> Status:
        """What it is at this moment: a message that is given up degrades it, a week of that ends it."""
        if self.degraded_since is None:
            return "active"
        return "degraded" if now - self.degraded_since < DEGRADED_FOR else "inactive"


class Subscription(Row, table=True):
    """One kind of event that a webhook wants; its key is the triple that is unique in a workspace."""

    __tablename__ = "attio_subscription"

    target_url: str = Field(primary_key=True)
    event_type: str = Field(primary_key=True)
    filter_key: str = Field(primary_key=True)
    """The filter, however its keys and operations were ordered, as a digest."""
    webhook_id: str = Field(foreign_key="attio_webhook.webhook_id", ondelete="CASCADE", index=True)
    position: int
    filter: Json | None = Field(default=None, sa_type=JSON)


class Message(Row, table=True):
    """One event for one webhook, until it has arrived or is given up; its id is the same on every retry."""

    __tablename__ = "attio_message"
    __table_args__ = (Index("attio_message_due", "webhook_id", "due_at"),)

    number: int | None = Field(default=None, primary_key=True)
    message_id: str = Field(unique=True)
    webhook_id: str = Field(foreign_key="attio_webhook.webhook_id", ondelete="CASCADE")
    body: str
    due_at: float
    tries: int = 0
