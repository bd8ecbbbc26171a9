"""Timed checks: in parallel, in bounded time, and with one thread for each."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from alc_app.attio.host import trace
from alc_app.runtime.doctor.timed_checks import FRESH, STALE, ReadinessChecks
from tests.support.waiting import eventually


def test_what_is_missing_is_named_and_what_is_there_is_not() -> None:
    """A sentence for a person, under a name for a machine."""
    assert ReadinessChecks({"a": lambda: None, "b": lambda: "B is down."}).missing(1.0) == {"b": "B is down."}


def test_a_check_that_hangs_is_missing_in_time_and_is_begun_once() -> None:
    """However often it is asked for, a hanging check holds one thread."""
    begun: list[float] = []
    end = threading.Event()

    def hang() -> str | None:
        begun.append(time.monotonic())
        end.wait(10)
        return None

    checks = ReadinessChecks({"slow": hang, "quick": lambda: None}, itertools.count(step=FRESH).__next__)
    started = time.monotonic()
    for _ in range(3):
        assert checks.missing(0.05) == {"slow": "No answer came within 0.05 seconds."}
    assert time.monotonic() - started < 1
    assert len(begun) == 1

    end.set()
    assert checks.missing(5.0) == {}


def test_a_check_that_fails_is_missing(caplog: pytest.LogCaptureFixture) -> None:
    """Nothing of its error is shown to whoever asks."""

    def fail() -> str | None:
        raise ZeroDivisionError("canary")

    assert "canary" not in str(ReadinessChecks({"bad": fail}).missing(1.0))
    assert "canary" in caplog.text


def test_a_check_belongs_to_the_trace_of_whoever_asks() -> None:
    """Its calls are found by the id of the request."""
    with trace.resumed(f"00-{'a' * 32}-{'b' * 16}-01"):
        assert ReadinessChecks({"trace": trace.trace_id}).missing(1.0) == {"trace": "a" * 32}


class Slow:
    """A check that waits until it may go on, and a clock that is set."""

    def __init__(self) -> None:
        self.begun, self.may_end, self.now = 0, threading.Event(), 1000.0
        self.may_end.set()
        self.checks = ReadinessChecks({"slow": self.check}, lambda: self.now)

    def check(self) -> str | None:
        self.begun += 1
        self.may_end.wait(30)
        return f"Answer {self.begun}."

    def ask(self) -> str:
        return self.checks.missing(30.0)["slow"]


@pytest.fixture
def slow() -> Iterator[Slow]:
    """One that ends with the test."""
    slow = Slow()
    yield slow
    slow.may_end.set()


def test_an_answer_is_kept_for_two_seconds(slow: Slow) -> None:
    """U10: a stranger who asks a thousand times costs one call to Attio and to ALC."""
    assert {slow.ask() for _ in range(1000)} == {"Answer 1."}
    slow.now += FRESH
    assert {slow.ask() for _ in range(1000)} == {"Answer 2."}


def test_while_one_looks_the_others_are_told_what_was_found_before(slow: Slow) -> None:
    """U10: a peer that hangs holds one of the server's threads, and not all of them."""
    slow.ask()
    slow.may_end.clear()
    slow.now += FRESH
    with ThreadPoolExecutor(1) as pool:
        looking = pool.submit(slow.ask)
        eventually(lambda: slow.begun == 2)

        assert {slow.ask() for _ in range(100)} == {"Answer 1."}
        slow.may_end.set()
        assert looking.result() == "Answer 2."


def test_what_is_old_is_told_to_nobody(slow: Slow) -> None:
    """C15: whoever asks first after a while waits for what is true now, and so does whoever asks meanwhile."""
    slow.ask()
    slow.may_end.clear()
    slow.now += STALE
    with ThreadPoolExecutor(3) as pool:
        asked = [pool.submit(slow.ask) for _ in range(3)]
        eventually(lambda: slow.begun == 2)
        slow.may_end.set()

        assert {one.result() for one in asked} == {"Answer 2."}
    assert slow.begun == 2
