"""Run commands of ours as processes, forked from one that has imported everything, so that they start at once."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import runpy
import signal
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from pathlib import Path

import requests

from tests.support.waiting import PATIENCE, eventually

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["tests.support.servers.preload"])
GRACE = 20.0
"""Seconds for a process to end after SIGTERM: twice the 10 seconds that are promised, because tests run in parallel."""
PR_SET_PDEATHSIG = 1


def _run(arguments: Sequence[str], environment: Mapping[str, str], log: str, typed: str) -> None:
    """Run `python -m ARGUMENTS` in the forked process, with its output in the file `log` and `typed` as its input."""
    os.setsid()
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)  # a test run that is killed leaves no server behind
    file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(file, 1)
    os.dup2(file, 2)
    sys.stdout, sys.stderr = os.fdopen(1, "w", buffering=1), os.fdopen(2, "w", buffering=1)
    end, begin = os.pipe()
    os.write(begin, typed.encode())
    os.close(begin)
    os.dup2(end, 0)
    sys.stdin = os.fdopen(0)
    os.environ.update(environment)
    sys.argv = list(arguments)
    runpy.run_module(arguments[0], run_name="__main__", alter_sys=True)


@dataclass
class Server:
    """One command: a module and its arguments. `url` is "" if it serves nothing."""

    name: str
    arguments: list[str]
    url: str
    environment: dict[str, str]
    log: Path
    typed: str = ""
    """What somebody types."""
    process: BaseProcess | None = field(default=None, repr=False)

    def start(self) -> None:
        """Start the process, and wait until it responds."""
        self.launch()
        self.wait_until_ready()

    def launch(self) -> None:
        """Start the process without waiting."""
        self.log.touch()
        command = (self.arguments, self.environment, str(self.log), self.typed)
        self.process = FORKS.Process(target=_run, args=command, daemon=True)
        self.process.start()

    def wait_until_ready(self) -> None:
        """Wait until the process responds, if it has a URL."""
        if self.url:
            eventually(lambda: self.responds() or not self.is_running, what=self.log_tail)
            assert self.is_running, f"{self.name} ended:\n{self.log_tail()}"

    def responds(self) -> bool:
        """Return whether `/healthz` responds with success."""
        try:
            return requests.get(f"{self.url}/healthz", timeout=2).ok
        except requests.RequestException:
            return False

    @property
    def is_running(self) -> bool:
        """Whether the process has been started and has not ended."""
        return self.process is not None and self.process.exitcode is None

    @property
    def pid(self) -> int:
        """The process id."""
        assert self.process is not None
        assert self.process.pid is not None
        return self.process.pid

    def terminate(self) -> None:
        """Send SIGTERM."""
        os.kill(self.pid, signal.SIGTERM)

    def stop(self) -> int:
        """Send SIGTERM, wait until the process has ended, and return its exit code."""
        self.terminate()
        return self.wait_for_exit()

    def wait_for_exit(self, within: float = GRACE) -> int:
        """Wait until the process has ended, and return its exit code."""
        assert self.process is not None
        self.process.join(within)
        assert self.process.exitcode is not None, f"{self.name} is still running:\n{self.log_tail()}"
        return self.process.exitcode

    def wait_or_kill(self) -> None:
        """Wait until the process has ended, and kill it if it does not."""
        with suppress(AssertionError):
            self.wait_for_exit()
        self.kill()

    def kill(self) -> None:
        """Kill -9 the process and all others of its session, as a power cut would."""
        for end in (os.killpg, os.kill):  # it may have been killed before it created its session
            with suppress(ProcessLookupError):
                end(self.pid, signal.SIGKILL)
        self.wait_for_exit()

    def output(self, within: float = PATIENCE) -> tuple[int, str]:
        """Wait until a command has ended by itself. Return its exit code and what it printed, errors included."""
        return self.wait_for_exit(within), self.log.read_text()

    def log_tail(self) -> str:
        """Return the end of the log."""
        return self.log.read_text()[-3000:]
