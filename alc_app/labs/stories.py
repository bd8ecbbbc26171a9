"""Read stories: files of `mock-alc storm`, which tell the shortest day that breaks a promise."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field, ValidationError

from alc_app.pages import Story, StoryUnreadable

FOLDER = Path(__file__).parent / "stories"
FORM = 1
"""The version of the file's form."""
PLAYED = (
    "click", "answer", "crm_answer", "verdict", "next_verdict", "resend", "wait", "tokens", "refresh", "kill",
    "disconnect", "connect",
)  # fmt: skip
"""What can happen here."""
UNPLAYED = ("also", "in_connect")
"""Values of variants that this page cannot play: a second person at the same moment, and a kill while it connects."""


class Happening(BaseModel):
    """One line of a story. `says` is its sentence, and `with` what its variant `how` stands for."""

    at: int = Field(ge=0, le=10**9)
    do: str
    who: int = Field(ge=1, le=9)
    how: str = Field(pattern=r"^\w*$", max_length=40)
    says: str = Field(min_length=1, max_length=300)
    values: dict[str, Any] = Field(alias="with")


class StoryFile(BaseModel):
    """The file `story.json`."""

    storm: int
    promise: str = Field(max_length=40)
    """The promise that is judged; empty for every one."""
    promised: str = Field(max_length=300)
    broken_by: str = Field(max_length=300)
    happened: list[Happening] = Field(min_length=1, max_length=20)


def can_play(do: str, values: Mapping[str, Any]) -> bool:
    """Tell whether this page can play an operation, in the variant that stands for these values."""
    return do in PLAYED and not any(name in values for name in UNPLAYED)


def read(found: Any) -> StoryFile:
    """Read what the JSON of a story says. Raises: StoryUnreadable."""
    try:
        story = StoryFile.model_validate(found)
    except ValidationError as error:
        place = ".".join(map(str, error.errors()[0]["loc"])) or "the file"
        raise StoryUnreadable(f"This is not a story of mock-alc storm: {place} is missing or wrong.") from None
    if story.storm != FORM:
        raise StoryUnreadable(f"This story has version {story.storm}. This page plays version {FORM}.")
    if unknown := next((each.says for each in story.happened if not can_play(each.do, each.values)), None):
        raise StoryUnreadable(f"This page cannot play “{unknown}” Use the command mock-alc story play.")
    return story


@cache
def of_the_tutorial() -> Sequence[Story]:
    """Return the stories that are shown beside the labs, the shortest first."""
    files = sorted(FOLDER.glob("*.json"), key=lambda file: (file.stat().st_size, file.stem))
    return [tell(file.stem, json.loads(file.read_text(encoding="utf-8"))) for file in files]


def tell(name: str, found: Any) -> Story:
    """Return a story as the pages show it. Raises: StoryUnreadable."""
    story = read(found)
    lines = [(_clock(each.at), each.says) for each in story.happened]
    return Story(name, story.promised, story.broken_by, lines, found)


def _clock(seconds: int) -> str:
    minutes, left = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{left:02}"
