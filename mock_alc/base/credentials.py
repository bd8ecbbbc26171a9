"""Random ids and bearer tokens, and how they are stored and compared (A13)."""

import hashlib
import hmac
import secrets


def new_id(prefix: str) -> str:
    """Return an id such as `lead_3f…`, with 128 random bits."""
    return f"{prefix}_{secrets.token_hex(16)}"


def new_token(prefix: str) -> str:
    """Return a bearer token with 256 random bits; secret scanners recognize it by its prefix."""
    return f"{prefix}_{secrets.token_urlsafe(32)}"


def digest(value: str) -> str:
    """Return the SHA-256 in hex, which the database stores instead of a code, a token or a client secret."""
    return hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()


def matches(value: str, stored_digest: str | None) -> bool:
    """Compare a value with its stored digest in constant time; without a digest, nothing matches."""
    # compare_digest raises for text that is not ASCII, so the digests are compared (A12).
    return hmac.compare_digest(digest(value), stored_digest or "")
