"""`alc-app demo`, as `scripts/demo` starts it: servers start, are restarted after a crash, and stop together."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.people import User
from tests.support.servers.clients import Attio
from tests.support.servers.stack import free_ports
from tests.support.waiting import PATIENCE, eventually


@pytest.mark.skipif(sys.platform != "linux", reason="looks the children up in /proc")
def test_the_demo_runs_the_loop_heals_a_killed_worker_and_stops_on_ctrl_c(tmp_path: Path) -> None:
    """One command, one log, four servers. After kill -9 the worker is restarted; Ctrl-C leaves no process behind."""
    app, alc, attio_port = free_ports(3)
    command = [sys.executable, "-m", "alc_app", "demo", "--port", str(app), "--home", str(tmp_path / "home")]
    command += ["--alc-url", f"http://127.0.0.1:{alc}", "--mock-attio-port", str(attio_port), "--decide-after", "0.5"]
    log = tmp_path / "demo.log"
    with log.open("wb") as output:
        demo = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)  # noqa: S603 - our own program
    try:
        eventually(lambda: "Open the workspace" in log.read_text(), what=log.read_text)
        eventually(lambda: "worker-0 is ready" in log.read_text(), what=log.read_text)
        user = User(f"http://127.0.0.1:{app}")
        user.connect_alc()
        token = (tmp_path / "home" / "mock_attio_token").read_text()
        ada = Attio(f"http://127.0.0.1:{attio_port}", token).find("Ada Lovelace")

        os.kill(_child(demo.pid, "worker"), signal.SIGKILL)
        user.click_send(ada)

        user.wait_for_status(ada, "Complete")
    finally:
        demo.send_signal(signal.SIGINT)
        assert demo.wait(timeout=20) == 0
    assert not _children(demo.pid)


def test_the_demo_ends_with_the_reason_when_a_home_is_too_old(tmp_path: Path) -> None:
    """A home from before 0.1.0: one sentence that says what to do, no welcome, and no process left behind."""
    app, alc, attio_port = free_ports(3)
    with sqlite3.connect(tmp_path / "app.db") as database:
        database.execute("create table app_schema (version_num varchar)")
        database.execute("insert into app_schema values ('0024')")
    database.close()
    command = [sys.executable, "-m", "alc_app", "demo", "--port", str(app), "--home", str(tmp_path)]
    command += ["--alc-url", f"http://127.0.0.1:{alc}", "--mock-attio-port", str(attio_port)]

    demo = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)  # noqa: S603 - our own program

    assert demo.returncode == 1
    assert "before 0.1.0 and cannot be migrated" in demo.stdout
    assert "web could not be started" in demo.stderr
    assert "Open the workspace" not in demo.stdout


def _children(parent: int) -> dict[int, str]:
    """Return the child processes of a process, with their command lines."""
    found = {}
    for folder in Path("/proc").iterdir():
        try:
            if folder.name.isdigit() and (folder / "stat").read_text().rsplit(") ", 1)[1].split()[1] == str(parent):
                found[int(folder.name)] = (folder / "cmdline").read_text().replace("\0", " ")
        except OSError:
            continue  # it has just ended
    return found


def _child(parent: int, command: str) -> int:
    return next(pid for pid, line in _children(parent).items() if line.split()[-1] == command)
