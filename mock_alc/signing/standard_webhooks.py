"""The secrets of Standard Webhooks 1.0: `whsec_` and base64."""

import base64
import binascii
import secrets

PREFIX = "whsec_"
VERSION = "v1,"
"""What some dashboards show before a secret. It names the scheme, and is not part of the secret."""
SHORTEST, LONGEST = 24, 64  # Bytes of a key, by the specification.


class UnusableSecret(ValueError):
    """The text is not a signing secret; the message is a whole sentence for the caller."""


def new_secret() -> str:
    """Return a secret of 32 random bytes, `whsec_` and base64."""
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def key_of(secret: str) -> bytes:
    """Return the key bytes of a `whsec_…` secret; raise UnusableSecret."""
    if not secret.startswith(PREFIX):
        raise UnusableSecret("A signing secret is whsec_ followed by base64.")
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError) as error:
        raise UnusableSecret("The part of the signing secret after whsec_ must be standard base64.") from error
    if not SHORTEST <= len(key) <= LONGEST:
        raise UnusableSecret(f"A signing secret has {SHORTEST} to {LONGEST} bytes. This one has {len(key)}.")
    return key


def as_written(secret: str) -> str:
    """Return a secret that a person handed over as `whsec_…`.

    White space around it and `v1,` before it are dropped. A prefix that was left off is added if that makes it a
    secret, as the libraries of Standard Webhooks read it.
    """
    text = secret.strip().removeprefix(VERSION)
    try:
        key_of(PREFIX + text)
    except UnusableSecret:
        return text
    return PREFIX + text
