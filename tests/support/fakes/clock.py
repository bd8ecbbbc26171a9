"""Virtual time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

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


class Patient:
    """Stands where a module of ours has imported `time` that sleeps for as long as it has to, and no longer."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def monotonic(self) -> float:
        return self._clock.now

    def sleep(self, seconds: float) -> None:
        self._clock.now += seconds
