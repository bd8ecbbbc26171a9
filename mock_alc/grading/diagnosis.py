"""Finds the mistake of a receiver that refuses valid deliveries: sends deliveries made with each common mistake."""

from collections.abc import Iterator
from dataclasses import replace

from mock_alc.grading.probes import Probe, ProbeFactory
from mock_alc.signing.encodings import BASE64, HEX
from mock_alc.signing.mistakes.contents import TEMPLATES, UNSET
from mock_alc.signing.mistakes.readings import PREFIXES


def mistaken(factory: ProbeFactory) -> Iterator[tuple[str, Probe]]:
    """Yield deliveries that only a receiver with a certain mistake accepts, each with a sentence about it."""
    yield from _keys(factory)
    yield from _contents(factory)
    yield from _spellings(factory)
    yield from _names(factory)
    label, changes = next(iter(factory.events.unknown.items()))
    sentence = f"The receiver accepts the signature but refuses the usual event. It accepts another event ({label})."
    yield sentence, factory.probe(**changes)


def _keys(factory: ProbeFactory) -> Iterator[tuple[str, Probe]]:
    for key in factory.dialect.secret.keys(factory.secret):
        if key.code:
            yield (
                f"It accepts another kind of signature: {key.sentence} {key.remedy}",
                factory.signed_as("", key=key.value),
            )


def _contents(factory: ProbeFactory) -> Iterator[tuple[str, Probe]]:
    for template, what in TEMPLATES:
        if template != factory.dialect.content:
            sentence = f"This receiver verifies {what}. It should verify {factory.dialect.signs}."
            yield sentence, factory.with_any_timestamp(factory.signed_as("", template=template))
    for text in UNSET:
        sentence = f"This receiver verifies timestamp.body, and reads {text!r} for the timestamp. It should verify"
        if not factory.dialect.tolerance:
            yield f"{sentence} {factory.dialect.signs}.", factory.signed_as("", template=f"{text}.{{body}}")


def _spellings(factory: ProbeFactory) -> Iterator[tuple[str, Probe]]:
    dialect, body, message_id = factory.dialect, factory.event_bytes(), "msg_spelled"
    mac = factory.mac(message_id, body)
    for encoding in (HEX, BASE64):
        for prefix in dict.fromkeys((dialect.prefix, *PREFIXES)):
            if (encoding, prefix) != (dialect.encoding, dialect.prefix):
                right = f"{dialect.prefix or 'nothing but'} {dialect.encoding.words}"
                sentence = f"This receiver expects {prefix or 'nothing but'} {encoding.words}: a signature is {right}."
                text = prefix + encoding.write(mac)
                yield sentence, factory.with_signatures("", [text], message_id=message_id, body=body)


def _names(factory: ProbeFactory) -> Iterator[tuple[str, Probe]]:
    for role, name in factory.dialect.header_names.items():
        probe = factory.probe()
        other = {f"svix-{role}" if header == name else header: value for header, value in probe.headers.items()}
        yield f"This receiver reads svix-{role}: the header is named {name}.", replace(probe, headers=other)
