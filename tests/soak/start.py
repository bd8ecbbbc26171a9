"""Measure how soon the mock of ALC starts, beside the import time of its libraries on the same machine."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import requests

from tests.support.servers.stack import free_ports
from tests.support.waiting import PATIENCE

LIBRARIES = [sys.executable, "-c", "import flask, sqlmodel"]
POLL_INTERVAL = 0.002


@dataclass
class Report:
    """Median milliseconds from the command on, without the first start, which fills the caches."""

    rounds: int
    listens_ms: float
    has_answered_ms: float
    libraries_alone_ms: float
    answer_by_libraries: float
    wrong: list[str] = field(default_factory=list)


def run(rounds: int, home: Path, on_progress: Callable[[], None] = lambda: None) -> Report:
    """Start the mock and import its libraries in turns, so that the load of the machine affects both."""
    measured = []
    for _ in range(rounds + 1):
        measured.append((*_start(home), _load_libraries()))
        on_progress()
    listens, answered, alone = (median(each) * 1000 for each in zip(*measured[1:], strict=True))
    report = Report(rounds, listens, answered, alone, answered / alone)
    if listens > alone:
        report.wrong.append("Its port is open only after everything has been loaded.")
    return report


def _start(home: Path) -> tuple[float, float]:
    """Return the seconds until the port is open, and until a request that is sent at once has its response."""
    [port] = free_ports(1)
    command = [Path(sys.executable).with_name("mock-alc"), "serve", "--port", str(port), "--control"]
    with (home / "mock-alc.log").open("ab") as log:
        began = time.perf_counter()
        with subprocess.Popen(command, stdout=log, stderr=log) as process:  # noqa: S603 - our own program
            try:
                listens = _until_it_listens(port, process) - began
                requests.post(f"http://127.0.0.1:{port}/_mock/tokens", timeout=PATIENCE).raise_for_status()
                return listens, time.perf_counter() - began
            finally:
                process.terminate()


def _until_it_listens(port: int, process: subprocess.Popen[bytes]) -> float:
    while process.poll() is None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return time.perf_counter()
        time.sleep(POLL_INTERVAL)
    raise ChildProcessError(f"mock-alc serve has ended with {process.returncode}.")


def _load_libraries() -> float:
    began = time.perf_counter()
    subprocess.run(LIBRARIES, check=True)  # noqa: S603 - our own interpreter
    return time.perf_counter() - began
