"""The forms of a secret: how a key is read from it, and how people misread it.

Standard Webhooks decodes what follows `whsec_` as base64. The others use the text itself as the key.
"""

import hashlib
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass

from mock_alc.signing.encodings import decode_base64
from mock_alc.signing.standard_webhooks import PREFIX, VERSION, UnusableSecret, as_written, key_of
from mock_alc.signing.variant import Variant

_HEX = re.compile(r"(?:[0-9a-fA-F]{2}){16,64}")


@dataclass(frozen=True)
class Misreading:
    """A way to read a secret wrongly: `keys` yields what becomes of it."""

    code: str
    sentence: str
    keys: Callable[[str], Iterator[bytes]]


@dataclass(frozen=True)
class SecretForm:
    """One form of a secret."""

    hint: str
    """What a secret looks like."""
    tidy: Callable[[str], str]
    """Return a secret as it is written, from what a person handed over."""
    check: Callable[[str], bytes]
    """Return the key of a tidy secret. Raises: UnusableSecret."""
    read: Callable[[str], bytes]
    """Return the key of what a person handed over, of any length. Raises: ValueError."""
    remedy: str
    prefix: str
    misreadings: tuple[Misreading, ...]
    without_prefix: str = ""
    """What is done with a secret that lacks the prefix."""

    def keys(self, secret: str) -> Iterator[Variant]:
        """Yield the key in the secret, then those that result from reading it wrongly, each once."""
        seen = set()
        with suppress(ValueError):
            seen.add(right := self.read(secret))
            yield Variant(right)
        for one in self.misreadings:
            for key in one.keys(secret):
                if key not in seen:
                    seen.add(key)
                    yield Variant(key, one.code, one.sentence, self.remedy)


def _text_key(secret: str) -> bytes:
    if not secret:
        raise UnusableSecret("The secret is empty.")
    return secret.encode()


def _bare(secret: str) -> str:
    return secret.strip().removeprefix(VERSION).removeprefix(PREFIX)


def _without_version(secret: str) -> str:
    return secret.strip().removeprefix(VERSION)


def _leniently(text: str) -> Iterator[bytes]:
    """Yield what lenient base64 decoders return: they skip the underscore, or read it as a slash."""
    for whole in (text.replace("_", ""), text.replace("_", "/").replace("-", "+")):
        with suppress(ValueError):
            yield decode_base64(whole[: -1 if len(whole) % 4 == 1 else None])


def _with_version(secret: str) -> Iterator[bytes]:
    if secret.strip().startswith(VERSION):
        yield secret.strip().encode()
        yield from _leniently(secret.strip().replace(",", ""))


def _from_base64(secret: str) -> Iterator[bytes]:
    yield from _leniently(_bare(secret))


def _from_hex(secret: str) -> Iterator[bytes]:
    if _HEX.fullmatch(_bare(secret)):
        yield bytes.fromhex(_bare(secret))


def _hashed(secret: str) -> Iterator[bytes]:
    digest = hashlib.sha256(secret.strip().encode())
    yield from (digest.digest(), digest.hexdigest().encode())


def _in_quotes(secret: str) -> Iterator[bytes]:
    for quote in ('"', "'"):
        yield f"{quote}{secret.strip()}{quote}".encode()


def _with_white_space(secret: str) -> Iterator[bytes]:
    yield secret.encode()
    for around in ("{}\n", "{}\r\n", "{} ", " {}"):
        yield around.format(secret.strip()).encode()


_COMMON = (
    Misreading("secret_from_hex", "The secret was decoded as hex.", _from_hex),
    Misreading(
        "secret_white_space",
        "The secret was used with the white space around it, as a file or a variable holds it.",
        _with_white_space,
    ),
    Misreading("secret_quotes", "The secret was used with quotation marks around it.", _in_quotes),
    Misreading("secret_hashed", "The key was the SHA-256 of the secret instead of the secret.", _hashed),
    Misreading("secret_empty", "The key was empty: the signer had no secret.", lambda _: iter([b""])),
    Misreading(
        "secret_unset",
        "The key was undefined, None or null: the signer had no secret.",
        lambda _: iter([b"undefined", b"None", b"null"]),
    ),
    Misreading(
        "secret_case", "The secret was used in another case: all upper, or all lower.",
        lambda secret: iter([secret.strip().lower().encode(), secret.strip().upper().encode()]),
    ),
)  # fmt: skip

BASE64_SECRET = SecretForm(
    "whsec_…", as_written, key_of, lambda secret: decode_base64(_bare(secret)),
    "Remove whsec_ from the secret, decode the rest as base64, and use the bytes as the key.", PREFIX,
    (
        Misreading(
            "secret_not_decoded", "The secret was used as text, without whsec_ but not base64-decoded.",
            lambda secret: iter([_bare(secret).encode()]),
        ),
        Misreading(
            "secret_not_decoded", "The secret was used as text, with its whsec_ prefix.",
            lambda secret: iter([_without_version(secret).encode()]),
        ),
        Misreading(
            "prefix_decoded", "The secret was base64-decoded together with its whsec_ prefix.",
            lambda secret: _leniently(_without_version(secret)),
        ),
        Misreading(
            "secret_v1_prefix", "The secret was used with the v1, before whsec_.", _with_version
        ),
        *_COMMON,
    ),
    ". It was read as if it did",
)  # fmt: skip
_DECODED = Misreading("secret_decoded", "The secret was base64-decoded; here the text itself is the key.", _from_base64)
TEXT_SECRET = SecretForm(
    "the text that the sender shows", str.strip, _text_key, lambda secret: _text_key(secret.strip()),
    "Use the text of the secret in UTF-8 as the key, without decoding it.", "", (_DECODED, *_COMMON),
)  # fmt: skip
STRIPE_SECRET = SecretForm(
    "whsec_…", str.strip, _text_key, lambda secret: _text_key(secret.strip()),
    "Use the whole text of the secret as the key, whsec_ included, without decoding it.", PREFIX,
    (
        Misreading(
            "secret_without_prefix", "The secret was used without whsec_, which is part of the key here.",
            lambda secret: iter([_bare(secret).encode()]),
        ),
        _DECODED,
        Misreading(
            "prefix_decoded", "The secret was base64-decoded together with its whsec_ prefix.",
            lambda secret: _leniently(_without_version(secret)),
        ),
        *_COMMON,
    ),
)  # fmt: skip
