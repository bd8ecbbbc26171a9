"""The limit of calls to another service, such as Attio's 25 writes a second, for all processes of the installation.

A limit of 25 a second is 25 places. Each call takes a place, and the place is free again a second after its answer: so
no second has more calls than places, however late a timer or an answer is. Who finds a free place goes at once.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from threading import Lock
from typing import Any

from sqlalchemy import bindparam, text

from alc_app.attio.host.errors import FetchMustWait
from alc_app.runtime.storage.database import UNAVAILABLE, Database

PERIOD = 1.002
"""Seconds for which a call counts after its answer. SQLite's clock has milliseconds, and two of them may be lost."""
LEASE = 60.0
"""Seconds after which the place of a web process that died during its call is free: longer than any call may take. If a
place is said to be free later than that, the clock was set back, and it is free now."""
LONGEST_WAIT = 5.0
"""Seconds that a caller waits at most: as long as all threads of one worker need for a call each. Beyond that a person
is told to try again, and a job is due again by its row."""
LOOK_EVERY = 0.05
"""Seconds between two looks at most, while all places are taken."""
SHORTEST_SLEEP = 0.001
"""Seconds: another process has taken what was free a moment ago."""
LONGEST_PAUSE = 3600.0
"""Seconds: one wrong `Retry-After` stops nobody for longer than an hour."""


class CallLimit:
    """Hands out the places. Uses the clock of the database, so that all processes agree."""

    def __init__(self, database: Database, worker: Callable[[], str] = str) -> None:
        """Prepare the SQL statements for this database. `worker` returns the id of this worker; "" if it is none."""
        self._database, self._worker = database, worker
        self._turns: dict[str, Lock] = {}  # of the threads of this process one waits for a place, the others for it
        now, later_of = database.now, "max" if database.is_sqlite else "greatest"
        one_each = "" if database.is_sqlite else "for update skip locked"  # SQLite has one writer
        is_ours = "name = :name and place < :calls"
        is_free = f"(free_at <= {now} or free_at > {now} + {LEASE})"
        pause = (
            f"select next_at - {now} from rate_limit_slot where name = :pause and next_at <= {now} + {LONGEST_PAUSE}"  # noqa: S608 - no input in it
        )
        self._make = text(
            "with recursive numbers (place) as (select 0 union all select place + 1 from numbers "
            "where place + 1 < cast(:calls as integer)) insert into call_place (name, place, free_at) "
            "select cast(:name as varchar), place, 0 from numbers where true on conflict do nothing"
        )
        self._take = text(
            f"update call_place set free_at = {now} + {LEASE}, worker = :me where name = :name and place = ("  # noqa: S608 - no input in it
            f"select place from call_place where {is_ours} and {is_free} and coalesce(({pause}), 0) <= 0 "
            f"order by free_at limit 1 {one_each}) returning place, free_at"
        )
        self._give_back = text(
            f"update call_place set free_at = {now} + {PERIOD} "  # noqa: S608 - no input in it
            "where name = :name and place = :number and free_at = :held_until"
        )
        self._release = text(
            f"update call_place set free_at = {now} + {PERIOD} where worker in :workers and free_at > {now} + {PERIOD}"  # noqa: S608 - no input in it
        ).bindparams(bindparam("workers", expanding=True))
        self._next = text(f"select count(*) as made, min(free_at) - {now} as wait from call_place where {is_ours}")  # noqa: S608 - no input in it
        self._delay = text(
            f"insert into rate_limit_slot (name, next_at) values (:pause, {now} + :wait) on conflict (name) do update "  # noqa: S608 - no input in it
            f"set next_at = {later_of}(rate_limit_slot.next_at, {now} + :wait)"
        )
        self._pause = text(pause)

    @contextmanager
    def call(self, name: str, per_second: int | None = None) -> Iterator[None]:
        """Make one call of this name in the `with` block, as soon as the limit allows.

        Without `per_second` it waits for a pause only. Raises: FetchMustWait, if that is not within LONGEST_WAIT.
        """
        deadline = time.monotonic() + LONGEST_WAIT
        if per_second is None:
            while self._sleep_through_pause(name, deadline):
                pass  # it may have been made longer
            yield
            return
        place = self._wait_for_place(name, per_second, deadline)
        try:
            yield
        finally:
            with suppress(*UNAVAILABLE):  # the call was made, and the lease will end
                self._database.change(self._give_back, place)

    def pause(self, name: str, seconds: float) -> None:
        """Let no call of this name be made for so many seconds, because the other side sent `Retry-After`."""
        self._database.change(self._delay, {"pause": _pause(name), "wait": min(seconds, LONGEST_PAUSE)})

    def release(self, workers: Sequence[str]) -> None:
        """Free the places of these dead workers in a second: the other side may just have counted their calls."""
        self._database.change(self._release, {"workers": workers})

    def _wait_for_place(self, name: str, calls: int, deadline: float) -> dict[str, Any]:
        """Take a place, and return the values that give it back."""
        turn = self._turns.setdefault(name, Lock())
        if not turn.acquire(timeout=max(deadline - time.monotonic(), 0)):
            raise _too_late(self._pause_left(name))
        try:
            values = {"name": name, "calls": calls, "pause": _pause(name), "me": self._worker()}
            while not (taken := self._database.change(self._take, values)):
                if not self._sleep_through_pause(name, deadline):
                    self._sleep_until_free(name, calls, deadline)
        finally:
            turn.release()
        return {"name": name, "number": taken[0].place, "held_until": taken[0].free_at}

    def _sleep_until_free(self, name: str, calls: int, deadline: float) -> None:
        places = {"name": name, "calls": calls}
        [found] = self._database.fetch(self._next, places)
        if found.made < calls:  # the first call of all, or the limit has grown
            self._database.change(self._make, places)
            return
        wait = min(max(found.wait, SHORTEST_SLEEP), LOOK_EVERY)
        if time.monotonic() + wait > deadline:
            raise _too_late(0.0)
        time.sleep(wait)  # until a call of others is over for a second

    def _sleep_through_pause(self, name: str, deadline: float) -> bool:
        """Return whether there was a pause."""
        left = self._pause_left(name)
        if left > 0 and time.monotonic() + left > deadline:
            raise _too_late(left)
        if left > 0:
            time.sleep(left)  # as the other service asked
        return left > 0

    def _pause_left(self, name: str) -> float:
        found = self._database.fetch(self._pause, {"pause": _pause(name)})
        return max(found[0][0], 0.0) if found else 0.0


def _pause(name: str) -> str:
    return f"{name} asked for a pause"


def _too_late(pause_left: float) -> FetchMustWait:
    why = "The service asked us to wait." if pause_left else "Too many calls to the service are under way."
    return FetchMustWait(why, retry_after=pause_left or LONGEST_WAIT)
