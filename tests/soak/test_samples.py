"""Short runs of four soaks; `scripts/bench` runs all of them for longer."""

from pathlib import Path

import pytest

from mock_alc.testing.storm import Storm, Story
from mock_alc.testing.storm.happening import Happening
from mock_alc.testing.storm.search import Tally
from tests.soak import burst, lifecycle, storm
from tests.soak.mix import run as mix

LEFT_OUT = ("odd verdict", "attio loses answers", "reconnect")
"""What the app, or ALC, waits for some ten seconds."""


@pytest.mark.xdist_group("proxied")
def test_rounds_of_connect_and_disconnect_with_random_faults_leave_nothing(tmp_path: Path) -> None:
    """I2, I5, C8, C10: no webhook, no valid token and no unfinished row is left."""
    report = lifecycle.run(rounds=4, seed=1, home=tmp_path, hanging=False, one_process=True)

    assert not report.wrong
    assert report.connected
    assert sum(report.faults.values()) >= 3


@pytest.mark.xdist_group("machines")
def test_shuffled_verdicts_come_to_the_last_word_though_a_worker_is_killed(tmp_path: Path) -> None:
    """I1, I3, I6: each record shows its latest verdict, and no write has repeated a value."""
    report = burst.run(events=20, seed=1, home=tmp_path)

    assert not report.wrong
    assert report.answers == {200: 22}
    assert report.writes == report.transitions > 10


@pytest.mark.xdist_group("kill")
def test_threads_that_click_merge_delete_and_break_things_leave_every_record_right(tmp_path: Path) -> None:
    """I1, I2, I3, I4, C5: one chat for each request, and each record shows it, as seen at ALC and in the CRM."""
    report = mix.run(operations=30, threads=6, seed=1, home=tmp_path, without=LEFT_OUT)

    assert not report.wrong
    assert report.leads
    assert report.merges
    assert sum(sum(outcomes.values()) for outcomes in report.kinds.values()) >= 30


WORST_DAY = (
    Happening("kill", 1, "in_click"), Happening("click", 2), Happening("kill", 2, "after_verdict"),
    Happening("disable"), Happening("kill", 1, "in_connect"), Happening("next_verdict", 1, "early"), Happening("click"),
    Happening("disconnect", 1, "lost"),
)  # fmt: skip
"""A process is killed three times, each in the middle of something."""


def play_the_worst_day(weather: Storm) -> Story | None:
    """Play it, and look that it is what it says."""
    tally = Tally()
    story = weather.play(WORST_DAY, tally=tally)
    assert (tally.kills, tally.happenings) == (3, len(WORST_DAY))
    return story


@pytest.mark.xdist_group("storm")
def test_the_worst_day_and_an_invented_one_break_no_promise(tmp_path: Path) -> None:
    """I1, I2, I3, I4: judged as for any integration, by what ALC knows and the CRM shows."""
    with storm.storm_over_the_app(tmp_path) as weather:
        assert play_the_worst_day(weather) is None
        assert weather.run(days=1, number=1).happenings


@pytest.mark.xdist_group("storm on postgres")
def test_the_worst_day_breaks_no_promise_with_two_workers_on_postgres(tmp_path: Path, postgres: str) -> None:
    """I1, I2, I3, I4: whichever of the processes is killed."""
    with storm.storm_over_the_app(tmp_path, postgres) as weather:
        assert play_the_worst_day(weather) is None
