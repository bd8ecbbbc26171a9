"""Checks with deliveries that a receiver must refuse. Each has exactly one fault."""

import base64
import hashlib
import hmac
import json
from dataclasses import replace
from typing import Any

from mock_alc.grading.check import Check
from mock_alc.grading.expectations import expect_no_failure, expect_no_page, expect_refused, expect_turned_away
from mock_alc.grading.probes import Probe, ProbeFactory
from mock_alc.signing.standard_webhooks import PREFIX, key_of, new_secret

FORGED = "Whoever learns the address could write what they like into your data."
VERIFY = "Verify every delivery with a library for Standard Webhooks, and refuse with 401 before reading the body."
HUGE = 3_000_000


def _missing(name: str) -> Check:
    header = name.replace("_", "-")
    return Check(
        f"missing_{name}", f"refuses a delivery without {header}",
        lambda factory: [factory.probe().with_headers(f"without {header}", **{name: None})], expect_refused,
        f"All three headers are part of the signature's scheme. {FORGED}",
        "Refuse with 401 or 400 when one of the three headers is not there.",
    )  # fmt: skip


def _unsigned(factory: ProbeFactory) -> list[Probe]:
    probe = factory.probe()
    none = {"webhook_id": None, "webhook_timestamp": None, "webhook_signature": None}
    return [probe.with_headers("no signature headers at all", **none)]


