"""A storm over a small integration: nothing in the honest one, and each mistake by a short story."""

from __future__ import annotations

import random
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from mock_alc.scenarios.operations import OPERATIONS
from mock_alc.testing.alc import Alc
from mock_alc.testing.storm import PROMISES, Integration, Storm, Story
from mock_alc.testing.storm.happening import Happening
from mock_alc.testing.storm.search import invent
from mock_alc.testing.storm.story import StoryUnreadable
from tests.support.little_app import MISTAKES, ConnectedApp, LittleApp, a_day

pytestmark = pytest.mark.usefixtures("no_recovery")
Make = Callable[..., Storm]


@pytest.mark.parametrize(("mistake", "promise", "text"), [(name, *row) for name, row in MISTAKES.items()])
def test_a_mistake_breaks_its_promise(storm_over: Make, mistake: str, promise: str, text: str) -> None:
    """On the day that shows it best. What depends on a race is played again."""
    storm = storm_over(mistake)

    story = next(filter(None, (storm.play(a_day(text), promise) for _ in range(10))))

    assert story.broken_by.endswith(".")


@pytest.mark.parametrize("text", sorted({text for _, text in MISTAKES.values()}))
def test_the_honest_integration_keeps_every_promise_on_the_same_days(storm_over: Make, text: str) -> None:
    """A storm must not cry wolf."""
    assert storm_over().play(a_day(text)) is None


CONNECTED = {
    "disconnect lost": ("knows of one webhook", "nothing_left"),
    "disconnect 503": ("knows of one webhook", "nothing_left"),
    "disconnect, connect lost, connect": ("knows of one webhook", "listens"),
    "disable, connect_once_more": ("takes any webhook for its own", "listens"),
    "click, disable, verdict no_answer": ("asks for nothing", "caught_up"),
    "click, disable crowd, verdict no_answer": ("reads one page", "caught_up"),
    "click, disconnect, verdict no_answer": ("asks for nothing", "caught_up"),
    "answer 503, answer 503, answer 503, click": ("stays busy", "stays_connected"),
}
"""Days that show a mistake of an integration that is connected and disconnected, and the promise that it breaks."""


@pytest.mark.parametrize("text", CONNECTED)
def test_a_mistake_in_the_connection_breaks_its_promise(mock_alc: Alc, text: str) -> None:
    """On the day that shows it, which an honest integration survives."""
    mistake, promise = CONNECTED[text]

    def play(app: ConnectedApp) -> Story | None:
        connection = {"connect": app.connect, "disconnect": app.disconnect}
        storm = Storm(mock_alc, click=app.click, status=app.status, patience=0.0, **connection)
        return storm.play(a_day(text), promise)

    assert play(ConnectedApp(mock_alc)) is None
    assert play(ConnectedApp(mock_alc, mistake)) is not None


def test_nothing_is_found_in_an_honest_integration_that_is_connected(mock_alc: Alc) -> None:
    """Whose webhook is disabled, and which is connected and disconnected while ALC fails."""
    app = ConnectedApp(mock_alc)
    connection = {"connect": app.connect, "disconnect": app.disconnect}

    tally = Storm(mock_alc, click=app.click, status=app.status, patience=0.0, **connection).run(days=8, number=3)

    assert tally.days == 8


def test_tokens_expire_that_were_issued_while_the_clock_of_alc_was_ahead(mock_alc: Alc) -> None:
    """An earlier day may have moved it, and the storm has set it back."""
    mock_alc.advance(86_400)
    token = mock_alc.token()
    app = LittleApp(mock_alc.url, lambda: token)
    storm = Storm(mock_alc, click=app.click, status=app.status, patience=0.0)

    assert storm.play(a_day("click"), "recovers") is None
    assert storm.play(a_day("tokens, click"), "recovers") is not None


def test_an_integration_that_answers_no_more_is_a_story(mock_alc: Alc) -> None:
    """If the storm cannot start it again, the story is the day up to then, and says what would shorten it."""
    app = ConnectedApp(mock_alc)

    def status(record_id: str) -> str | None:
        if app.crm.get(record_id, ("", ""))[1] == "Failed":
            raise ConnectionError("Connection refused.")
        return app.status(record_id)

    story = Storm(mock_alc, click=app.click, status=status).play(a_day("click, wait minute, verdict no_answer, click"))

    assert story is not None
    assert story.happenings == tuple(a_day("click, wait minute, verdict no_answer"))
    assert story.broken_by.startswith("The integration no longer answers (without --run, ")
    assert story.broken_by.endswith("to shorten the day): Connection refused.")


