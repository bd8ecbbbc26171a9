"""Checks with deliveries that a receiver must refuse. Each has exactly one fault."""

import json
from collections.abc import Mapping
from dataclasses import replace

from mock_alc.grading.check import Check, has_timestamp
from mock_alc.grading.expectations import (
    expect_no_failure,
    expect_no_page,
    expect_own_scheme_only,
    expect_refused,
    expect_turned_away,
)
from mock_alc.grading.probes import Probe, ProbeFactory
from mock_alc.signing.dialects import Dialect
from mock_alc.signing.encodings import BASE64, HEX
from mock_alc.signing.mistakes.contents import TEMPLATES
from mock_alc.signing.standard_webhooks import new_secret

FORGED = "Anyone who learns the address could write into your data."
VERIFY = (
    "Verify every delivery, with the sender's own library if there is one, and refuse with 401 before reading the body."
)
HUGE = 3_000_000


def _is_signed(dialect: Dialect, role: str) -> bool:
    return role == "signature" or (f"{{{role}}}" in dialect.content and role in dialect.header_names)


def _without(dialect: Dialect, *roles: str) -> Mapping[str, None]:
    """Return the removal of the headers of these roles."""
    names = [dialect.header_names[role] for role in roles if role in dialect.header_names]
    return dict.fromkeys([*names, *(dialect.copies if "signature" in roles else ())])


def _missing(role: str) -> Check:
    return Check(
        f"missing_{role}", f"refuses a delivery without {{{role}}}",
        lambda factory: [factory.probe().with_headers(f"without the {role}", _without(factory.dialect, role))],
        expect_refused, f"The scheme needs it. {FORGED}",
        f"Refuse with 401 or 400 when {{{role}}} is missing.", lambda dialect: _is_signed(dialect, role),
    )  # fmt: skip


def _unsigned(factory: ProbeFactory) -> list[Probe]:
    none = _without(factory.dialect, "id", "timestamp", "signature")
    return [factory.probe().with_headers("no signature headers at all", none)]


def _without_id(factory: ProbeFactory) -> list[Probe]:
    return [factory.probe().with_headers("correctly signed, without the id", _without(factory.dialect, "id"))]


