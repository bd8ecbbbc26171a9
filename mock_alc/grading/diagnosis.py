"""Receivers that refuse what is valid: deliveries made with their likely mistakes, one of which they may accept."""

import base64
import hashlib
import hmac
from collections.abc import Callable
from dataclasses import replace

from mock_alc.grading.shots import Forge, Shot
from mock_alc.signing.standard_webhooks import PREFIX, key_of


def _signed(forge: Forge, *, key: bytes | None = None, body_only: bool = False, hexed: bool = False) -> Shot:
    shot = forge.shot()
    prefix = b"" if body_only else f"{shot.headers['webhook-id']}.{shot.headers['webhook-timestamp']}.".encode()
    mac = hmac.new(key or key_of(forge.secret), prefix + shot.body, hashlib.sha256).digest()
    signature = mac.hex() if hexed else "v1," + base64.b64encode(mac).decode()
    return shot.with_headers("", webhook_signature=signature)


def _svix(forge: Forge) -> Shot:
    shot = forge.shot()
    return replace(shot, headers={name.replace("webhook-", "svix-"): value for name, value in shot.headers.items()})


def _compact(forge: Forge) -> Shot:
    return forge.shot("", b'{"event":"webhook.test"}')


MISTAKES: list[tuple[str, Callable[[Forge], list[Shot]]]] = [
    (
        "This receiver uses the secret as text: it has to be base64-decoded, without whsec_.",
        lambda forge: [_signed(forge, key=forge.secret.removeprefix(PREFIX).encode())],
    ),
    (
        "This receiver uses the secret as text, with whsec_: it has to be base64-decoded, without whsec_.",
        lambda forge: [_signed(forge, key=forge.secret.encode())],
    ),
    (
        "This receiver verifies the body alone: what is signed is id.timestamp.body.",
        lambda forge: [_signed(forge, body_only=True)],
    ),
    (
        "This receiver expects hex: a signature is v1, and base64.",
        lambda forge: [_signed(forge, hexed=True)],
    ),
    ("This receiver reads svix-id and its like: the headers are named webhook-….", lambda forge: [_svix(forge)]),
    (
        "The signature is accepted, and the event is not: a signed webhook.test without other fields gets a 2xx.",
        lambda forge: [_compact(forge)],
    ),
]
