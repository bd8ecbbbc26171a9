"""Short runs of two soaks; `scripts/bench` runs all of them for longer."""

from pathlib import Path

import pytest

from tests.soak import burst, lifecycle


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
