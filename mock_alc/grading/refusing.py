"""Checks with deliveries that a receiver must refuse: each has one thing wrong."""

import base64
import hashlib
import hmac
import json
from dataclasses import replace
from typing import Any

from mock_alc.grading.check import Check
from mock_alc.grading.shots import Forge, Shot
from mock_alc.grading.verdicts import not_a_page, not_broken, refused, turned_away
from mock_alc.signing.standard_webhooks import PREFIX, key_of, new_secret

FORGED = "Whoever learns the address could write what they like into your data."
VERIFY = "Verify every delivery with a library for Standard Webhooks, and refuse with 401 before reading the body."
HUGE = 3_000_000


def _missing(name: str) -> Check:
    header = name.replace("_", "-")
    return Check(
        f"missing_{name}", f"refuses a delivery without {header}",
        lambda forge: [forge.shot().with_headers(f"without {header}", **{name: None})], refused,
        f"All three headers are part of the signature's scheme. {FORGED}",
        "Refuse with 401 or 400 when one of the three headers is not there.",
    )  # fmt: skip


def _unsigned(forge: Forge) -> list[Shot]:
    shot = forge.shot()
    none = {"webhook_id": None, "webhook_timestamp": None, "webhook_signature": None}
    return [shot.with_headers("no signature headers at all", **none)]


