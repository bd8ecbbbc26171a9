"""What the runtime does for an app besides running it: recurring jobs, retention, gauges, checks, dead letters.

Nothing of this is in Attio's SDK: there, Attio's own operators run the servers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from alc_app.attio.host.doctor import Check, DeadLetters


@dataclass(frozen=True)
class RecurringJob:
    """A recurring job: `due()` lists the keys that need work, `run(key)` handles one.

    `run` works under the trace that `trace(key)` returns, a `traceparent`: usually that of the click which caused it.
    """

    name: str
    due: Callable[[], Sequence[str]]
    run: Callable[[str], None]
    trace: Callable[[str], str | None] = lambda _: None
    acts_as: str = "Recurring Job"
    """Its name as a participant of the sequence diagram."""
    prepare: Callable[[str], bool] | None = None
    """Does for a key, before and outside of a run, what may be done twice. Returns whether a run is needed after it."""
    exclusive: bool = False
    """Whether it must not run while a connection is added or removed."""


@dataclass(frozen=True)
class Retention:
    """How long some rows are kept.

    `forget(before, limit)` deletes at most `limit` rows that ended before that time (seconds since 1970), and returns
    how many it deleted.
    """

    what: str
    days: float
    forget: Callable[[float, int], int]


@dataclass(frozen=True)
class Gauge:
    """A number that `/metrics` shows; `read()` counts it anew and returns one number for each value of `label`.

    Without a label, `read()` returns one number under the empty string.
    """

    name: str
    text: str
    read: Callable[[], Mapping[str, float]]
    label: str = ""


@dataclass(frozen=True)
class Operations:
    """Everything that keeps an app running besides its entry points. Part of the manifest, see `App`."""

    jobs: Sequence[RecurringJob] = ()
    retention: Sequence[Retention] = ()
    gauges: Sequence[Gauge] = ()
    checks: Sequence[Check] = ()
    dead_letters: Sequence[DeadLetters] = ()
    tables: Sequence[Any] = ()
    """SQLModel classes of the app's own tables."""
