"""The tables of webhooks: their URLs, their subscriptions, and the messages that are not delivered yet."""

from typing import Any, Literal

from sqlalchemy import JSON, Index
from sqlmodel import Field

from alc_app.mock_attio.store.tables import Row

Json = dict[str, Any]
Status = Literal["active", "degraded", "inactive"]
DEGRADED_FOR = 7 * 86_400.0
"""Seconds for which a degraded webhook is still called."""


class Webhook(Row, table=True):
    """A webhook: the URL that events are sent to."""

    __tablename__ = "attio_webhook"

    webhook_id: str = Field(primary_key=True)
    target_url: str
    secret: str
    created_at: str
    degraded_since: float | None = None
    """When a message was given up (epoch seconds); None again after a successful delivery."""


def status_of(webhook: Webhook, now: float) -> Status:
    """Return the status at `now`: degraded after a message was given up, inactive after a week of that."""
    if webhook.degraded_since is None:
        return "active"
    return "degraded" if now - webhook.degraded_since < DEGRADED_FOR else "inactive"


class Subscription(Row, table=True):
    """One event type of a webhook. URL, type and filter together are unique in a workspace."""

    __tablename__ = "attio_subscription"

    target_url: str = Field(primary_key=True)
    event_type: str = Field(primary_key=True)
    filter_key: str = Field(primary_key=True)
    """A digest of the filter, independent of the order of its keys and operations."""
    webhook_id: str = Field(foreign_key="attio_webhook.webhook_id", ondelete="CASCADE", index=True)
    position: int
    filter: Json | None = Field(default=None, sa_type=JSON)


class Message(Row, table=True):
    """One event for one webhook, until it is delivered or given up. Its id is the same for every retry."""

    __tablename__ = "attio_message"
    __table_args__ = (Index("attio_message_due", "webhook_id", "due_at"),)

    number: int | None = Field(default=None, primary_key=True)
    message_id: str = Field(unique=True)
    webhook_id: str = Field(foreign_key="attio_webhook.webhook_id", ondelete="CASCADE")
    body: str
    due_at: float
    tries: int = 0
