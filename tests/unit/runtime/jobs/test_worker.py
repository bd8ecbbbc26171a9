"""The worker's end: within ten seconds, and never while another worker could do the same run."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import dbos
import pytest

from alc_app.attio import App, Events, Record, RecordAction
from alc_app.attio.host.errors import ServerFunctionError
from alc_app.attio.server import server_function
from alc_app.cli import demo
from alc_app.mock_attio import server as mock_attio
from alc_app.mock_attio.store import webhook_sender
from alc_app.runtime.jobs.worker import Worker
from alc_app.runtime.routes.record_actions import Actions
from alc_app.runtime.services import Services
from alc_app.runtime.stop_signals import EXIT_WITHIN
from mock_alc.background import worker as mock_alc
from tests.support.fakes.engine import FakeEngine
from tests.support.waiting import PATIENCE

STUCK = """
import threading, time
from alc_app.runtime import stop_signals
from alc_app.runtime.jobs import worker
stop_signals.EXIT_WITHIN = 0.5

class Stuck:
    def start(self): print("ready", flush=True)
    def stop(self):
        threading.Thread(target=time.sleep, args=(60,)).start()  # a run that no deadline reaches
        time.sleep(60)

worker.run_until_signal(Stuck())
"""


def test_the_id_is_given_back_when_the_last_run_has_ended(
    services: Services, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """C15, C4: another worker that took a run over before would make the same calls at the same time."""
    del engine
    seen: list[tuple[bool, bool]] = []

    def destroy(*, workflow_completion_timeout_sec: float, **_: bool) -> None:
        """Wait for the runs, as DBOS does; the process ends before it gives up."""
        seen.append((services.worker_ids.is_mine(), workflow_completion_timeout_sec > EXIT_WITHIN))

    monkeypatch.setattr(dbos.DBOS, "destroy", destroy)
    worker = Worker(services)
    monkeypatch.setattr(worker._relay, "stop", lambda: None)
    services.worker_ids.acquire("worker-0")

    worker.stop()

    assert seen == [(True, True)]
    assert not services.worker_ids.is_mine()


def test_a_click_after_a_run_that_failed_runs_the_function_again(make_services: Callable[..., Services]) -> None:
    """C1: on the engine itself. The run had ended in an unforeseen error, such as a database that was locked."""
    seen: list[str] = []

    @server_function(idempotency_key=lambda _: "the-same")
    def send(number: str) -> str:
        seen.append(number)
        if len(seen) == 1:
            raise sqlite3.OperationalError("database is locked")
        return f"sent to {number}"

    async def on_trigger(number: str) -> None:
        try:
            told.append(await send(number))
        except ServerFunctionError as error:
            told.append(error.message)

    told: list[Any] = []
    record = Record([RecordAction("act", "Act", on_trigger)])
    services = make_services(App(record, [send], {}, Events(lambda _: None, lambda _: None)))
    worker, actions = Worker(services, "worker-0"), Actions(services, lambda *_: {})

    def work() -> None:
        worker.start()
        try:
            for number in ("an old number", "a new number", "another number"):
                list(actions.start("act", number))
        finally:
            worker.stop()

    with ThreadPoolExecutor(1) as thread:  # DBOS does not start beside the event loop that a browser test leaves behind
        thread.submit(work).result()

    assert seen == ["an old number", "a new number"]
    assert told == [told[0], "sent to a new number", "sent to a new number"]
    assert "Something unexpected" in told[0]


def test_sigterm_ends_the_process_whatever_the_runs_do() -> None:
    """C15: exit code 0, before the supervisor kills it."""
    command = [sys.executable, "-c", STUCK]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path(__file__).parents[4]) as process:  # noqa: S603 - ours
        assert process.stdout and process.stdout.readline() == b"ready\n"
        process.terminate()
        assert process.wait(timeout=PATIENCE) == 0


def test_the_waits_of_each_process_fit_into_ten_seconds() -> None:
    """C15: what each may wait for, one after the other, with something left for a slow machine."""
    assert EXIT_WITHIN < demo.STOP_TIMEOUT < 9.5
    assert 2 * mock_attio.FINISH_SECONDS + webhook_sender.STOP_SECONDS < 9.5
    assert 2 * mock_alc.STOP_SECONDS < 9.5
