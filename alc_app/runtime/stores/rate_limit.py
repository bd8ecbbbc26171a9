"""Limits of what a person, or an address, may do.

One row holds the next free time slot (GCRA, the generic cell rate algorithm). The slots of a whole period may be taken
at once, and nobody waits: what is too much is refused. How often we call another service is in call_limit.py.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

from sqlalchemy import delete, text
from sqlmodel import col, select

from alc_app.runtime.storage.database import Database
from alc_app.runtime.storage.tables import RateLimitSlot

ROUNDING = 0.001
"""Seconds: sums of many slots are not exact."""
MARGIN = 1.0
"""Seconds: no slot begins that much later than a period from now. If one does, the clock was set back."""
MOST_KEYS = 10_000
LIMIT = "limit: "
"""Begins the names of rows that count against a limit. They are of no use when their slot has passed."""


@dataclass(frozen=True)
class Limit:
    """How often something may happen: so many times at once, and so many in each period of so many seconds."""

    times: int
    seconds: int

    def slots(self, count: int) -> float:
        """Return how many seconds so many times take up."""
        return min(count, self.times) * self.seconds / self.times


class RateLimiter:
    """Counts by the clock of the database, so that all processes agree."""

    def __init__(self, database: Database) -> None:
        """Prepare the SQL statements for this database."""
        self._database = database
        now = database.now
        is_taken = f"rate_limit_slot.next_at between {now} and {now} + :furthest"
        self._take = text(
            f"insert into rate_limit_slot (name, next_at) values (:name, {now} + :slot) on conflict (name) do update "  # noqa: S608 - no input in it
            f"set next_at = case when {is_taken} then rate_limit_slot.next_at else {now} end + :slot "
            f"where rate_limit_slot.next_at <= {now} + :within or not {is_taken} returning name"
        )
        self._left = text(f"select next_at - {now} from rate_limit_slot where name = :name")  # noqa: S608 - no input in it

    def hit(self, name: str, limit: Limit, count: int = 1) -> float:
        """Count something so many times, and return 0; if that is too often, return the seconds to wait.

        A refusal counts nothing and only reads, so a flood of them writes nothing.
        """
        row, slots = f"{LIMIT}{name}", limit.slots(count)
        within, furthest = limit.seconds - slots + ROUNDING, limit.seconds + MARGIN
        left = self._seconds_until(row)
        if within < left <= furthest:
            return left - within
        values = {"name": row, "slot": slots, "within": within, "furthest": furthest}
        is_counted = self._database.change(self._take, values)
        return 0.0 if is_counted else slots  # somebody else has taken the slot in between

    def delete_old(self, before: float, limit: int) -> int:
        """Delete at most `limit` rows of limits that nobody has come near since a time; return how many."""
        is_old = (col(RateLimitSlot.name).startswith(LIMIT), col(RateLimitSlot.next_at) < before)
        with self._database.transaction() as session:
            old = select(RateLimitSlot.name).where(*is_old).limit(limit)
            return session.exec(delete(RateLimitSlot).where(col(RateLimitSlot.name).in_(old))).rowcount

    def _seconds_until(self, name: str) -> float:
        found = self._database.fetch(self._left, {"name": name})
        return found[0][0] if found else 0.0


class MemoryRateLimiter:
    """The same limits in the memory of this process, for what must not write, such as a flood of forgeries."""

    def __init__(self, limit: Limit) -> None:
        """Keep this limit for each key."""
        self._limit, self._lock = limit, threading.Lock()
        self._next_at: dict[object, float] = {}

    def hit(self, key: object) -> float:
        """Count something, and return 0. If that is too often, count nothing, and return the seconds to wait."""
        with self._lock:
            now, slot = time.monotonic(), self._limit.slots(1)
            next_at = max(self._next_at.pop(key, 0.0), now)
            wait = next_at - now - (self._limit.seconds - slot + ROUNDING)
            self._next_at[key] = next_at + (slot if wait <= 0 else 0)
            if len(self._next_at) > MOST_KEYS:
                self._next_at.pop(next(iter(self._next_at)))  # the one that was hit longest ago
            return max(wait, 0.0)
