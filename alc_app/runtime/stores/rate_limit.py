"""Rate limits across processes: one row holds the next free time slot (GCRA, the generic cell rate algorithm).

Attio allows 25 writes a second to a workspace. Each caller takes the next slot and waits for it. A `Retry-After` moves
the next slot; a second row tells those who have taken an earlier one.

A person, or an address, may take the slots of a whole period at once, and nobody waits: what is too much is refused.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass

from sqlalchemy import delete, text
from sqlmodel import col, select

from alc_app.attio.host.errors import FetchMustWait
from alc_app.runtime.storage.database import Database
from alc_app.runtime.storage.tables import RateLimitSlot

HEADROOM = 0.9
"""Use less than the limit: the timers of several processes may put calls of theirs into the same second."""
LONGEST_WAIT = 5.0
"""Seconds that a caller sleeps at most: as long as all threads of one worker need for a call each. Beyond that a person
is told to try again, and a job is due again by its row."""
LONGEST_PAUSE = 3600.0
"""Seconds: one wrong `Retry-After` stops nobody for longer than an hour."""
ROUNDING = 0.001
"""Seconds: sums of many slots are not exact."""
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
    """Hands out time slots. Uses the clock of the database, so that all processes agree."""

    def __init__(self, database: Database) -> None:
        """Prepare the SQL statements for this database."""
        self._database = database
        self._windows: dict[str, _Window] = {}
        now, later_of = database.now, "max" if database.is_sqlite else "greatest"
        self._take = text(
            f"insert into rate_limit_slot (name, next_at) values (:name, {now} + :slot) on conflict (name) do update "  # noqa: S608 - no input in it
            f"set next_at = {later_of}(rate_limit_slot.next_at, {now}) + :slot "
            f"where rate_limit_slot.next_at <= {now} + :within returning next_at - :slot - {now}"
        )
        self._delay = text(
            f"insert into rate_limit_slot (name, next_at) values (:name, {now} + :wait) on conflict (name) do update "  # noqa: S608 - no input in it
            f"set next_at = {later_of}(rate_limit_slot.next_at, {now} + :wait)"
        )
        self._left = text(f"select next_at - {now} from rate_limit_slot where name = :name")  # noqa: S608 - no input in it

    @contextmanager
    def call(self, name: str, per_second: int | None) -> Iterator[None]:
        """Make one call of this name in the `with` block, in the next free slot. Raises: FetchMustWait."""
        self.wait_for_slot(name, per_second)
        with self._window(name, per_second).call() if per_second else nullcontext():
            yield

    def _window(self, name: str, per_second: int) -> _Window:
        if found := self._windows.get(name):
            return found
        return self._windows.setdefault(name, _Window(per_second))  # another thread may have been faster

    def wait_for_slot(self, name: str, per_second: int | None = None) -> None:
        """Take the next free slot for calls of this name, and sleep until it begins.

        Without `per_second` there are no slots, only pauses. Raises: FetchMustWait, if it begins after LONGEST_WAIT.
        """
        left = LONGEST_WAIT
        while True:
            wait = self._take_slot(name, per_second, left) if per_second else self._seconds_until(name)
            if wait is None or wait > left:
                raise FetchMustWait("The service asked us to wait.", retry_after=self._seconds_until(name))
            if wait <= 0:
                return
            time.sleep(wait)
            left -= wait
            if self._seconds_until(_pause(name)) <= 0:
                return

    def push_back(self, name: str, wait: float) -> None:
        """Let no call of this name be made for `wait` seconds, because the other side sent `Retry-After`."""
        with self._database.transaction() as session:
            for row in (name, _pause(name)):
                session.connection().execute(self._delay, {"name": row, "wait": min(wait, LONGEST_PAUSE)})

    def hit(self, name: str, limit: Limit, count: int = 1) -> float:
        """Count something so many times, and return 0; if that is too often, return the seconds to wait.

        A refusal counts nothing and only reads, so a flood of them writes nothing.
        """
        slots = limit.slots(count)
        row, within = f"{LIMIT}{name}", limit.seconds - slots + ROUNDING
        wait = self._seconds_until(row) - within
        if wait > 0:
            return wait
        is_counted = self._database.change(self._take, {"name": row, "slot": slots, "within": within})
        return 0.0 if is_counted else slots  # somebody else has taken the slot in between

    def delete_old(self, before: float, limit: int) -> int:
        """Delete at most `limit` rows of limits that nobody has come near since a time; return how many."""
        is_old = (col(RateLimitSlot.name).startswith(LIMIT), col(RateLimitSlot.next_at) < before)
        with self._database.transaction() as session:
            old = select(RateLimitSlot.name).where(*is_old).limit(limit)
            return session.exec(delete(RateLimitSlot).where(col(RateLimitSlot.name).in_(old))).rowcount

    def _take_slot(self, name: str, per_second: int, within: float) -> float | None:
        """Take the next slot, and return the seconds until it begins; None if that is not `within` so many seconds."""
        values = {"name": name, "slot": 1 / (per_second * HEADROOM), "within": within}
        taken = self._database.change(self._take, values)
        return taken[0][0] if taken else None

    def _seconds_until(self, name: str) -> float:
        found = self._database.fetch(self._left, {"name": name})
        return found[0][0] if found else 0.0


class _Window:
    """Keeps the calls of this process within the limit in every second, however late a busy machine makes them.

    A call counts until a second after its answer: when the other side has counted it is not known.
    """

    def __init__(self, calls: int) -> None:
        """Allow so many calls in a second."""
        self._free_at = deque([0.0] * calls)
        self._changed = threading.Condition()

    @contextmanager
    def call(self) -> Iterator[None]:
        """Make one call in the `with` block, as soon as there is room for it."""
        with self._changed:
            self._changed.wait_for(lambda: self._free_at)
            free_at = self._free_at.popleft()
        time.sleep(max(free_at - time.monotonic(), 0))
        try:
            yield
        finally:
            with self._changed:
                self._free_at.append(time.monotonic() + 1)
                self._changed.notify()


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


def _pause(name: str) -> str:
    return f"{name} asked for a pause"
