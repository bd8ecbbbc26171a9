"""The limit of calls to another service, such as Attio's 25 writes a second, for all processes of the installation.

A limit of 25 a second is 25 places. Each call takes a place, and the place is free again a second after its answer: so
no second has more calls than places, however late a timer or the network is. Who finds a free place goes at once, and
those who wait go one after another.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from threading import Lock

from sqlalchemy import text

from alc_app.attio.host.errors import FetchMustWait
from alc_app.runtime.http_client import CONNECT_TIMEOUT, TOTAL_TIMEOUT
from alc_app.runtime.storage.database import UNAVAILABLE, Database

PERIOD = 1.002
"""Seconds for which a call counts after its answer. SQLite's clock has milliseconds, and two of them may be lost."""
LEASE = CONNECT_TIMEOUT + TOTAL_TIMEOUT + PERIOD
"""Seconds after which the place of a process that died during its call is free: nothing counts for longer."""
SPREAD = 0.5
"""Seconds over which as many callers as there are places are spread when they wait, so that not all go at once."""
LONGEST_WAIT = 5.0
"""Seconds that a caller sleeps at most: as long as all threads of one worker need for a call each. Beyond that a person
is told to try again, and a job is due again by its row."""
FURTHEST = LONGEST_WAIT + LEASE
"""Seconds from now to the latest moment at which a place can be free. If it says more, the clock was set back."""
LOOK_EVERY = 0.05
"""Seconds between two looks for a place when all are taken."""
LONGEST_PAUSE = 3600.0
"""Seconds: one wrong `Retry-After` stops nobody for longer than an hour."""


@dataclass(frozen=True)
class _Place:
    name: str
    number: int
    held_until: float
    wait: float


class CallLimit:
    """Hands out the places. Uses the clock of the database, so that all processes agree."""

    def __init__(self, database: Database) -> None:
        """Prepare the SQL statements for this database."""
        self._database = database
        self._turns: dict[str, Lock] = {}  # of the threads of this process one looks, and the others are behind it
        now, later_of = database.now, "max" if database.is_sqlite else "greatest"
        one_each = "" if database.is_sqlite else "for update skip locked"  # SQLite has one writer
        is_taken = f"free_at between {now} and {now} + {FURTHEST}"
        latest = f"(select max(free_at) - :lease from call_place where name = :name and {is_taken})"  # noqa: S608 - no input in it
        begin = f"case when {is_taken} then {later_of}(free_at, {latest} + :apart) else {now} end"
        is_paused = f"exists (select 1 from rate_limit_slot where name = :name and next_at > {now})"  # noqa: S608 - no input in it
        first = (
            f"select place from call_place where name = :name and place < :calls and not {is_paused} "  # noqa: S608 - no input in it
            f"and (free_at <= {now} + :within or not {is_taken}) order by {is_taken}, free_at limit 1 {one_each}"
        )
        self._make = text(
            "with recursive numbers (place) as (select 0 union all select place + 1 from numbers "
            "where place + 1 < cast(:calls as integer)) insert into call_place (name, place, free_at) "
            "select cast(:name as varchar), place, 0 from numbers where true on conflict do nothing returning place"
        )
        self._take = text(
            f"update call_place set free_at = {begin} + :lease where name = :name and place = ({first}) "  # noqa: S608 - no input in it
            f"returning place, free_at, free_at - :lease - {now} as wait"
        )
        self._give_back = text(
            f"update call_place set free_at = {now} + :counts_for "  # noqa: S608 - no input in it
            "where name = :name and place = :number and free_at = :held_until"
        )
        self._delay = text(
            f"insert into rate_limit_slot (name, next_at) values (:name, {now} + :wait) on conflict (name) do update "  # noqa: S608 - no input in it
            f"set next_at = {later_of}(rate_limit_slot.next_at, {now} + :wait)"
        )
        self._left = text(f"select next_at - {now} from rate_limit_slot where name = :name")  # noqa: S608 - no input in it

    @contextmanager
    def call(self, name: str, per_second: int | None = None) -> Iterator[None]:
        """Make one call of this name in the `with` block, as soon as the limit allows.

        Without `per_second` it waits for a pause only. Raises: FetchMustWait, if that is not within LONGEST_WAIT.
        """
        deadline = time.monotonic() + LONGEST_WAIT
        if per_second is None:
            self._sleep_through_pause(name, deadline)
            yield
            return
        place = self._wait_for_place(name, per_second, deadline)
        try:
            yield
        finally:
            with suppress(*UNAVAILABLE):  # the call was made, and the lease will end
                self._free(place, PERIOD)

    def pause(self, name: str, seconds: float) -> None:
        """Let no call of this name be made for so many seconds, because the other side sent `Retry-After`."""
        self._database.change(self._delay, {"name": name, "wait": min(seconds, LONGEST_PAUSE)})

    def _wait_for_place(self, name: str, calls: int, deadline: float) -> _Place:
        while True:
            place = self._next_place(name, calls, deadline)
            if place.wait <= 0:
                return place
            time.sleep(place.wait)
            if self._pause_left(name) <= 0:
                return place
            self._free(place, 0)

    def _next_place(self, name: str, calls: int, deadline: float) -> _Place:
        """Return the place that is free first, maybe in a moment. Nobody else has it."""
        turn = self._turns.setdefault(name, Lock())
        if not turn.acquire(timeout=max(deadline - time.monotonic(), 0)):
            raise _too_late(self._pause_left(name))
        try:
            while not (place := self._try_to_take(name, calls, deadline - time.monotonic())):
                if self._database.change(self._make, {"name": name, "calls": calls}):
                    continue  # the first call of all
                self._sleep_through_pause(name, deadline - LOOK_EVERY)
                time.sleep(LOOK_EVERY)
        finally:
            turn.release()
        return place

    def _try_to_take(self, name: str, calls: int, within: float) -> _Place | None:
        values = {"name": name, "calls": calls, "within": within, "lease": LEASE, "apart": SPREAD / calls}
        found = self._database.change(self._take, values)
        return next((_Place(name, row.place, row.free_at, row.wait) for row in found), None)

    def _free(self, place: _Place, counts_for: float) -> None:
        which = {"name": place.name, "number": place.number, "held_until": place.held_until}
        self._database.change(self._give_back, {**which, "counts_for": counts_for})

    def _sleep_through_pause(self, name: str, deadline: float) -> None:
        left = self._pause_left(name)
        if time.monotonic() + left > deadline:
            raise _too_late(left)
        if left > 0:
            time.sleep(left)

    def _pause_left(self, name: str) -> float:
        found = self._database.fetch(self._left, {"name": name})
        return max(found[0][0], 0.0) if found else 0.0


def _too_late(pause_left: float) -> FetchMustWait:
    why = "The service asked us to wait." if pause_left else "Too many calls to the service are under way."
    return FetchMustWait(why, retry_after=pause_left or LONGEST_WAIT)
