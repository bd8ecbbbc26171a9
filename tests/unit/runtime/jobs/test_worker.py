"""The worker's end: within ten seconds, and never while another worker could do the same run."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dbos
import pytest

from alc_app.attio import App, Events, Record, RecordAction
from alc_app.attio.host.errors import ServerFunctionError
from alc_app.attio.server import server_function
from alc_app.runtime.jobs.worker import Worker
from alc_app.runtime.routes.record_actions import Actions
from alc_app.runtime.services import Services
from tests.support.fakes.engine import FakeEngine
from tests.support.waiting import PATIENCE, eventually

STUCK = """
import threading, time
from alc_app.runtime.jobs import worker
worker.EXIT_WITHIN = 0.5

class Stuck:
    def start(self): print("ready", flush=True)
    def stop(self):
        threading.Thread(target=time.sleep, args=(60,)).start()  # a run that no deadline reaches
        time.sleep(60)

worker.run_until_signal(Stuck())
"""


def test_the_id_is_kept_while_a_run_is_still_working(
    services: Services, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """C15, C4: another worker that took the run over would make the same calls at the same time."""
    monkeypatch.setattr(dbos.DBOS, "destroy", lambda **_: None)
    worker, answered = Worker(services), threading.Event()
    monkeypatch.setattr(worker._relay, "stop", lambda: None)
    services.worker_ids.acquire("worker-0")

    def waits_for_a_silent_peer() -> dict[str, bool]:
        return {"ok": answered.wait(PATIENCE)}

    thread = threading.Thread(target=worker._as_function(waits_for_a_silent_peer))
    thread.start()
    eventually(lambda: bool(worker._runs_under_way))

    worker.stop()
    assert services.worker_ids.is_mine()
    answered.set()
    thread.join(PATIENCE)
    worker.stop()
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
    worker.start()
    try:
        for number in ("an old number", "a new number", "another number"):
            list(actions.start("act", number))
    finally:
        worker.stop()

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
