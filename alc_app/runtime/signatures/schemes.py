"""How those who call us sign, and where they call: one scheme for ALC, one for Attio itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from alc_app.runtime.signatures import attio, standard_webhooks
from alc_app.runtime.signatures.diagnosis import diagnose
from alc_app.runtime.signatures.standard_webhooks import Headers, new_secret


class Verify(Protocol):
    """Checks a delivery against the live secrets; returns its id. Raises: NotVerified."""

    def __call__(self, secrets: Sequence[str], headers: Headers, raw_body: bytes, *, now: float) -> str: ...


class Diagnose(Protocol):
    """The likeliest mistake of the sender of a delivery that was refused, in a sentence, for the inspector."""

    def __call__(self, secret: str, headers: Headers, raw_body: bytes, *, now: float) -> str: ...


@dataclass(frozen=True)
class Scheme:
    """One way of signing."""

    path: str
    """What the addresses of its handlers begin with."""
    sender: str
    """Who signs so, as the diagrams call them."""
    receiver: str
    """What the diagrams call the handlers."""
    verify: Verify
    diagnose: Diagnose
    makes_secret: bool
    """Is the secret ours to make? Otherwise the sender tells it when we register (`update_webhook_handler`)."""

    def secret(self) -> str:
        """The secret that a new handler has: empty, while it is not known."""
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
