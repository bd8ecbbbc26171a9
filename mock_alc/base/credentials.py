"""Random identifiers and bearer values, and how they are compared and kept (A13)."""

import hashlib
import hmac
import secrets


def new_id(prefix: str) -> str:
    """Make an identifier such as `lead_3f…`: 128 random bits, never derived from anything."""
    return f"{prefix}_{secrets.token_hex(16)}"


def new_token(prefix: str) -> str:
    """Make a bearer value with 256 random bits; the prefix lets secret scanners know it."""
    return f"{prefix}_{secrets.token_urlsafe(32)}"


def digest(value: str) -> str:
    """Return the SHA-256 that stands in the database for a code, a token or a client secret."""
    return hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()


def matches(value: str, stored_digest: str | None) -> bool:
    """Compare a presented value with its stored digest in constant time; nothing matches no digest."""
    # Digests are ASCII: compare_digest raises on other text, and callers send other text (A12).
    return hmac.compare_digest(digest(value), stored_digest or "")
