"""One thread watches the deadlines of all calls."""

from threading import Event

from mock_alc.webhooks.deadlines import Deadlines
from tests.support.waiting import PATIENCE


def test_a_short_deadline_does_not_wait_for_a_long_one() -> None:
    """Only what is overdue is called."""
    deadlines, long, short = Deadlines(), Event(), Event()

    with deadlines.within(10 * PATIENCE, long.set), deadlines.within(0.01, short.set):
        assert short.wait(PATIENCE)

    assert not long.is_set()


def test_what_is_overdue_does_not_end_the_watch() -> None:
    """Deadlines pass one after another."""
    deadlines, passed = Deadlines(), [Event() for _ in range(3)]

    for one in passed:
        with deadlines.within(0.01, one.set):
            assert one.wait(PATIENCE)
