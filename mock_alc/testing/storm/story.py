"""A story: the shortest day that breaks a promise, in sentences, and as a file that can be played again."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from mock_alc.scenarios.operations import OPERATIONS
from mock_alc.testing.storm.day import Day
from mock_alc.testing.storm.happening import Happening
from mock_alc.testing.storm.promises import PROMISES
from mock_alc.testing.wire.diagnosis import diagnose
from mock_alc.testing.wire.drawing import Drawing, Note
from mock_alc.testing.wire.exchanges import read_exchanges

FORM = 1
"""The version of the file's form."""


class StoryUnreadable(ValueError):
    """The file is no story. The message is a sentence."""


@dataclass(frozen=True)
class Story:
    """What happened, and which promise it breaks."""

    promise: str
    """Its name; empty if no promise is broken yet, so that every one is judged."""
    broken_by: str
    happenings: tuple[Happening, ...]
    seconds: tuple[int, ...]
    """When each began: by how many seconds ALC's clock had been moved since the first."""
    drawing: Drawing | None = field(default=None, compare=False, repr=False)
    """What went over the wire on that day. It is not in the file."""

    @classmethod
    def of(cls, day: Day, promise: str, broken_by: str) -> Story:
        """Tell what has happened on a day; what had nothing to do is left out."""
        seconds = tuple(round(each.moved - day.happened[0].moved) for each in day.happened)
        happenings = tuple(each.what for each in day.happened)
        return cls(promise, broken_by, happenings, seconds, _draw(day, f"Broken: {promise}. {broken_by}"))

    def __str__(self) -> str:
        """Return the story in sentences, with times."""
        rows = zip(self.seconds, self.happenings, strict=True)
        lines = [f"{_clock(at)}  {each.tell()}" for at, each in rows]
        return "\n".join([*lines, *([f"Broken: {self.promise}. {self.broken_by}"] if self.promise else [])])

    def save(self, path: Path) -> None:
        """Write the file."""
        path.write_text(json.dumps(self.as_json(), indent=2) + "\n", encoding="utf-8")

    def as_json(self) -> dict[str, Any]:
        """Return what the file says. `says`, `with` and `promised` are for readers that have no storm."""
        rows = zip(self.seconds, self.happenings, strict=True)
        return {
            "storm": FORM,
            "promise": self.promise,
            "promised": PROMISES[self.promise].says if self.promise else "",
            "broken_by": self.broken_by,
            "happened": [{"at": at, **each.as_json(), **_explain(each)} for at, each in rows],
        }

    @classmethod
    def load(cls, path: Path) -> Story:
        """Read a file. Raises: OSError, StoryUnreadable."""
        try:
            return cls.from_json(json.loads(path.read_text(encoding="utf-8")))
        except ValueError as error:
            raise StoryUnreadable(f"{path} is not a story of a storm: {error}") from error

    @classmethod
    def from_json(cls, found: Any) -> Story:
        """Read what `as_json` has returned. Raises: StoryUnreadable."""
        try:
            rows: Sequence[Mapping[str, Any]] = found["happened"]
            happenings = tuple(Happening(row["do"], row["who"], row["how"]) for row in rows)
            if found["storm"] != FORM or any(each.how not in OPERATIONS[each.do].variants for each in happenings):
                raise StoryUnreadable("it has another version.")
            return cls(found["promise"], found["broken_by"], happenings, tuple(row["at"] for row in rows))
        except (KeyError, TypeError) as error:
            raise StoryUnreadable(f"something is missing or unknown: {error}") from error


def _explain(happening: Happening) -> dict[str, Any]:
    values = OPERATIONS[happening.do].variants[happening.how].values
    return {"says": happening.tell(), "with": dict(values)}


def _draw(day: Day, broken: str) -> Drawing:
    exchanges = read_exchanges(day.records)
    notes = [Note(datetime.fromisoformat(each.at), each.what.tell()) for each in day.happened]
    end = Note(datetime.fromisoformat(day.now()), broken)
    return Drawing("The shortest day that breaks a promise", exchanges, [*notes, end], diagnose(exchanges))


def _clock(seconds: int) -> str:
    minutes, left = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:>3}:{minutes:02}:{left:02}"
