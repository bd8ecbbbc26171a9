"""How the bytes of a signature are written as text."""

import base64
import re
from collections.abc import Callable
from dataclasses import dataclass

_HEX = re.compile(r"(?:[0-9a-f]{2}){16,64}")


@dataclass(frozen=True)
class Encoding:
    """One encoding. `read` is strict, and raises ValueError."""

    name: str
    words: str
    write: Callable[[bytes], str]
    read: Callable[[str], bytes]


def _read_hex(text: str) -> bytes:
    if not _HEX.fullmatch(text):
        raise ValueError("This is not lower-case hex.")
    return bytes.fromhex(text)


HEX = Encoding("hex", "lower-case hex digits", bytes.hex, _read_hex)
BASE64 = Encoding(
    "base64",
    "standard base64",
    lambda raw: base64.b64encode(raw).decode(),
    lambda text: base64.b64decode(text, validate=True),
)


def decode_base64(text: str) -> bytes:
    """Decode base64, with or without padding. Raises: ValueError."""
    return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
