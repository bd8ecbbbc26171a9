"""What the threads have done, when, and what they were told; and which records people have merged."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

Sends = Literal["yes", "maybe", "no"]
"""Whether a person has asked for a chat: and was told that it is sent; and was not told yet; or was refused."""


@dataclass(frozen=True)
class Entry:
    """One operation."""

    at: float
    until: float
    kind: str
    outcome: str = ""
    records: tuple[str, ...] = ()
    sends: Sends = "no"


@dataclass
class Family:
    """Records by what they were merged into. Attio makes a new record of two, so the merges are a forest."""

    into: dict[str, str] = field(default_factory=dict)
    made_at: dict[str, float] = field(default_factory=dict)
    """When a merge has made a record."""

    def merge(self, primary: str, secondary: str, made: str, at: float) -> None:
        """Note one merge."""
        self.into[primary] = self.into[secondary] = made
        self.made_at[made] = at

    def path(self, record_id: str) -> list[str]:
        """Return the record and what it was merged into, one after the other."""
        found = [record_id]
        while found[-1] in self.into:
            found.append(self.into[found[-1]])
        return found

    def person(self, record_id: str) -> str:
        """Return the record that stands for the person now."""
        return self.path(record_id)[-1]

    def joined_at(self, one: str, other: str) -> float:
        """Return when two records of one person became the same; 0 if they are one record."""
        if one == other:
            return 0.0
        others = set(self.path(other))
        return self.made_at[next(record for record in self.path(one) if record in others)]


class Journal:
    """What has happened so far. For many threads."""

    def __init__(self) -> None:
        """Start with an empty book."""
        self._lock = threading.Lock()
        self._entries: list[Entry] = []
        self._people: list[str] = []
        self._names: dict[str, str] = {}
        self.family = Family()
        self.deleted: set[str] = set()

    def note(self, entry: Entry) -> None:
        """Add what was done."""
        with self._lock:
            self._entries.append(entry)

    def entries(self) -> list[Entry]:
        """Return everything that was done, by its beginning."""
        with self._lock:
            return sorted(self._entries, key=lambda entry: entry.at)

    def people(self) -> Sequence[str]:
        """Return the records that exist."""
        with self._lock:
            return list(self._people)

    def add(self, record_id: str) -> None:
        """Note a new person."""
        with self._lock:
            self._names[record_id] = f"P{len(self._names) + 1}"
            self._people.append(record_id)

    def merge(self, primary: str, secondary: str, made: str) -> None:
        """Note that two records were merged into a new one."""
        with self._lock:
            self._remove((primary, secondary))
            self._names[made] = f"P{len(self._names) + 1}"
            self._people.append(made)
            self.family.merge(primary, secondary, made, time.time())

    def delete(self, record_id: str) -> None:
        """Note that a record was deleted."""
        with self._lock:
            self._remove((record_id,))
            self.deleted.add(record_id)

    def names(self) -> dict[str, str]:
        """Return a short name for each record that there ever was."""
        with self._lock:
            return dict(self._names)

    def _remove(self, gone: Iterable[str]) -> None:
        self._people = [each for each in self._people if each not in gone]
