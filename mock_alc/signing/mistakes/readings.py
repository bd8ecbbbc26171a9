"""The bytes of one signature, in every plausible spelling: another encoding, another prefix, quotation marks."""

import re
from collections.abc import Iterator
from contextlib import suppress

from mock_alc.signing.dialects import Dialect
from mock_alc.signing.encodings import BASE64, HEX, decode_base64
from mock_alc.signing.variant import Variant

PREFIXES = ("v1,", "v1=", "v1:", "v0=", "v0:", "sha256=", "sha1=", "hmac-sha256=", "")
_HEX = re.compile(r"(?:[0-9a-fA-F]{2}){16,64}")
_QUOTED = re.compile(r"""(b?)(["'])(.*)\2""")
_Decoding = tuple[str, str, bytes]
"""A code, what the text is, and its bytes."""


def readings(signature: str, dialect: Dialect) -> Iterator[Variant]:
    """Yield the bytes of one signature of the header, the right reading first; each other one names what is wrong."""
    if signature.startswith(dialect.prefix):
        with suppress(ValueError):
            yield Variant(dialect.encoding.read(signature.removeprefix(dialect.prefix)))
    form = f"Write {dialect.prefix or 'nothing but'} {dialect.encoding.words}.".replace("  ", " ")
    inside, wrapped = _unwrapped(signature)
    for prefix in dict.fromkeys((dialect.prefix, *PREFIXES)):
        if inside.startswith(prefix):
            value, quoted = _unwrapped(inside.removeprefix(prefix))
            flaws = [*wrapped, *quoted, *_prefix_flaws(prefix, dialect)]
            for reading in _readings(value, flaws, dialect):
                yield Variant(reading.value, reading.code, reading.sentence, form)


def _readings(value: str, flaws: list[tuple[str, str]], dialect: Dialect) -> Iterator[Variant]:
    for name, how, raw in _decodings(value):
        wrong = [] if name == dialect.encoding.name else [(name, f"is {how} instead of {dialect.encoding.name}")]
        if named := [*wrong, *flaws]:
            code = named[0][0]
            yield Variant(raw, code, f"The signature {' and '.join(text for _, text in named)}.")


def _prefix_flaws(prefix: str, dialect: Dialect) -> list[tuple[str, str]]:
    if prefix == dialect.prefix:
        return []
    if not prefix:
        return [("wrong_prefix", f"does not start with {dialect.prefix}")]
    instead = f" instead of {dialect.prefix}" if dialect.prefix else ", although it needs no prefix"
    return [("wrong_prefix", f"starts with {prefix}{instead}")]


def _unwrapped(text: str) -> tuple[str, list[tuple[str, str]]]:
    """Return the text without quotation marks, and what was wrong."""
    if not (found := _QUOTED.fullmatch(text.strip())):
        return text.strip(), []
    flaw = (
        ("signature_repr", "is written as Python's b'…'") if found[1] else ("signature_quotes", "is in quotation marks")
    )
    return found[3], [flaw]


def _decodings(value: str) -> Iterator[_Decoding]:
    with suppress(ValueError):
        yield HEX.name, "hex", HEX.read(value)
    if _HEX.fullmatch(value):
        yield "upper_case", "upper-case hex", bytes.fromhex(value)
    with suppress(ValueError):
        yield BASE64.name, "base64", BASE64.read(value)
    with suppress(ValueError):
        decoded = decode_base64(value.replace("-", "+").replace("_", "/"))
        yield "base64url", "base64url, or base64 without its padding,", decoded
        with suppress(ValueError):
            yield "base64_of_hex", "the base64 of hex digits", bytes.fromhex(decoded.decode("ascii"))
