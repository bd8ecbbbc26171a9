"""`kv` of `"attio/server"`: a small store under keys, for the installation (docs.attio.com/sdk/server/kv-store).

For caches and other state that may be lost: there is no compare-and-set, so nothing may hang on it that must not
happen twice; and its calls are no steps, so within a durable run they are made again when it is continued.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from alc_app.attio.host.context import current


@dataclass(frozen=True)
class Found:
    """`{value}`: so that a stored None is not a missing one."""

    value: Any


def get(key: str) -> Found | None:
    """The value under a key; None, when there is none or its time is over."""
    return mget([key])[key]


def mget(keys: Sequence[str]) -> dict[str, Found | None]:
    """The same for several keys, by one look."""
    found = current().kv_get(keys)
    return {key: Found(found[key]) if key in found else None for key in keys}


def set(key: str, value: Any, *, ttl_in_seconds: float | None = None) -> None:
    """Keep a value of JSON in place of the one before: for ever, or for so many seconds from now.

    Raises: TypeError, ValueError for what JSON cannot hold; ValueError for a time that is not to come.
    """
    if ttl_in_seconds is not None and not ttl_in_seconds > 0:
        raise ValueError(f"ttl_in_seconds must be more than 0, and is {ttl_in_seconds!r}.")
    current().kv_set(key, value, ttl_in_seconds)


def delete(key: str) -> None:
    """Forget a key; one that is not there is fine."""
    current().kv_delete(key)
