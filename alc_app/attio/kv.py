"""`kv` of `"attio/server"`: a small key-value store for the installation (docs.attio.com/sdk/server/kv-store).

Use it for caches and other state that may be lost. It has no compare-and-set, so it cannot keep something from
happening twice. Its calls are not durable steps: a run that continues after a crash makes them again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from alc_app.attio.host.context import current


@dataclass(frozen=True)
class Found:
    """`{value}`: tells a stored None from a missing key."""

    value: Any


def get(key: str) -> Found | None:
    """Return the value of a key; None if it has none, or if it has expired."""
    return mget([key])[key]


def mget(keys: Sequence[str]) -> dict[str, Found | None]:
    """Return the values of several keys with one query."""
    found = current().kv.get(keys)
    return {key: Found(found[key]) if key in found else None for key in keys}


def set(key: str, value: Any, *, ttl_in_seconds: float | None = None) -> None:
    """Store a JSON value, for ever or for `ttl_in_seconds`. It replaces the value that was there.

    Raises: TypeError or ValueError if JSON cannot hold the value; ValueError if the time is not positive.
    """
    if ttl_in_seconds is not None and not ttl_in_seconds > 0:
        raise ValueError(f"ttl_in_seconds must be more than 0, not {ttl_in_seconds!r}.")
    current().kv.set(key, value, ttl_in_seconds)


def delete(key: str) -> None:
    """Delete a key. A key that is not there is fine."""
    current().kv.delete(key)
