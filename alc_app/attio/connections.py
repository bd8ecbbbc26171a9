"""A connection to the outside service, and the addresses at which that service may call us."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Connection:
    """A connection to the outside service (docs.attio.com/sdk/server/connections).

    `value` is the access token, good for now: it is handed out fresh and never stored in the clear.
    """

    id: str
    value: str = field(repr=False)
    connection_key: str = "alc"


@dataclass(frozen=True)
class WebhookHandler:
    """An address of ours that the outside service may call, and which file of `webhooks/` answers there."""

    id: str
    url: str
    file_name: str
    external_webhook_id: str | None
    secret: str = field(repr=False, default="")
    """What the sender signs with (Standard Webhooks, `whsec_…`). TUTORIAL: it has no signatures at all."""
    signed_by: str = "standard_webhooks"
    """How it signs: by Standard Webhooks, or as "attio" does."""
    connector: str = ""
    """Which connector of the manifest keeps the subscription; empty: the app itself does."""
