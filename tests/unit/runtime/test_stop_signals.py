"""SIGTERM and SIGINT end a process, whatever its main thread does when they come."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest

import alc_app.runtime.stop_signals
import mock_alc.double.stop_signals
from tests.support.waiting import PATIENCE

OnStopSignal = Callable[[Callable[[], object]], AbstractContextManager[None]]


@pytest.fixture(params=[alc_app.runtime.stop_signals, mock_alc.double.stop_signals], ids=["app", "mock"])
def on_stop_signal(request: pytest.FixtureRequest) -> OnStopSignal:
    """The app and the mock have one each: they share no code."""
    found: OnStopSignal = request.param.on_stop_signal
    return found


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_in_the_midst_of_a_wait_is_not_lost(on_stop_signal: OnStopSignal, number: int) -> None:
    """C15: a thread that begins to wait for an event holds its lock for a moment, and a handler would wait for that."""
    stop = threading.Event()
    with on_stop_signal(stop.set):
        with stop._cond:
            os.kill(os.getpid(), number)

        assert stop.wait(PATIENCE)


def test_other_signals_stop_nothing(on_stop_signal: OnStopSignal) -> None:
    """C15: such as one for a window that has another size."""
    stops, resized = threading.Semaphore(0), threading.Event()
    before = signal.signal(signal.SIGWINCH, lambda *_: resized.set())
    try:
        with on_stop_signal(stops.release):
            os.kill(os.getpid(), signal.SIGWINCH)
            assert resized.wait(PATIENCE)
            os.kill(os.getpid(), signal.SIGTERM)
            assert stops.acquire(timeout=PATIENCE)
            assert not stops.acquire(blocking=False)
    finally:
        signal.signal(signal.SIGWINCH, before)


def test_afterwards_all_is_as_before(on_stop_signal: OnStopSignal) -> None:
    """C15: a test or a script goes on with its own handlers."""
    before = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)]
    with on_stop_signal(lambda: None):
        pass

    assert [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)] == before
