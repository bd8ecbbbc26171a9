"""What is drawn: exchanges, notes between them, and the exchange that is marked."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from mock_alc.testing.wire.exchange import APP, BROWSER, TEST, Exchange

LEFT_TO_RIGHT = (TEST, BROWSER, APP)
"""The order of the participants; the mocks follow."""
LATER_AFTER = timedelta(seconds=60)


@dataclass(frozen=True)
class Highlight:
    """The exchange that is marked, by its index, and why: what happened, and what a correct app does."""

    index: int
    happened: str
    correct: str = ""


@dataclass(frozen=True)
class Note:
    """A sentence between two exchanges, such as what the person did at that time."""

    at: datetime
    text: str


@dataclass(frozen=True)
class Row:
    """One row: a note, or an exchange with its number; `later` says how much time has passed if it is much."""

    number: int | None
    exchange: Exchange | None
    note: str = ""
    later: str = ""
    marked: bool = False


@dataclass(frozen=True)
class Drawing:
    """A title, the exchanges in their order, and what is said about them."""

    title: str
    exchanges: Sequence[Exchange]
    notes: Sequence[Note] = ()
    highlight: Highlight | None = None
    participants: list[str] = field(init=False)

    def __post_init__(self) -> None:
        """Find the participants, in their order from left to right."""
        taking = {name for one in self.exchanges for name in (one.sender, one.receiver)}
        mine = [name for name in LEFT_TO_RIGHT if name in taking]
        object.__setattr__(self, "participants", [*mine, *sorted(taking - set(mine))])

    def rows(self) -> Iterator[Row]:
        """Return exchanges and notes by time; at the same instant the note is first."""
        marked = self.highlight.index if self.highlight else None
        items: list[tuple[datetime, int, int]] = [(note.at, 0, index) for index, note in enumerate(self.notes)]
        items += [(one.at, 1, index) for index, one in enumerate(self.exchanges)]
        before: datetime | None = None
        for at, is_exchange, index in sorted(items):
            later = _later(at - before) if before else ""
            if is_exchange:
                yield Row(index + 1, self.exchanges[index], later=later, marked=index == marked)
            else:
                yield Row(None, None, note=self.notes[index].text, later=later)
            before = at


def _later(passed: timedelta) -> str:
    """Return how much time has passed, in words; empty if it is not much."""
    if passed < LATER_AFTER:
        return ""
    minutes = passed.total_seconds() / 60
    if minutes < 90:
        return _count(minutes, "minute")
    return _count(minutes / 60, "hour") if minutes < 48 * 60 else _count(minutes / 1440, "day")


def _count(amount: float, unit: str) -> str:
    shown = f"{amount:.0f}"
    return f"{shown} {unit}{'' if shown == '1' else 's'} later"