def _tampered(factory: ProbeFactory) -> list[Probe]:
    probe = factory.probe()
    return [
        replace(probe, label="another body", body=factory.event_bytes(**factory.events.other)),
        replace(probe, label="one byte more", body=probe.body + b" "),
        replace(probe, label="cut in half", body=probe.body[: len(probe.body) // 2]),
        replace(probe, label="serialized again", body=json.dumps(json.loads(probe.body), indent=1).encode()),
    ]


def _moved(factory: ProbeFactory) -> list[Probe]:
    dialect, body = factory.dialect, factory.event_bytes()
    found = []
    if _is_signed(dialect, "id"):
        found.append(factory.probe().with_headers("another id", {dialect.id_header: "msg_another"}))
    old = factory.probe("", body, age=60).headers[dialect.signature_header]
    text = old.split(dialect.separator or None)[-1]
    return [*found, factory.with_signatures("a newer timestamp", [text], body=body)]


def _timestamps(factory: ProbeFactory) -> list[Probe]:
    """Sign over malformed timestamps, so that nothing but the timestamp is wrong."""
    texts = ("soon", "-1", "1.5", "1e10", "NaN", "99999999999999999999999999", "")
    return [factory.signed_as(f"the timestamp {text!r}", stamp=text) for text in texts]


def _signatures(factory: ProbeFactory) -> list[Probe]:
    dialect, body, message_id = factory.dialect, factory.event_bytes(), "msg_odd"
    mac, prefix = factory.mac(message_id, body), factory.dialect.prefix
    right = dialect.encoding.write(mac)
    other = {HEX.name: BASE64, BASE64.name: HEX}[dialect.encoding.name]
    texts = {
        "empty": "",
        "only a prefix": prefix or "v1=",
        f"not {dialect.encoding.name}": f"{prefix}!!!!",
        "non-ASCII letters": f"{prefix}Ã©Ã¼",
        "the correct bytes, with another prefix": f"v9={right}",
        "the correct bytes, with a version before them": f"v2,{right}",
        f"the correct bytes, in {other.name}": prefix + other.write(mac),
        "the first half of the correct bytes": prefix + dialect.encoding.write(mac[:16]),
        "the correct text without its last letter": prefix + right.rstrip("=")[:-1],
        "the correct text, twice": prefix + right + right,
        "the last byte changed": prefix + dialect.encoding.write(mac[:-1] + bytes([mac[-1] ^ 255])),
        "the first byte changed": prefix + dialect.encoding.write(bytes([mac[0] ^ 255]) + mac[1:]),
        **({"the correct bytes, without a prefix": right} if prefix else {}),
    }
    odd = [
        factory.with_signatures(f"signature: {label}", [text], message_id=message_id, body=body)
        for label, text in texts.items()
    ]
    many = [f"{prefix}AAAA"] * (1_000 if dialect.separator else 1)
    return [*odd, factory.with_signatures("signature: a thousand signatures", many, message_id=message_id, body=body)]


def _other_keys(factory: ProbeFactory) -> list[Probe]:
    misread = [key for key in factory.dialect.secret.keys(factory.secret) if key.code]
    return [
        factory.probe("another secret", secrets=[new_secret()]),
        *(factory.signed_as(key.sentence, key=key.value) for key in misread),
    ]


def _other_contents(factory: ProbeFactory) -> list[Probe]:
    right = factory.dialect.content
    return [
        factory.with_any_timestamp(factory.signed_as(f"signed: {what}", template=template))
        for template, what in TEMPLATES
        if template not in ("{body}", right) and _fields(template) <= set(factory.dialect.header_names) | {"timestamp"}
    ]


def _fields(template: str) -> set[str]:
    return {field for field in ("id", "timestamp") if f"{{{field}}}" in template}


def _body_only(factory: ProbeFactory) -> list[Probe]:
    return [factory.signed_as("a signature over the body alone", template="{body}")]


def _no_json(factory: ProbeFactory) -> list[Probe]:
    bodies = {
        "no JSON": b"status=Complete", "cut JSON": factory.event_bytes()[:40], "nothing": b"",
        "null": b"null", "a list": b"[]", "a text": b'"Complete"', "no UTF-8": b'{"record_id": "\xff\xfe"}',
        "NaN": b'{"record_id":NaN}', "a thousand brackets": b"[" * 1_000,
    }  # fmt: skip
    return [factory.probe(label, body) for label, body in bodies.items()]


def _wrong_types(factory: ProbeFactory) -> list[Probe]:
    changes = factory.events.wrong_types.items()
    return [factory.probe(label, json.dumps(factory.event(**change)).encode()) for label, change in changes]


def _huge(factory: ProbeFactory) -> list[Probe]:
    return [replace(factory.probe(secrets=[new_secret()]), label="3 MB, unsigned", body=b" " * HUGE)]


REFUSING = [
    Check("unsigned", "refuses a delivery without a signature", _unsigned, expect_refused, FORGED, VERIFY),
    _missing("id"),
    _missing("timestamp"),
    _missing("signature"),
    Check(
        "without_id", "does not fail on a delivery without {id}", _without_id, expect_no_failure,
        "The id is not signed, and a proxy may drop it. Senders retry a 500 for days.",
        "Refuse it with 400, or accept it and expect it to come twice.",
        lambda dialect: bool(dialect.id_header) and not _is_signed(dialect, "id"),
    ),
    Check(
        "wrong_secret", "refuses a signature by another key", _other_keys, expect_refused, FORGED,
        f"{VERIFY} Compare the whole signature, in constant time. {{key}}",
    ),
    Check(
        "tampered_body", "refuses a changed body", _tampered, expect_refused,
        "The signature exists for this.", VERIFY,
    ),
    Check(
        "moved_signature", "refuses a signature of another id or time", _moved, expect_refused,
        "With an old signature and a new id or time, an old delivery would pass as a new one.",
        "Verify {signs}, with the header values as text.", has_timestamp,
    ),
    Check(
        "body_only", "refuses a signature over the body alone", _body_only, expect_own_scheme_only,
        "Such a signature never expires. It can be replayed for ever.", "Verify {signs}.", has_timestamp,
    ),
    Check(
        "other_schemes", "refuses signatures of other schemes", _other_contents, expect_own_scheme_only,
        "A receiver that verifies something else refuses correct deliveries or accepts replayed ones.",
        "Verify {signs}.",
    ),
    Check(
        "stale", "refuses a replay of an old delivery",
        lambda factory: [factory.probe("ten minutes old", age=600), factory.probe("a day old", age=86_400)],
        expect_refused, "Anyone who has seen a delivery in a log or a proxy could send it again for ever.",
        "Refuse timestamps that are more than five minutes old.", has_timestamp,
    ),
    Check(
        "future", "refuses a delivery from the future",
        lambda factory: [factory.probe("ten minutes ahead", age=-600), factory.probe("a day ahead", age=-86_400)],
        expect_refused, "Someone could keep it and replay it on that day.",
        "Refuse timestamps that are more than five minutes ahead.", has_timestamp,
    ),
    Check(
        "odd_timestamps", "refuses timestamps that are not whole numbers", _timestamps, expect_refused,
        "int() and float() raise errors, or accept NaN and 1e10. Senders retry a 500 for days.",
        "Accept up to twelve digits, and refuse everything else with 401.", has_timestamp,
    ),
    Check(
        "odd_signatures", "refuses unreadable signatures", _signatures, expect_refused,
        "Strangers send anything. In Python, comparing non-ASCII text raises an error. Comparing only a part accepts "
        "forgeries.",
        "Decode strictly, catch decoding errors, and compare all bytes in constant time.",
    ),
    Check(
        "not_json", "does not fail on a signed body that is not a JSON object", _no_json, expect_no_failure,
        "A 500 asks the sender to retry. It would retry for three days, and count the failures against the webhook.",
        "Catch parsing errors, check that the body is an object, and answer 400.",
    ),
    Check(
        "wrong_types", "does not fail on fields of the wrong type", _wrong_types, expect_no_failure,
        "A bug of the sender must not cause days of retries, or change your other records.",
        "Check the type and format of each field, and answer 400 with its name.",
    ),
    Check(
        "huge", "refuses a huge body", _huge, expect_turned_away,
        "Reading megabytes from strangers costs memory and time.",
        "Refuse by Content-Length (413) before reading; in Flask, set MAX_CONTENT_LENGTH.",
    ),
    Check(
        "get", "does not treat a GET as a delivery",
        lambda factory: [replace(factory.probe("a GET"), method="GET", body=b"")], expect_no_page,
        "Link previews and crawlers open addresses.", "Route POST only.",
    ),
]  # fmt: skip
