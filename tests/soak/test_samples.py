"""Short runs of four soaks; `scripts/bench` runs all of them for longer."""

from pathlib import Path

import pytest

from alc_app.labs.stories import of_the_tutorial
from mock_alc.testing.storm import Story
from tests.soak import burst, lifecycle, storm
from tests.soak.mix import run as mix

LEFT_OUT = ("odd verdict", "attio loses answers", "reconnect")
"""What the app, or ALC, waits for some ten seconds."""


@pytest.mark.xdist_group("proxied")
def test_rounds_of_connect_and_disconnect_with_random_faults_leave_nothing(tmp_path: Path) -> None:
    """I2, I5, C8, C10: no webhook, no valid token and no unfinished row is left."""
    report = lifecycle.run(rounds=6, seed=1, home=tmp_path, hanging=False, one_process=True)

    assert not report.wrong
    assert report.connected
    assert sum(report.faults.values()) >= 4


@pytest.mark.xdist_group("machines")
def test_shuffled_verdicts_come_to_the_last_word_though_a_worker_is_killed(tmp_path: Path) -> None:
    """I1, I3, I6: each record shows its latest verdict, and no write has repeated a value."""
    report = burst.run(events=40, seed=1, home=tmp_path)

    assert not report.wrong
    assert report.answers == {200: 44}
    assert report.writes == report.transitions > 20


@pytest.mark.xdist_group("kill")
def test_threads_that_click_merge_delete_and_break_things_leave_every_record_right(tmp_path: Path) -> None:
    """I1, I2, I3, I4, C5: one chat for each request, and each record shows it, as seen at ALC and in the CRM."""
    report = mix.run(operations=60, threads=8, seed=1, home=tmp_path, without=LEFT_OUT)

    assert not report.wrong
    assert report.leads
    assert report.merges
    assert sum(sum(outcomes.values()) for outcomes in report.kinds.values()) >= 60


@pytest.mark.xdist_group("storm")
def test_invented_days_break_no_promise(tmp_path: Path) -> None:
    """I1, I2, I3, I4: judged as for any integration, by what ALC knows and the CRM shows."""
    report = storm.run(days=6, number=1, home=tmp_path)

    assert not report.wrong
    assert report.days == 6
    assert report.happenings > 6


@pytest.mark.xdist_group("storm")
def test_the_app_keeps_what_the_tutorials_code_breaks(tmp_path: Path) -> None:
    """I1, I2, I3, I4: on the same days, which *Break it* tells, and by the same judge."""
    stories = [Story.from_json(story.file) for story in of_the_tutorial()]
    with storm.storm_over_the_app(tmp_path) as weather:
        broken = [weather.play(story.happenings) for story in stories]

    assert broken == [None] * len(stories)


@pytest.mark.xdist_group("storm on postgres")
def test_invented_days_break_no_promise_with_two_workers_on_postgres(tmp_path: Path, postgres: str) -> None:
    """I1, I2, I3, I4: whichever of the processes is killed."""
    report = storm.run(days=4, number=2, home=tmp_path, database_url=postgres)

    assert not report.wrong
    assert report.days == 4
    assert report.happenings > 4
