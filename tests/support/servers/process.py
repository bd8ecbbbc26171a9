"""A command of ours, running: forked from a process that has imported everything, so that it starts at once."""

from __future__ import annotations

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

from tests.support.waiting import eventually

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["tests.support.servers.warm"])
GRACE = 20.0
"""Seconds in which a process has to end when it is asked to; twice of what is promised, on a busy machine."""


def _live(arguments: Sequence[str], environment: Mapping[str, str], log: str) -> None:
    """The body of a forked process: what `python -m …` does."""
    os.setsid()
    file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(file, 1)
    os.dup2(file, 2)
    sys.stdout, sys.stderr = os.fdopen(1, "w", buffering=1), os.fdopen(2, "w", buffering=1)
    os.environ.update(environment)
    sys.argv = list(arguments)
    runpy.run_module(arguments[0], run_name="__main__", alter_sys=True)


@dataclass
class Server:
    """One command of ours: the module, and its arguments."""

    name: str
    arguments: list[str]
    url: str
    environment: dict[str, str]
    log: Path
    process: BaseProcess | None = field(default=None, repr=False)

    def start(self) -> None:
        """Start it; returns when it answers."""
        self.launch()
        self.wait_until_it_answers()

    def launch(self) -> None:
        """Start it."""
        self.log.touch()
        command = (self.arguments, self.environment, str(self.log))
        self.process = FORKS.Process(target=_live, args=command, daemon=True)
        self.process.start()

    def wait_until_it_answers(self) -> None:
        """Wait for it, if it is one that answers."""
        if self.url:
            eventually(lambda: self.answers() or not self.lives, what=self.said)
            assert self.lives, f"{self.name} ended:\n{self.said()}"

    def answers(self) -> bool:
        """Does it answer?"""
        try:
            return requests.get(f"{self.url}/healthz", timeout=2).ok
        except requests.RequestException:  # not yet, or too busy
            return False

    @property
    def lives(self) -> bool:
        """Has it been started, and not ended?"""
        return self.process is not None and self.process.exitcode is None

    @property
    def pid(self) -> int:
        """The number of its process."""
        assert self.process is not None
        assert self.process.pid is not None
        return self.process.pid

    def terminate(self) -> None:
        """Ask it to stop, as a supervisor would."""
        os.kill(self.pid, signal.SIGTERM)

    def stop(self) -> int:
        """Stop it as a supervisor would; returns its exit code."""
        self.terminate()
        return self.ended()

    def ended(self) -> int:
        """Wait until it has; returns its exit code."""
        assert self.process is not None
        self.process.join(GRACE)
        assert self.process.exitcode is not None, f"{self.name} goes on:\n{self.said()}"
        return self.process.exitcode

    def wait_or_kill(self) -> None:
        """Leave nothing behind."""
        with suppress(AssertionError):
            self.ended()
        self.kill()

    def kill(self) -> None:
        """Stop it as a power cut would: every process of its session at once."""
        for end in (os.killpg, os.kill):  # it may not have come to a session of its own
            with suppress(ProcessLookupError):
                end(self.pid, signal.SIGKILL)
        self.ended()

    def said(self) -> str:
        """The last of its log."""
        return self.log.read_text()[-3000:]
