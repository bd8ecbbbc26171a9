"""Questions that wait for a person: how many, and how long."""

from __future__ import annotations

import pytest

from alc_app.runtime.routes.open_questions import MOST, MOST_EACH, WAITS, OpenQuestions


class Asker:
    """Something that is closed when its question is dropped."""

    def __init__(self) -> None:
        self.is_closed = False

    def close(self) -> None:
        self.is_closed = True


class Questions:
    """Questions, and a clock that is set."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.open: OpenQuestions[Asker] = OpenQuestions(lambda: self.now)
        self.askers: dict[str, Asker] = {}

    def ask(self, person_id: str | None) -> str:
        asker = Asker()
        key = self.open.add(asker, person_id)
        self.askers[key] = asker
        return key

    def dropped(self) -> list[str]:
        return [key for key, asker in self.askers.items() if asker.is_closed]


@pytest.fixture
def questions() -> Questions:
    return Questions()


def test_an_answer_goes_to_whoever_has_asked_and_once(questions: Questions) -> None:
    """U12: from the person who was asked, and nobody else."""
    key = questions.ask("robin")

    with pytest.raises(LookupError):
        questions.open.take(key, "imani")
    with pytest.raises(LookupError):
        questions.open.take(key, None)
    assert questions.open.take(key, "robin") is questions.askers[key]
    with pytest.raises(LookupError):
        questions.open.take(key, "robin")


def test_nobody_leaves_open_more_than_fifty(questions: Questions) -> None:
    """U10: the oldest is dropped, and nothing of a colleague's."""
    other = questions.ask("robin")
    first, *rest = [questions.ask("imani") for _ in range(MOST_EACH + 1)]

    assert questions.dropped() == [first]
    for person, key in [("robin", other), *(("imani", key) for key in rest)]:
        questions.open.take(key, person)


def test_all_together_are_bounded(questions: Questions) -> None:
    """U10: however many people ask, the memory of the process is bounded."""
    keys = [questions.ask(f"person {number // MOST_EACH}") for number in range(MOST + 3)]

    assert questions.dropped() == keys[:3]


def test_a_question_ages(questions: Questions) -> None:
    """U10: a tab that was closed is not remembered, though nobody answers anything any more."""
    old = questions.ask(None)
    questions.now += WAITS
    questions.open.take(questions.ask(None), None)
    assert not questions.dropped()

    questions.now += 1
    with pytest.raises(LookupError):
        questions.open.take(old, None)
    questions.ask("somebody")
    assert questions.dropped() == [old]
