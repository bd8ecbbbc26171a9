"""A name that one run at a time may hold, for work that the outside service has no idempotency key for.

Ours: Attio's `kv` has no compare-and-set, so it cannot keep something from happening twice.
"""

from __future__ import annotations

from alc_app.attio.host.context import current


def claim(name: str, *, owner: str, seconds: float) -> bool:
    """Take a name for some seconds; False if another owner has it. The same owner may take it again, after a crash."""
    return bool(current().kv.claim(name, owner, seconds))


def release(name: str, *, owner: str) -> None:
    """Give a name back before its time is over."""
    current().kv.release(name, owner)