def test_what_comes_late_and_is_wrong_is_seen(mock_alc: Alc) -> None:
    """An integration that is right at first may have something under way."""
    app, late = ConnectedApp(mock_alc), list[str]()

    def status(record_id: str) -> str | None:
        return late[-1] if late else app.status(record_id)

    storm = Storm(mock_alc, click=app.click, status=status, settle=lambda: late.append("Failed"), patience=0.0)

    story = storm.play(a_day("click"))

    assert story is not None
    assert story.promise == "reflected"


def test_nothing_is_found_in_an_honest_integration(storm_over: Make) -> None:
    """Nor on days that nobody has chosen."""
    tally = storm_over().run(days=8)

    assert tally.days == 8
    assert tally.happenings > 16


def days_of(number: int, **can: Callable[..., object]) -> list[tuple[Happening, ...]]:
    """The days that a number invents for an integration that can be sent to, and what else is said."""
    integration = Integration(click=print, status=lambda _: None, **can)
    chance = random.Random(number)  # noqa: S311 - invents days
    return [invent(integration, chance) for _ in range(200)]


def test_the_same_number_invents_the_same_days() -> None:
    """So that a colleague finds the same."""
    assert days_of(7) == days_of(7) != days_of(8)


def test_what_is_prepared_often_meets_a_click() -> None:
    """An answer that will be lost shows nothing on a day on which nobody is sent after it."""
    prepared = [pair for day in days_of(1) for pair in pairwise(day) if pair[0].how == "out_of_order"]
    met = [pair for pair in prepared if pair[1].do == "click" and pair[1].who == pair[0].who]

    assert len(met) > len(prepared) / 3 > 3


def test_only_the_promises_that_somebody_has_made_are_judged(storm_over: Make) -> None:
    """An integration may do without one."""
    day = a_day("click, verdict stale")

    assert storm_over("old ones are taken", promises=["one_chat", "reflected"]).play(day) is None
    with pytest.raises(KeyError):
        storm_over(promises=["no_such_promise"])


def test_what_an_integration_cannot_do_never_happens() -> None:
    """Without `kill` and `start` nobody is killed, and without `connect` and `disconnect` nobody disconnected."""
    pairs: list[dict[str, Callable[..., object]]] = [
        {}, {"kill": print, "start": print}, {"connect": print, "disconnect": print},
    ]  # fmt: skip
    happen = [{each.do for day in days_of(1, **can) for each in day} for can in pairs]

    assert happen[1] - happen[0] == {"kill"}
    assert happen[2] - happen[0] == {"refresh", "disconnect", "connect", "connect_once_more", "disable"}


def test_a_story_is_saved_and_played_again(storm_over: Make, tmp_path: Path) -> None:
    """By somebody else, who needs the file and nothing more."""
    storm = storm_over("new key for each try")
    story = storm.play(a_day("answer lost_after, click, wait day"))
    assert story
    story.save(tmp_path / "story.json")

    read = Story.load(tmp_path / "story.json")

    assert str(read) == str(story)
    assert storm.play(read.happenings, read.promise) is not None


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"storm": 1, "happened": [{"do": "dance", "who": 1, "how": ""}]}'])
def test_a_file_that_is_no_story_is_refused_in_a_sentence(tmp_path: Path, text: str) -> None:
    """With its name."""
    (tmp_path / "other.json").write_text(text)

    with pytest.raises(StoryUnreadable, match=r"other\.json is not a story of a storm"):
        Story.load(tmp_path / "other.json")


def test_every_operation_and_promise_is_told_in_a_sentence() -> None:
    """Whatever the variant."""
    told = [Happening(operation.name, 2, how).tell() for operation in OPERATIONS.values() for how in operation.variants]

    assert not [sentence for sentence in told if not sentence.endswith(".") or "{" in sentence]
    assert not [promise.name for promise in PROMISES.values() if not promise.says.endswith(".")]
