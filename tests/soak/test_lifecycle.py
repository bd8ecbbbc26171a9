"""A few rounds of the soak, as a sample; `lifecycle.run` plays as many as you like."""

from pathlib import Path

import pytest

from tests.soak import lifecycle


@pytest.mark.xdist_group("hostile")
def test_rounds_of_connect_and_disconnect_with_random_faults_leave_nothing(tmp_path: Path) -> None:
    """I2, I5, C8, C10: no webhook, no token that works, no row that is not at its end."""
    report = lifecycle.run(rounds=6, seed=1, home=tmp_path, hanging=False, one_process=True)

    assert not report.wrong
    assert report.connected
    assert sum(report.faults.values()) >= 4
