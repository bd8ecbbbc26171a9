"""A sample of the state machine; `scripts/bench machine` plays as many days as you like."""

from pathlib import Path

from tests.soak import machine


def test_whatever_happens_the_promises_hold(tmp_path: Path) -> None:
    """I1, I3, I5, I6 after every step, all of I1-I6 when it has calmed down."""
    report = machine.run(examples=10, seed=2, home=tmp_path)

    assert not report.wrong, "\n".join(report.wrong)
    assert report.seen["crashes"]
