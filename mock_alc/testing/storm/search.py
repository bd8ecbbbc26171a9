"""Invent days, and shorten one that breaks a promise."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from mock_alc.double import matching
from mock_alc.double.driver import Driver
from mock_alc.scenarios.operations import OPERATIONS
from mock_alc.testing.storm.connection import CannotBegin
from mock_alc.testing.storm.day import AppSilent, Day
from mock_alc.testing.storm.ending import end
from mock_alc.testing.storm.evidence import Evidence
from mock_alc.testing.storm.happening import Happening
from mock_alc.testing.storm.integration import MOMENT, Control, Integration
from mock_alc.testing.storm.operations import PLAYS
from mock_alc.testing.storm.promises import PROMISES, Promise, broken
from mock_alc.testing.storm.story import Story
from mock_alc.testing.storm.under_way import look_at_chats_under_way

__tracebackhide__ = matching.__tracebackhide__
PEOPLE = (1, 1, 1, 2)
"""Most of what happens is about one person, so that it meets."""
LONGEST_DAY = 10
MEET = 0.5
"""How often an operation is followed by what shows what it has done (`Operation.then`)."""
EARLIER_DAYS = 4
"""How many days before the one that breaks a promise may have led to it."""
TRIES = 5
"""How often a shorter day is played: what depends on a race does not break each time."""
LONGEST_PAUSE = 0.4
"""Seconds between two looks at what is not right yet."""
Happenings = tuple[Happening, ...]


class PromiseBroken(AssertionError):
    """The integration breaks a promise. The message is the story; `story` can be saved and played again."""

    def __init__(self, story: Story, tally: Tally) -> None:
        """Tell this story, found by what `tally` says was tried."""
        super().__init__(f"\n{story}")
        self.story, self.tally = story, tally
        self.drawing = story.drawing
        """What the pytest plugin shows in place of all that went over the wire."""


@dataclass
class Tally:
    """What a storm has tried."""

    days: int = 0
    happenings: int = 0
    kills: int = 0
    seconds: float = 0.0

    def add(self, day: Day) -> None:
        """Count a day."""
        self.days += 1
        self.happenings += len(day.happened)
        self.kills += sum(each.what.do == "kill" for each in day.happened)


class Storm:
    """A storm over one integration.

    `alc` is the fixture `mock_alc`, or a function that calls the control API of a mock elsewhere. The other arguments
    are those of `Integration`. `promises` are names of PROMISES, all by default; `patience` is how many real seconds
    the integration has at the end of a day for what it does in the background.
    """

    def __init__(
        self, alc: Driver | Control, *, promises: Sequence[str] = tuple(PROMISES), patience: float = 1.0,
        **integration: Any,
    ) -> None:  # fmt: skip
        """Prepare; nothing is called yet. Raises: KeyError, for a promise that does not exist."""
        self._control: Control = alc.control if isinstance(alc, Driver) else alc
        self._integration = Integration(**integration)
        self._promises: Sequence[Promise] = [PROMISES[name] for name in promises]
        self._patience = patience
        self._broken: Sequence[str] = ()
        """The promises that the last day has broken."""

    def run(self, days: int = 100, number: int = 0, told: Callable[[], object] = lambda: None) -> Tally:
        """Play so many days; the same `number` invents the same days. Raises: PromiseBroken, with the shortest story.

        Returns what was tried; `told` is called after each day.
        """
        tally, began, chance = Tally(), time.monotonic(), random.Random(number)  # noqa: S311 - for tests
        earlier: list[Happenings] = []
        for _ in range(days):
            happenings = invent(self._integration, chance)
            story = self._play(self._begin(make_new=False), happenings, tally=tally)
            tally.seconds = time.monotonic() - began
            if story:
                raise PromiseBroken(self._shorten(story, earlier), tally)
            earlier.append(happenings)
            told()
        return tally

    def play(self, happenings: Sequence[Happening], promise: str = "", tally: Tally | None = None) -> Story | None:
        """Play one day, and return its story if it breaks the promise, or any if none is named.

        The connection is new, so that no earlier day has left its traces. Raises: CannotBegin, if there can be none.
        """
        return self._play(self._begin(make_new=True), happenings, promise, tally)

    def _play(
        self, day: Day, happenings: Sequence[Happening], promise: str = "", tally: Tally | None = None
    ) -> Story | None:
        found = self._live(day, happenings)
        if tally:
            tally.add(day)
        name = promise or next(iter(found), "")
        story = Story.of(day, name, found[name][0]) if name in found else None
        self._broken = tuple(found)
        self._control("DELETE", "clock?idle=no", None)
        return story

    def _live(self, day: Day, happenings: Sequence[Happening]) -> dict[str, list[str]]:
        """Let everything happen, and return what breaks each promise that does not hold."""
        try:
            for happening in happenings:
                _let_happen(day, happening)
            look_at_chats_under_way(day)
            end(day)
            return self._judge(day)
        except AppSilent as silence:
            day.silence = str(silence)
            return broken(Evidence(day), [PROMISES["stays_up"]])

    def _begin(self, make_new: bool) -> Day:
        """Begin a day, with a new connection if that is wanted, and then from nothing if there is `reset`.

        After a broken promise the process is new, too.
        """
        app, broken = self._integration, self._broken
        self._broken = ()
        if (broken or (make_new and app.reset)) and app.kill and app.start:
            app.kill()
            if app.reset:
                app.reset()
            app.start()
        return Day.begin(self._integration, self._control, self._patience, make_new)

    def _judge(self, day: Day) -> dict[str, list[str]]:
        """Judge a day when the integration has done what it does in the background, or has had its time for it.

        A look costs it calls and us processor time, so each comes twice as late as the one before.
        """
        until, pause = time.monotonic() + self._patience, MOMENT
        while True:
            day.settle(pause)  # also before the first look: what is right now may be made wrong by what comes late
            day.look()
            found = broken(Evidence(day), self._promises)
            if not found or time.monotonic() > until:
                return found
            pause = min(2 * pause, LONGEST_PAUSE)

    def _complete(self, story: Story, earlier: Sequence[Happenings]) -> Story:
        """Put the days before it that a story needs, such as one on which a refresh token was spent."""
        whole = story.happenings
        for before in ((), *reversed(earlier[-EARLIER_DAYS:])):
            whole = (*before, *whole)
            if found := self._first_that_breaks([whole], story.promise, TRIES):
                return found
        return story

    def _shorten(self, story: Story, earlier: Sequence[Happenings]) -> Story:
        """Leave out and simplify what the story does not need; only what is short already is tried several times.

        A simpler day may then break another of the promises that the whole day has broken. What has broken a promise
        for good stays as it is: every other day would break it, too.
        """
        broken = self._broken
        with suppress(CannotBegin):
            self.play(())
            others = [name for name in broken if name not in {*self._broken, story.promise}]
            if story.promise in self._broken:
                return story
            story = self._complete(story, earlier)
            for promise, tries in [(story.promise, TRIES), *((name, 1) for name in others)]:
                while shorter := self._shorter(story, promise, tries):
                    story = shorter
        return story

    def _shorter(self, story: Story, promise: str, tries: int) -> Story | None:
        """Return the story of a simpler day that breaks the promise. Every day is tried once before one is again."""
        once = self._first_that_breaks(_simpler(story.happenings), promise, 1)
        return once or self._first_that_breaks(_simpler(story.happenings), promise, tries - 1)

    def _first_that_breaks(self, days: Iterable[Happenings], promise: str, tries: int) -> Story | None:
        for happenings in days:
            for _ in range(tries):
                if story := self.play(happenings, promise):
                    return story
        return None


def _let_happen(day: Day, what: Happening) -> None:
    values = OPERATIONS[what.do].variants[what.how].values
    day.play(what, lambda: PLAYS[what.do](day, what, values))


def _simpler(day: Happenings) -> Iterator[Happenings]:
    """Yield simpler days: halves, days without one happening, for the first person alone, with first variants."""
    half = len(day) // 2
    if half > 1:
        yield day[half:]
        yield day[:half]
    if len(day) > 1:
        yield from (day[:number] + day[number + 1 :] for number in range(len(day)))
    if any(happening.who > 1 for happening in day):
        yield tuple(replace(happening, who=1) for happening in day)
    for number, happening in enumerate(day):
        first = first_variant(happening.do)
        if happening.how != first:
            yield (*day[:number], replace(happening, how=first), *day[number + 1 :])


def first_variant(operation: str) -> str:
    """Return the simplest way in which an operation goes."""
    return next(iter(OPERATIONS[operation].variants))


def invent(integration: Integration, chance: random.Random) -> Happenings:
    """Return a day: what is possible for this integration, each as often as OPERATIONS says."""
    possible = [operation for operation in OPERATIONS.values() if integration.can[operation.needs]]
    day: list[Happening] = []
    for each in chance.choices(possible, [each.weight for each in possible], k=chance.randint(1, LONGEST_DAY)):
        who = chance.choice(PEOPLE)
        day.append(Happening(each.name, who, chance.choice(list(each.variants))))
        if each.then and chance.random() < MEET:
            day.append(Happening(each.then, who, first_variant(each.then)))
    return tuple(day)
