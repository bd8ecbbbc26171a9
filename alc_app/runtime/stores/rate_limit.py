"""Rate limit across processes: one row holds the next free time slot (GCRA, the generic cell rate algorithm).

Attio allows 25 writes a second to a workspace. Each caller takes the next slot and waits for it.
"""

from __future__ import annotations

import time

from sqlalchemy import text

from alc_app.runtime.storage.database import Database

HEADROOM = 0.96
"""Use a little less than the limit, so that jitter of timers never puts one call too many into a second."""


class RateLimiter:
    """Hands out time slots. Uses the clock of the database, so that all processes agree."""

    def __init__(self, database: Database) -> None:
        """Prepare the SQL statements for this database."""
        self._database = database
        now, later_of = database.now, "max" if database.is_sqlite else "greatest"
        self._take = text(
            f"insert into rate_limit_slot (name, next_at) values (:name, {now} + :slot) on conflict (name) do update "  # noqa: S608 - no input in it
            f"set next_at = {later_of}(rate_limit_slot.next_at, {now}) + :slot returning next_at - :slot - {now}"
        )
        self._push_back = text(
            f"update rate_limit_slot set next_at = {later_of}(next_at, {now} + :wait) where name = :name"  # noqa: S608 - no input in it
        )

    def wait_for_slot(self, name: str, per_second: float) -> None:
        """Take the next free slot for calls of this name, and sleep until it begins."""
        with self._database.transaction() as session:
            wait = (
                session.connection()
                .execute(self._take, {"name": name, "slot": 1 / (per_second * HEADROOM)})
                .scalar_one()
            )
        if wait > 0:
            time.sleep(wait)

    def push_back(self, name: str, wait: float) -> None:
        """Give out no slot for `wait` seconds, because the other side sent `Retry-After`."""
        with self._database.transaction() as session:
            session.connection().execute(self._push_back, {"name": name, "wait": wait})
