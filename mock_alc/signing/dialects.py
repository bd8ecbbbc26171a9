"""The dialects: how each sender signs its webhooks. Each is a row of one table; all code is the same for all of them.

Sources: standardwebhooks.com; docs.attio.com/rest-api/guides/webhooks;
docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries; docs.stripe.com/webhooks;
docs.slack.dev/authentication/verifying-requests-from-slack.
"""

from dataclasses import dataclass

from mock_alc.signing.encodings import BASE64, HEX, Encoding
from mock_alc.signing.secret_forms import BASE64_SECRET, STRIPE_SECRET, TEXT_SECRET, SecretForm

FIVE_MINUTES = 300


class UnknownDialect(ValueError):
    """No dialect has this name; the message lists those that there are."""


@dataclass(frozen=True)
class Dialect:
    """How one sender signs."""

    name: str
    sender: str
    signature_header: str
    content: str
    """What is signed: a template of `{id}`, `{timestamp}` and `{body}`."""
    signs: str
    """The same in words."""
    encoding: Encoding
    secret: SecretForm
    copies: tuple[str, ...] = ()
    """Other headers that carry the same signature."""
    id_header: str = ""
    """Empty if messages have no id in a header."""
    id_prefix: str = ""
    timestamp_header: str = ""
    """Empty if there is none."""
    timestamp_prefix: str = ""
    """What the timestamp begins with, for a sender that writes it into the header of the signature."""
    prefix: str = ""
    """What each signature begins with, before the encoded bytes."""
    separator: str = ""
    """What stands between several signatures; empty if there is only ever one."""
    tolerance: int | None = None
    """Seconds that the timestamp may be off; None if there is no timestamp."""

    @property
    def header_names(self) -> dict[str, str]:
        """The headers that this dialect has, by their role: id, timestamp, signature."""
        names = {"id": self.id_header, "timestamp": self.timestamp_header, "signature": self.signature_header}
        return {role: name for role, name in names.items() if name}


STANDARD_WEBHOOKS = Dialect(
    "standard-webhooks", "Standard Webhooks", "webhook-signature", "{id}.{timestamp}.{body}",
    "the id, a full stop, the timestamp, a full stop and the raw body, in this order", BASE64, BASE64_SECRET,
    id_header="webhook-id", id_prefix="msg_", timestamp_header="webhook-timestamp", prefix="v1,", separator=" ",
    tolerance=FIVE_MINUTES,
)  # fmt: skip
ATTIO = Dialect(
    "attio", "Attio", "Attio-Signature", "{body}", "the raw body alone; Attio sends and signs no timestamp", HEX,
    TEXT_SECRET, copies=("X-Attio-Signature",), id_header="Idempotency-Key",
)  # fmt: skip
GITHUB = Dialect(
    "github", "GitHub", "X-Hub-Signature-256", "{body}", "the raw body alone", HEX, TEXT_SECRET,
    id_header="X-GitHub-Delivery", prefix="sha256=",
)  # fmt: skip
STRIPE = Dialect(
    "stripe", "Stripe", "Stripe-Signature", "{timestamp}.{body}", "the timestamp, a full stop and the raw body", HEX,
    STRIPE_SECRET, timestamp_prefix="t=", prefix="v1=", separator=",", tolerance=FIVE_MINUTES,
)  # fmt: skip
SLACK = Dialect(
    "slack", "Slack", "X-Slack-Signature", "v0:{timestamp}:{body}",
    "v0, a colon, the timestamp, a colon and the raw body", HEX, TEXT_SECRET,
    timestamp_header="X-Slack-Request-Timestamp", prefix="v0=", tolerance=FIVE_MINUTES,
)  # fmt: skip
DIALECTS = {row.name: row for row in (STANDARD_WEBHOOKS, ATTIO, GITHUB, STRIPE, SLACK)}


def dialect_named(name: str) -> Dialect:
    """Return the dialect. Raises: UnknownDialect."""
    if name not in DIALECTS:
        raise UnknownDialect(f"There is no dialect {name!r}. The dialects are: {', '.join(DIALECTS)}.")
    return DIALECTS[name]
