"""What people compute instead of HMAC-SHA256: other hashes, swapped arguments, no HMAC at all."""

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass

REMEDY = "Use HMAC-SHA256, with the secret as the key and the content as the message."


@dataclass(frozen=True)
class Mac:
    """A function of key and content; without a `code`, the right one."""

    compute: Callable[[bytes, bytes], bytes]
    code: str = ""
    sentence: str = ""
    remedy: str = REMEDY


def _hmac(name: str) -> Callable[[bytes, bytes], bytes]:
    return lambda key, content: hmac.digest(key, content, name)


MACS = (
    Mac(_hmac("sha256")),
    *(
        Mac(_hmac(name), "wrong_hash", f"The signature is an HMAC with {name.upper()}.")
        for name in ("sha1", "sha512", "sha384", "md5")
    ),
    Mac(
        lambda key, content: hmac.digest(content, key, "sha256"),
        "swapped_arguments", "Key and content were swapped: the secret was signed, with the content as the key.",
    ),
    Mac(
        lambda key, content: hashlib.sha256(key + content).digest(),
        "no_hmac", "The signature is a plain SHA-256 of the secret followed by the content, not an HMAC.",
    ),
    Mac(
        lambda key, content: hashlib.sha256(content + key).digest(),
        "no_hmac", "The signature is a plain SHA-256 of the content followed by the secret, not an HMAC.",
    ),
    Mac(
        lambda _key, content: hashlib.sha256(content).digest(),
        "no_hmac", "The signature is a plain SHA-256 of the content. Anyone could make it without the secret.",
    ),
)  # fmt: skip