def _tampered(factory: ProbeFactory) -> list[Probe]:
    probe = factory.probe()
    return [
        replace(probe, label="another body", body=factory.event_bytes(status="Failed", interest="no_answer")),
        replace(probe, label="one byte more", body=probe.body + b" "),
        replace(probe, label="cut in half", body=probe.body[: len(probe.body) // 2]),
    ]


def _moved(factory: ProbeFactory) -> list[Probe]:
    return [
        factory.probe().with_headers("another id", webhook_id="msg_another"),
        factory.probe(age=60).with_headers("a newer timestamp", webhook_timestamp=str(factory.now)),
    ]


def _timestamps(factory: ProbeFactory) -> list[Probe]:
    texts = ("soon", "-1", "1.5", "1e10", "NaN", "99999999999999999999999999", "")
    return [_stamped(factory, text) for text in texts]


def _stamped(factory: ProbeFactory, text: str) -> Probe:
    """Sign over a malformed timestamp, so that nothing but the timestamp is wrong."""
    probe = factory.probe()
    signature = _v1(f"{probe.headers['webhook-id']}.{text}.".encode() + probe.body, key_of(factory.secret))
    return probe.with_headers(f"the timestamp {text!r}", webhook_timestamp=text, webhook_signature=signature)


def _signatures(factory: ProbeFactory) -> list[Probe]:
    probe = factory.probe()
    right = probe.headers["webhook-signature"].removeprefix("v1,")
    texts = {
        "empty": "",
        "v1, and nothing": "v1,",
        "not base64": "v1,!!!!",
        "letters beyond ASCII": "v1,Ã©Ã¼",
        "the right bytes, as version v2": f"v2,{right}",
        "the right bytes, without v1,": right,
        "the right bytes, in hex": f"v1,{base64.b64decode(right).hex()}",
        "the first half of the right bytes": f"v1,{base64.b64encode(base64.b64decode(right)[:16]).decode()}",
        "a thousand signatures": " ".join(["v1,AAAA"] * 1_000),
    }
    return [probe.with_headers(f"signature: {label}", webhook_signature=text) for label, text in texts.items()]


def _other_keys(factory: ProbeFactory) -> list[Probe]:
    probe = factory.probe()
    content = f"{probe.headers['webhook-id']}.{probe.headers['webhook-timestamp']}.".encode() + probe.body
    keys = {"an empty key": b"", "the secret's text as the key": factory.secret.removeprefix(PREFIX).encode()}
    return [
        factory.probe("another secret", secrets=[new_secret()]),
        *(probe.with_headers(label, webhook_signature=_v1(content, key)) for label, key in keys.items()),
    ]


def _body_only(factory: ProbeFactory) -> list[Probe]:
    probe = factory.probe()
    signature = _v1(probe.body, key_of(factory.secret))
    return [probe.with_headers("a signature over the body alone", webhook_signature=signature)]


def _v1(content: bytes, key: bytes) -> str:
    return "v1," + base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()


def _no_json(factory: ProbeFactory) -> list[Probe]:
    bodies = {
        "no JSON": b"status=Complete", "JSON that is cut off": factory.event_bytes()[:40], "nothing": b"",
        "null": b"null", "a list": b"[]", "a text": b'"Complete"', "no UTF-8": b'{"record_id": "\xff\xfe"}',
        "NaN": b'{"record_id":NaN}', "a thousand brackets": b"[" * 1_000,
    }  # fmt: skip
    return [factory.probe(label, body) for label, body in bodies.items()]


def _wrong_types(factory: ProbeFactory) -> list[Probe]:
    changes: dict[str, dict[str, Any]] = {
        "record_id is a number": {"record_id": 5}, "status is an object": {"status": {"a": 1}},
        "no record_id": {"record_id": None}, "status that nobody knows": {"status": "Perhaps"},
        "record_id is a path": {"record_id": "../../companies/records/1"}, "a lone surrogate": {"record_id": "\ud800"},
    }  # fmt: skip
    return [factory.probe(label, json.dumps(factory.event(**change)).encode()) for label, change in changes.items()]


def _huge(factory: ProbeFactory) -> list[Probe]:
    return [replace(factory.probe(secrets=[new_secret()]), label="3 MB, unsigned", body=b" " * HUGE)]


REFUSING = [
    Check("unsigned", "refuses a delivery without a signature", _unsigned, expect_refused, FORGED, VERIFY),
    _missing("webhook_id"),
    _missing("webhook_timestamp"),
    _missing("webhook_signature"),
    Check(
        "wrong_secret", "refuses what was signed with another key", _other_keys, expect_refused, FORGED,
        f"{VERIFY} Compare the whole signature, in constant time, with the decoded secret as the key.",
    ),
    Check(
        "tampered_body", "refuses a body that was changed on the way", _tampered, expect_refused,
        "The signature is there for this.", VERIFY,
    ),
    Check(
        "moved_signature", "refuses a signature of another id or time", _moved, expect_refused,
        "An old signature with a new id or time would pass for a new delivery.",
        "Sign over id.timestamp.body, with the texts of the headers.",
    ),
    Check(
        "body_only", "refuses a signature over the body alone", _body_only, expect_refused,
        "Such a signature never grows old, and can be replayed for ever.", "Sign over id.timestamp.body.",
    ),
    Check(
        "stale", "refuses a replay of an old delivery",
        lambda factory: [factory.probe("ten minutes old", age=600), factory.probe("a day old", age=86_400)],
        expect_refused, "Somebody who has once seen a delivery, in a log or a proxy, could send it again for ever.",
        "Refuse timestamps that are more than five minutes old.",
    ),
    Check(
        "future", "refuses a delivery from the future",
        lambda factory: [factory.probe("ten minutes ahead", age=-600), factory.probe("a day ahead", age=-86_400)],
        expect_refused, "It could be kept and replayed on that day.",
        "Refuse timestamps that are more than five minutes ahead.",
    ),
    Check(
        "odd_timestamps", "refuses timestamps that are no whole numbers", _timestamps, expect_refused,
        "int(), float() and their like raise, or take NaN and 1e10 for numbers; a 500 is retried for days.",
        "Accept digits only, up to twelve of them, and refuse everything else with 401.",
    ),
    Check(
        "odd_signatures", "refuses signatures that cannot be read", _signatures, expect_refused,
        "Strangers send anything. Comparing texts beyond ASCII raises in Python; comparing parts accepts forgeries.",
        "Decode strictly, catch what decoding raises, and compare bytes of full length in constant time.",
    ),
    Check(
        "not_json", "does not break on a signed body that is no JSON object", _no_json, expect_no_failure,
        "A 500 says: try again. This would be tried again for three days, and counts against the webhook.",
        "Catch what parsing raises, check that the body is an object, and answer 400.",
    ),
    Check(
        "wrong_types", "does not break on fields of the wrong kind", _wrong_types, expect_no_failure,
        "A bug at the sender must not turn into days of retries, nor reach into other records of yours.",
        "Check each field's type and form, and answer 400 with its name.",
    ),
    Check(
        "huge", "turns a huge body away", _huge, expect_turned_away,
        "Reading megabytes from strangers costs memory and time.",
        "Refuse by Content-Length (413) before reading; in Flask, set MAX_CONTENT_LENGTH.",
    ),
    Check(
        "get", "does not answer a GET as if it were a delivery",
        lambda factory: [replace(factory.probe("a GET"), method="GET", body=b"")], expect_no_page,
        "Link previews and crawlers open addresses.", "Route POST only.",
    ),
]  # fmt: skip
