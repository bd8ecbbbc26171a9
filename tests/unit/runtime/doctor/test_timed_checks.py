"""Timed checks: in parallel, in bounded time, and with one thread for each."""

from __future__ import annotations

import threading
import time

import pytest

from alc_app.attio.host import trace
from alc_app.runtime.doctor.timed_checks import ReadinessChecks


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

    checks = ReadinessChecks({"slow": hang, "quick": lambda: None})
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
