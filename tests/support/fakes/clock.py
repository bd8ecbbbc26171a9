"""Virtual time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import text

from alc_app.runtime.storage.database import Database
from tests.support.fakes.runtime import START


@dataclass
class Clock:
    """The time that all of them go by. It also stands where a module of ours has imported `time`."""

    now: float = START
    moments: int = 0
    """Counts what has happened, because a second of virtual time holds a lot."""

    def monotonic(self) -> float:
        """For a deadline."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Whoever is waited for does nothing meanwhile, so there is no use in waking up often."""
        self.now += max(seconds, 5.0)

    def moment(self) -> int:
        """The number of what happens now; later ones are larger."""
        self.moments += 1
        return self.moments

    def stamp(self) -> str:
        """The time as ALC and Attio write it, different for each moment."""
        at = datetime.fromtimestamp(self.now, UTC).replace(microsecond=self.moment() % 1_000_000)
        return at.isoformat(timespec="microseconds").replace("+00:00", "Z")


class Numbers:
    """One, two, three, … An iterator of `itertools` cannot be copied from Python 3.14 on."""

    def __init__(self) -> None:
        self._last = 0

    def __next__(self) -> int:
        self._last += 1
        return self._last


class Patient:
    """Stands where a module of ours has imported `time` that sleeps for as long as it has to, and no longer."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def monotonic(self) -> float:
        return self._clock.now

    def sleep(self, seconds: float) -> None:
        self._clock.now += seconds


class DatabaseTime:
    """Stands where a module of ours has imported `time`, and is the clock of the database, too."""

    NOW = "(select next_at from rate_limit_slot where name = 'clock')"

    def __init__(self, database: Database) -> None:
        """Begin at 1000. The `database` is to use `NOW`."""
        self._database, self._now = database, 1000.0
        self.slept: list[float] = []
        self.meanwhile: Callable[[], None] | None = None
        """Is done during the next sleep."""
        self._set("insert into rate_limit_slot (name, next_at) values ('clock', :now)")

    def monotonic(self) -> float:
        return self._now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        if meanwhile := self.meanwhile:
            self.meanwhile = None
            meanwhile()
        self.let_pass(seconds)

    def let_pass(self, seconds: float) -> None:
        """Nobody sleeps, and it is later."""
        self._now += seconds
        self._set("update rate_limit_slot set next_at = :now where name = 'clock'")

    def _set(self, statement: str) -> None:
        self._database.change(text(statement), {"now": self._now})
