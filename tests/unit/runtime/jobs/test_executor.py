"""Runs without the engine: a delivery whose handler needs no durable step leaves nothing to the engine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from threading import Event
from typing import Any

import dbos
import pytest

from alc_app.attio.host import trace
from alc_app.attio.host.errors import ServerFunctionError
from alc_app.runtime.bell import WORK, Bell, Pipes
from alc_app.runtime.engine import ReachedDurableStep
from alc_app.runtime.jobs.executor import Executor
from tests.support.waiting import PATIENCE

RUN = "webhook:h:msg_1:1"


@pytest.fixture
def bell(tmp_path: Path) -> Bell:
    """The bell of this process."""
    return Bell(Pipes(tmp_path / "bells"))


@pytest.fixture
def executor(bell: Bell, monkeypatch: pytest.MonkeyPatch) -> Iterator[Executor]:
    """An executor whose engine was never launched."""
    monkeypatch.setattr(dbos.DBOS, "destroy", lambda **_: None)
    executor = Executor(bell)
    yield executor
    executor.stop()


def start(executor: Executor, work: Any) -> None:
    """Start a delivery's run."""
    executor.start_without_engine("webhook", RUN, work, lambda: executor.start("webhook", "h", "msg_1", run_id=RUN))


def test_a_run_takes_a_place_until_it_has_ended_and_then_rings(executor: Executor, bell: Bell) -> None:
    """R17: the relay gives it no second run meanwhile, and looks for what it may have left."""
    room, go_on = executor.free("webhook"), Event()

    with bell.listening(WORK) as listener:
        start(executor, go_on.wait)
        assert executor.is_running(RUN)
        assert executor.free("webhook") == room - 1
        go_on.set()
        assert listener.wait(PATIENCE) == {WORK}

    assert not executor.is_running(RUN)
    assert executor.free("webhook") == room


def test_a_run_that_comes_to_a_durable_step_begins_anew_with_the_engine(
    executor: Executor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """C4: its outcome has to be stored. The trace stays that of the delivery."""
    started: list[tuple[Any, ...]] = []
    monkeypatch.setattr(executor, "start", lambda *args, run_id: started.append((*args, run_id, trace.trace_id())))

    def work() -> None:
        raise ReachedDurableStep("create_lead")

    with trace.resumed(f"00-{'a' * 32}-{'b' * 16}-01"):
        start(executor, work)
    executor.stop()

    assert started == [("webhook", "h", "msg_1", RUN, "a" * 32)]


def test_a_run_that_fails_says_why_and_gives_its_place_back(
    executor: Executor, caplog: pytest.LogCaptureFixture
) -> None:
    """C14: the inbox asks for another."""
    room = executor.free("webhook")

    def work() -> None:
        raise OSError("no route to Attio")

    start(executor, work)
    executor.stop()

    assert "no route to Attio" in caplog.text
    assert executor.free("webhook") == room


def test_an_error_that_the_app_foresees_is_one_line(executor: Executor, caplog: pytest.LogCaptureFixture) -> None:
    """A CRM that is away for an hour fills no log with tracebacks."""

    def work() -> None:
        raise ServerFunctionError("Attio asks to slow down.")

    start(executor, work)
    executor.stop()

    assert [record.getMessage() for record in caplog.records] == ["A webhook failed: Attio asks to slow down."]
    assert "Traceback" not in caplog.text


def test_a_worker_that_stops_waits_for_its_runs(executor: Executor) -> None:
    """C15: another worker would begin them anew."""
    ended: list[str] = []

    start(executor, lambda: ended.append("yes"))
    executor.stop()

    assert ended == ["yes"]
