"""What a storm tells of a broken promise: the shortest day that shows it, and what that needs."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest

from mock_alc.testing.alc import Alc
from mock_alc.testing.storm import PromiseBroken, Storm, search
from tests.support.little_app import ConnectedApp, a_day

pytestmark = pytest.mark.usefixtures("no_recovery")
Make = Callable[..., Storm]
Invent = Callable[..., None]


@pytest.fixture
def invented(monkeypatch: pytest.MonkeyPatch) -> Invent:
    """Let a storm invent these days. It plays each shorter one once: in these tests nothing depends on a race."""

    def invent(*texts: str) -> None:
        days = iter(texts)
        monkeypatch.setattr(search, "invent", lambda *_: tuple(a_day(next(days))))
        monkeypatch.setattr(search, "TRIES", 1)

    return invent


def test_a_story_begins_with_the_earlier_day_that_it_needs(mock_alc: Alc, invented: Invent) -> None:
    """This integration fails at its fourth click since it was connected, and the day that finds it has two."""
    app, clicks = ConnectedApp(mock_alc), list[str]()

    def click(record_id: str) -> None:
        clicks.append(record_id)
        assert len(clicks) < 4
        app.click(record_id)

    def connect() -> None:
        clicks.clear()
        app.connect()

    invented("wait minute, click twice", "click, wait day")
    connection, judged = {"connect": connect, "disconnect": app.disconnect}, ["stays_connected"]
    storm = Storm(mock_alc, click=click, status=app.status, patience=0.0, promises=judged, **connection)
    with pytest.raises(PromiseBroken) as told:
        storm.run(days=2)

    story = told.value.story
    assert list(story.happenings) == a_day("click twice, click")
    assert storm.play(story.happenings, story.promise) is not None


def test_the_day_that_breaks_an_integration_for_good_is_told_whole(storm_over: Make, invented: Invent) -> None:
    """Every other day would break the promise too, so a shorter one would tell nothing."""
    clicks = list[str]()

    def click(record_id: str) -> None:
        clicks.append(record_id)
        assert len(clicks) < 4

    whole = "wait minute, click twice, tokens, click"
    invented(whole)
    with pytest.raises(PromiseBroken) as told:
        storm_over(click=click, promises=["recovers"]).run(days=1)

    assert list(told.value.story.happenings) == a_day(whole)


def test_a_day_that_breaks_it_for_good_is_shortened_if_it_can_forget_everything(
    storm_over: Make, invented: Invent
) -> None:
    """Between the kill and the start."""
    clicks, calls = list[str](), list[str]()

    def click(record_id: str) -> None:
        clicks.append(record_id)
        assert len(clicks) < 4

    def reset() -> None:
        calls.append("reset")
        clicks.clear()

    invented("wait minute, click twice, tokens, click")
    process = {"kill": lambda: calls.append("kill"), "start": lambda: calls.append("start"), "reset": reset}
    with pytest.raises(PromiseBroken) as told:
        storm_over(click=click, promises=["recovers"], **process).run(days=1)

    assert list(told.value.story.happenings) == a_day("click twice, click")
    assert ",".join(calls).endswith("kill,reset,start")


def test_a_shorter_day_begins_from_nothing_if_the_integration_can_forget_everything(storm_over: Make) -> None:
    """Also after a day that has broken no promise: what it has left may break one."""
    calls = list[str]()
    process = {name: partial(calls.append, name) for name in ("kill", "reset", "start")}

    assert storm_over(**process).play([]) is None
    assert calls == ["kill", "reset", "start"]


def test_an_integration_that_can_never_be_connected_again_is_told_by_its_whole_day(mock_alc: Alc) -> None:
    """A shorter day cannot even begin."""
    app, disconnects = ConnectedApp(mock_alc), list[bool]()

    def connect() -> None:
        assert not disconnects
        app.connect()

    def disconnect() -> None:
        disconnects.append(True)
        app.disconnect()

    with pytest.raises(PromiseBroken) as told:
        Storm(mock_alc, click=app.click, status=app.status, patience=0.0, connect=connect, disconnect=disconnect).run(
            days=20, number=2
        )

    assert told.value.story.promise == "listens"
    assert len(told.value.story.happenings) > 1


def test_a_mistake_is_found_and_told_as_the_shortest_day_that_shows_it(storm_over: Make) -> None:
    """Whatever else has happened on the day that found it."""
    with pytest.raises(PromiseBroken) as told:
        storm_over("knows every field").run(days=200, number=1320)

    assert str(told.value).strip().splitlines() == [
        "0:00:00  Person 1 is sent.",
        "  0:00:00  ALC decides on Person 1: interested. The delivery has new fields.",
        "Broken: right_ones_taken. A correct delivery (lead.processed) about Person 1 was refused with 400.",
    ]


def test_a_shorter_day_that_breaks_another_promise_is_told(storm_over: Make, invented: Invent) -> None:
    """A lost result makes the next click come to nothing. The result alone is the shorter story."""
    text = "click, verdict no_answer, wait minute, click"
    invented(text)
    storm = storm_over("answers before it stores")
    first = storm.play(a_day(text))

    with pytest.raises(PromiseBroken) as told:
        storm.run(days=1)

    assert first and first.promise == "clicks_arrive"
    assert told.value.story.promise == "reflected"
    assert list(told.value.story.happenings) == a_day("click, verdict no_answer")
