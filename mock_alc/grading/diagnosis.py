"""Finds the mistake of a receiver that refuses valid deliveries: sends deliveries made with each common mistake."""

import base64
import hashlib
import hmac
from collections.abc import Callable
from dataclasses import replace

from mock_alc.grading.probes import Probe, ProbeFactory
from mock_alc.signing.standard_webhooks import PREFIX, key_of


def _signed(factory: ProbeFactory, *, key: bytes | None = None, body_only: bool = False, hexed: bool = False) -> Probe:
    probe = factory.probe()
    prefix = b"" if body_only else f"{probe.headers['webhook-id']}.{probe.headers['webhook-timestamp']}.".encode()
    mac = hmac.new(key or key_of(factory.secret), prefix + probe.body, hashlib.sha256).digest()
    signature = mac.hex() if hexed else "v1," + base64.b64encode(mac).decode()
    return probe.with_headers("", webhook_signature=signature)


def _svix(factory: ProbeFactory) -> Probe:
    probe = factory.probe()
    return replace(probe, headers={name.replace("webhook-", "svix-"): value for name, value in probe.headers.items()})


def _compact(factory: ProbeFactory) -> Probe:
    return factory.probe("", b'{"event":"webhook.test"}')


MISTAKES: list[tuple[str, Callable[[ProbeFactory], list[Probe]]]] = [
    (
        "This receiver uses the secret as text: it has to be base64-decoded, without whsec_.",
        lambda factory: [_signed(factory, key=factory.secret.removeprefix(PREFIX).encode())],
    ),
    (
        "This receiver uses the secret as text, with whsec_: it has to be base64-decoded, without whsec_.",
        lambda factory: [_signed(factory, key=factory.secret.encode())],
    ),
    (
        "This receiver verifies the body alone: what is signed is id.timestamp.body.",
        lambda factory: [_signed(factory, body_only=True)],
    ),
    (
        "This receiver expects hex: a signature is v1, and base64.",
        lambda factory: [_signed(factory, hexed=True)],
    ),
    ("This receiver reads svix-id and its like: the headers are named webhook-….", lambda factory: [_svix(factory)]),
    (
        "The signature is accepted, and the event is not: a signed webhook.test without other fields gets a 2xx.",
        lambda factory: [_compact(factory)],
    ),
]
