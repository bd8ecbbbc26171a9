"""`alc-app demo`, as `scripts/demo` starts it: servers start, are restarted after a crash, and stop together."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest

from tests.support.people import User
from tests.support.servers import demo
from tests.support.servers.clients import Attio


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
