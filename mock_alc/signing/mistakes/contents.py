"""What people sign instead of what they should: other schemes' templates, other ids and timestamps."""

from collections.abc import Iterator

from mock_alc.signing.dialects import Dialect
from mock_alc.signing.variant import Variant

TEMPLATES = (
    ("{body}", "the body alone, without id and timestamp"),
    ("{timestamp}.{body}", "timestamp.body, without an id (as Stripe does)"),
    ("{id}.{body}", "id.body, without a timestamp"),
    ("{id}.{timestamp}.{body}", "id.timestamp.body (as Standard Webhooks does)"),
    ("{timestamp}.{id}.{body}", "timestamp.id.body"),
    ("{id}{timestamp}{body}", "id, timestamp and body with nothing between them"),
    ("{id}.{timestamp}{body}", "id.timestamp and the body, with no full stop before the body"),
    ("{timestamp}{body}", "timestamp and body with nothing between them"),
    ("{id}{body}", "id and body with nothing between them"),
    ("{body}{timestamp}", "body and timestamp with nothing between them"),
    ("{body}.{timestamp}", "body.timestamp: the body comes last"),
    ("v0:{timestamp}:{body}", "v0:timestamp:body (as Slack does)"),
    ("v1:{timestamp}:{body}", "v1:timestamp:body"),
    ("{timestamp}:{body}", "timestamp:body"),
    ("{id}:{timestamp}:{body}", "id:timestamp:body, with colons for full stops"),
    ("{timestamp}\n{body}", "timestamp and body with a line end between them"),
    ("{id}\n{timestamp}\n{body}", "id, timestamp and body with line ends between them"),
)
LONGEST = 15
"""Digits of a timestamp; Python refuses to read thousands of them."""
UNSET = ("undefined", "None", "null", "NaN", "")
"""What a variable becomes as text when nothing was assigned to it."""


def templates(dialect: Dialect) -> Iterator[Variant]:
    """Yield the template of the dialect, then those of similar schemes."""
    yield Variant(dialect.content.encode())
    for template, what in TEMPLATES:
        if template != dialect.content:
            sentence = f"The signature was made over {what}."
            yield Variant(template.encode(), "wrong_content", sentence, remedy_of(dialect))


def remedy_of(dialect: Dialect) -> str:
    """Return what the sender signs, as a sentence."""
    return f"Sign {dialect.signs}."


def stamps(message_id: str, timestamp: str, dialect: Dialect) -> Iterator[tuple[tuple[str, str], Variant]]:
    """Yield pairs of id and timestamp: those of the headers, then what programs sign in their place."""
    yield (message_id, timestamp), Variant(b"")
    if timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= LONGEST:
        for unit, changed in (("milliseconds", f"{timestamp}000"), ("seconds", timestamp[:-3])):
            sentence = f"The signature was made over the timestamp in {unit}, which is not the header's timestamp."
            remedy = "Sign the exact text of the timestamp that you send."
            yield (message_id, changed), Variant(b"", "timestamp_differs", sentence, remedy)
        for seconds in (1, -1, 2, -2, 3, -3):
            sentence = f"The signature was made over a timestamp that is {seconds:+} s off: the clock was read twice."
            remedy = "Read the clock once, and sign the exact text of the timestamp that you send."
            yield (message_id, str(int(timestamp) + seconds)), Variant(b"", "timestamp_differs", sentence, remedy)
    for text in UNSET:
        for what, pair in (
            ("timestamp", (message_id, text)), ("id", (text, timestamp)), ("id and timestamp", (text, text)),
        ):  # fmt: skip
            sentence = f"The signature was made over {text!r} for the {what}: it had no value."
            yield (
                pair,
                Variant(b"", "unset_header", sentence, f"{remedy_of(dialect)} Read headers by name in any case."),
            )