def _tampered(forge: Forge) -> list[Shot]:
    shot = forge.shot()
    return [
        replace(shot, label="another body", body=forge.raw(status="Failed", interest="no_answer")),
        replace(shot, label="one byte more", body=shot.body + b" "),
        replace(shot, label="cut in half", body=shot.body[: len(shot.body) // 2]),
    ]


def _moved(forge: Forge) -> list[Shot]:
    return [
        forge.shot().with_headers("another id", webhook_id="msg_another"),
        forge.shot(age=60).with_headers("a newer timestamp", webhook_timestamp=str(forge.now)),
    ]


def _timestamps(forge: Forge) -> list[Shot]:
    texts = ("soon", "-1", "1.5", "1e10", "NaN", "99999999999999999999999999", "")
    return [_stamped(forge, text) for text in texts]


def _stamped(forge: Forge, text: str) -> Shot:
    """Sign over a timestamp that is none, so that nothing but the timestamp is wrong."""
    shot = forge.shot()
    signature = _v1(f"{shot.headers['webhook-id']}.{text}.".encode() + shot.body, key_of(forge.secret))
    return shot.with_headers(f"the timestamp {text!r}", webhook_timestamp=text, webhook_signature=signature)


def _signatures(forge: Forge) -> list[Shot]:
    shot = forge.shot()
    right = shot.headers["webhook-signature"].removeprefix("v1,")
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
    return [shot.with_headers(f"signature: {label}", webhook_signature=text) for label, text in texts.items()]


def _other_keys(forge: Forge) -> list[Shot]:
    shot = forge.shot()
    content = f"{shot.headers['webhook-id']}.{shot.headers['webhook-timestamp']}.".encode() + shot.body
    keys = {"an empty key": b"", "the secret's text as the key": forge.secret.removeprefix(PREFIX).encode()}
    return [
        forge.shot("another secret", secrets=[new_secret()]),
        *(shot.with_headers(label, webhook_signature=_v1(content, key)) for label, key in keys.items()),
    ]


def _body_only(forge: Forge) -> list[Shot]:
    shot = forge.shot()
    signature = _v1(shot.body, key_of(forge.secret))
    return [shot.with_headers("a signature over the body alone", webhook_signature=signature)]


def _v1(content: bytes, key: bytes) -> str:
    return "v1," + base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()


def _no_json(forge: Forge) -> list[Shot]:
    bodies = {
        "no JSON": b"status=Complete", "JSON that is cut off": forge.raw()[:40], "nothing": b"", "null": b"null",
        "a list": b"[]", "a text": b'"Complete"', "no UTF-8": b'{"record_id": "\xff\xfe"}', "NaN": b'{"record_id":NaN}',
        "a thousand brackets": b"[" * 1_000,
    }  # fmt: skip
    return [forge.shot(label, body) for label, body in bodies.items()]


def _wrong_types(forge: Forge) -> list[Shot]:
    changes: dict[str, dict[str, Any]] = {
        "record_id is a number": {"record_id": 5}, "status is an object": {"status": {"a": 1}},
        "no record_id": {"record_id": None}, "status that nobody knows": {"status": "Perhaps"},
        "record_id is a path": {"record_id": "../../companies/records/1"}, "a lone surrogate": {"record_id": "\ud800"},
    }  # fmt: skip
    return [forge.shot(label, json.dumps(forge.event(**change)).encode()) for label, change in changes.items()]


def _huge(forge: Forge) -> list[Shot]:
    return [replace(forge.shot(secrets=[new_secret()]), label="3 MB, unsigned", body=b" " * HUGE)]


REFUSING = [
    Check("unsigned", "refuses a delivery without a signature", _unsigned, refused, FORGED, VERIFY),
    _missing("webhook_id"),
    _missing("webhook_timestamp"),
    _missing("webhook_signature"),
    Check(
        "wrong_secret", "refuses what was signed with another key", _other_keys, refused, FORGED,
        f"{VERIFY} Compare the whole signature, in constant time, with the decoded secret as the key.",
    ),
    Check(
        "tampered_body", "refuses a body that was changed on the way", _tampered, refused,
        "The signature is there for this.", VERIFY,
    ),
    Check(
        "moved_signature", "refuses a signature of another id or time", _moved, refused,
        "An old signature with a new id or time would pass for a new delivery.",
        "Sign over id.timestamp.body, with the texts of the headers.",
    ),
    Check(
        "body_only", "refuses a signature over the body alone", _body_only, refused,
        "Such a signature never grows old, and can be replayed for ever.", "Sign over id.timestamp.body.",
    ),
    Check(
        "stale", "refuses a replay of an old delivery",
        lambda forge: [forge.shot("ten minutes old", age=600), forge.shot("a day old", age=86_400)], refused,
        "Somebody who has once seen a delivery, in a log or a proxy, could send it again for ever.",
        "Refuse timestamps that are more than five minutes old.",
    ),
    Check(
        "future", "refuses a delivery from the future",
        lambda forge: [forge.shot("ten minutes ahead", age=-600), forge.shot("a day ahead", age=-86_400)], refused,
        "It could be kept and replayed on that day.", "Refuse timestamps that are more than five minutes ahead.",
    ),
    Check(
        "odd_timestamps", "refuses timestamps that are no whole numbers", _timestamps, refused,
        "int(), float() and their like raise, or take NaN and 1e10 for numbers; a 500 is retried for days.",
        "Accept digits only, up to twelve of them, and refuse everything else with 401.",
    ),
    Check(
        "odd_signatures", "refuses signatures that cannot be read", _signatures, refused,
        "Strangers send anything. Comparing texts beyond ASCII raises in Python; comparing parts accepts forgeries.",
        "Decode strictly, catch what decoding raises, and compare bytes of full length in constant time.",
    ),
    Check(
        "not_json", "does not break on a signed body that is no JSON object", _no_json, not_broken,
        "A 500 says: try again. This would be tried again for three days, and counts against the webhook.",
        "Catch what parsing raises, check that the body is an object, and answer 400.",
    ),
    Check(
        "wrong_types", "does not break on fields of the wrong kind", _wrong_types, not_broken,
        "A bug at the sender must not turn into days of retries, nor reach into other records of yours.",
        "Check each field's type and form, and answer 400 with its name.",
    ),
    Check(
        "huge", "turns a huge body away", _huge, turned_away,
        "Reading megabytes from strangers costs memory and time.",
        "Refuse by Content-Length (413) before reading; in Flask, set MAX_CONTENT_LENGTH.",
    ),
    Check(
        "get", "does not answer a GET as if it were a delivery",
        lambda forge: [replace(forge.shot("a GET"), method="GET", body=b"")], not_a_page,
        "Link previews and crawlers open addresses.", "Route POST only.",
    ),
]  # fmt: skip
