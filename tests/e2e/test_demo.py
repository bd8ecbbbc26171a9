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
from tests.support.servers import demo
from tests.support.servers.clients import Attio
from tests.support.waiting import PATIENCE


@pytest.mark.skipif(sys.platform != "linux", reason="looks the children up in /proc")
def test_the_demo_runs_the_loop_heals_a_killed_worker_and_stops_on_ctrl_c(tmp_path: Path) -> None:
    """One command, four servers, a few lines that end with the address and what to do; the log is a file.

    After kill -9 the worker is restarted; Ctrl-C leaves no process behind.
    """
    with demo.running(tmp_path, welcome="Press Connect") as running:
        lines = [line.strip() for line in running.said.splitlines() if line.strip()]
        assert len(lines) <= 10 and lines[-2].endswith(running.url)
        assert (running.home / "demo.log").stat().st_mode & 0o077 == 0
        user = User(running.url)
        user.connect_alc()
        ada = Attio(running.attio_url, (running.home / "mock_attio_token").read_text()).find("Ada Lovelace")

        os.kill(_child(running.pid, "worker"), signal.SIGKILL)
        user.click_send(ada)

        user.wait_for_status(ada, "Complete")
    assert not _children(running.pid)


def test_the_demo_ends_with_the_reason_when_a_home_is_too_old(tmp_path: Path) -> None:
    """A home from before 0.1.0: one sentence that says what to do, no welcome, and no process left behind."""
    with sqlite3.connect(tmp_path / "app.db") as database:
        database.execute("create table app_schema (version_num varchar)")
        database.execute("insert into app_schema values ('0024')")
    database.close()
    command = demo.plan(tmp_path).command

    ended = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)  # noqa: S603 - our own program

    assert ended.returncode == 1
    assert "before 0.1.0 and cannot be migrated" in ended.stderr
    assert "web could not start" in ended.stderr
    assert "Press Connect" not in ended.stdout


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
