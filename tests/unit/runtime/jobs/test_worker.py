"""The worker's end: within ten seconds, and never while another worker could do the same run."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import dbos
import pytest

from alc_app.runtime.jobs.worker import Worker
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


def test_sigterm_ends_the_process_whatever_the_runs_do() -> None:
    """C15: exit code 0, before the supervisor kills it."""
    command = [sys.executable, "-c", STUCK]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path(__file__).parents[4]) as process:  # noqa: S603 - ours
        assert process.stdout and process.stdout.readline() == b"ready\n"
        process.terminate()
        assert process.wait(timeout=PATIENCE) == 0
