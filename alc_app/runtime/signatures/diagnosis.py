"""Why a delivery was refused: the likeliest mistake of its sender, in a sentence, for the inspector.

It tries what senders get wrong. It runs after the refusal, changes nothing about it, and is never told to the sender.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Iterator

from alc_app.runtime.signatures.standard_webhooks import TOLERANCE, Headers

Mac = Callable[[bytes, bytes], str]


def why_not_verified(secret: str, headers: Headers, raw_body: bytes, *, now: float) -> str:
    """A sentence for somebody who can mend the sender."""
    webhook_id, timestamp, given = (headers.get(f"webhook-{name}", "") for name in ("id", "timestamp", "signature"))
    for name, value in (("id", webhook_id), ("timestamp", timestamp), ("signature", given)):
        if not value:
            return _missing(name, headers)
    if not (timestamp.isascii() and timestamp.isdigit()):
        return f"The webhook-timestamp {timestamp!r} is not a number of seconds since 1970."
    if _v1(_key(secret), _signed(webhook_id, timestamp, raw_body)) in given.split():
        stale = abs(now - int(timestamp)) > TOLERANCE
        return _off(int(timestamp) - now) if stale else "It is signed as it should be: send it again."
    if found := next(_mistakes(secret, (webhook_id, timestamp), given, raw_body), ""):
        return found
    return (
        "It is signed with another secret, or the body was changed after signing. "
        "Compare the secret with the one of this handler, and sign the bytes that are sent."
    )


def _missing(name: str, headers: Headers) -> str:
    if headers.get(f"svix-{name}", ""):
        return f"The header is called svix-{name}. Standard Webhooks calls it webhook-{name}."
    return f"The header webhook-{name} is missing."


def _off(seconds: float) -> str:
    if seconds > 1e9:
        return "The webhook-timestamp is in milliseconds. Standard Webhooks counts in seconds."
    way = "ahead of our clock" if seconds > 0 else "old"
    return (
        f"The signature is right, but the webhook-timestamp is {abs(seconds):.0f} s {way}; "
        f"{TOLERANCE} s are tolerated. It is a replay, or a clock is wrong."
    )


def _mistakes(secret: str, head: tuple[str, str], given: str, raw_body: bytes) -> Iterator[str]:
    key, signed = _key(secret), _signed(*head, raw_body)
    digest = hmac.digest(key, signed, hashlib.sha256)
    if given in (digest.hex(), f"v1,{digest.hex()}"):
        yield "The signature is in hexadecimal. Standard Webhooks wants it in base64."
    if given == base64.b64encode(digest).decode():
        yield 'The signature lacks its version: put "v1," before it.'
    for name, wrong in {"whole": secret.encode(), "base64": secret.removeprefix("whsec_").encode()}.items():
        if _v1(wrong, signed) in given.split():
            yield f"The {name} text of the secret was used as the key. Decode what follows whsec_ from base64."
    for name, body in _other_bodies(raw_body):
        if _v1(key, _signed(*head, body)) in given.split():
            yield f"The body was {name} after it was signed. Sign the bytes that are sent."
    if _v1(key, raw_body) in given.split():
        yield "Only the body was signed. Sign id.timestamp.body."


def _other_bodies(raw_body: bytes) -> Iterator[tuple[str, bytes]]:
    yield "given a line break", raw_body.rstrip(b"\r\n")
    yield "stripped of its line break", raw_body + b"\n"
    try:
        value = json.loads(raw_body)
    except (ValueError, RecursionError):
        return
    for separators in ((",", ":"), (", ", ": ")):
        for ascii_only in (True, False):
            for sort in (False, True):
                text = json.dumps(value, separators=separators, ensure_ascii=ascii_only, sort_keys=sort)
                yield "encoded as JSON again", text.encode("utf-8", "replace")


def _signed(webhook_id: str, timestamp: str, body: bytes) -> bytes:
    return b".".join((webhook_id.encode("utf-8", "replace"), timestamp.encode(), body))


def _key(secret: str) -> bytes:
    return base64.b64decode(secret.removeprefix("whsec_"))


def _v1(key: bytes, signed: bytes) -> str:
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
