"""Signature schemes of the senders of webhooks, and their URL paths: one for ALC, one for Attio itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from alc_app.runtime.signatures import attio, standard_webhooks
from alc_app.runtime.signatures.diagnosis import diagnose
from alc_app.runtime.signatures.standard_webhooks import Headers, new_secret


class Verify(Protocol):
    """A function that verifies a delivery."""

    def __call__(self, secrets: Sequence[str], headers: Headers, raw_body: bytes, *, now: float) -> str:
        """Verify a delivery with any of the secrets; return its id. Raises: NotVerified."""


class Diagnose(Protocol):
    """A function that explains a refusal in the inspector."""

    def __call__(self, secret: str, headers: Headers, raw_body: bytes, *, now: float) -> str:
        """Name the likeliest mistake in a delivery that was refused, in a sentence."""


@dataclass(frozen=True)
class Scheme:
    """One signature scheme."""

    path: str
    """Path that the URLs of its handlers begin with."""
    sender: str
    """The sender's name in the diagrams."""
    receiver: str
    """The handlers' name in the diagrams."""
    verify: Verify
    diagnose: Diagnose
    makes_secret: bool
    """Whether we create the secret. Otherwise the sender returns it when we register (`update_webhook_handler`)."""

    def secret(self) -> str:
        """Return the secret of a new handler; empty if the sender creates it."""
        return new_secret() if self.makes_secret else ""


SCHEMES = {
    "standard_webhooks": Scheme("/hooks/", "ALC", "Webhook", standard_webhooks.verify, diagnose, makes_secret=True),
    "attio": Scheme(
        "/attio/events/",
        "Attio API",
        "Record Event",
        attio.verify,
        attio.diagnose,
        makes_secret=False,
    ),
}
