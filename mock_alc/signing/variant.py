"""What one mistake turns a key, a body, a text or a signature into."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Variant:
    """Bytes that result from one mistake, with its description; without a `code`, from no mistake."""

    value: bytes
    code: str = ""
    sentence: str = ""
    remedy: str = ""
