"""The stories of *Break it*: a storm plays each on the tutorial's code, and judges that it breaks its promise."""

from __future__ import annotations

from pathlib import Path

import pytest

from alc_app import labs
from alc_app.mock_attio.testing import Attio
from mock_alc.testing.alc import Alc
from mock_alc.testing.storm import Storm, Story
from tests.support.naive_app import NaiveApp

FILES = sorted((Path(labs.__file__).parent / "stories").glob("*.json"))
LINES = 6


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_the_tutorials_code_breaks_the_promise_of_the_story(mock_alc: Alc, mock_attio: Attio, file: Path) -> None:
    """In at most six lines, and as the file tells it."""
    story = Story.load(file)
    storm = Storm(mock_alc, patience=0.0, **NaiveApp(mock_alc, mock_attio).as_integration())

    again = storm.play(story.happenings, story.promise)

    assert again
    assert again.broken_by == story.broken_by
    assert story.promise == file.stem
    assert len(story.happenings) <= LINES


def test_the_tutorials_code_breaks_at_least_six_promises() -> None:
    """Each has one story."""
    assert len(FILES) >= 6
