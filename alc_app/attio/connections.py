"""A connection to the outside service, and the addresses at which that service may call us."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Connection:
    """A connection to the outside service (docs.attio.com/sdk/server/connections).

    `value` is a valid access token: refreshed when needed, and never stored unencrypted.
    """

    id: str
    value: str = field(repr=False)
    connection_key: str = "alc"


@dataclass(frozen=True)
class WebhookHandler:
    """A URL of ours that the outside service may call, and the file of `webhooks/` that answers there."""

    id: str
    url: str
    file_name: str
    external_webhook_id: str | None
    secret: str = field(repr=False, default="")
    """The signing secret (Standard Webhooks, `whsec_…`). TUTORIAL: it has no signatures at all."""
    signed_by: str = "standard_webhooks"
    """The signature scheme: "standard_webhooks", or "attio" for Attio's own."""
    connector: str = ""
    """The connector of the manifest that keeps the subscription; empty if the app itself does."""
    is_rotating: bool = False
    """Whether `secret` is new and the outside service may not know it yet. The previous one is accepted too."""
    previous_secret_until: float | None = None
    """When the outside service stops signing with the previous secret, as it said after the last rotation."""
