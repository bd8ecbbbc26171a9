"""Measure how soon the mock of ALC and the demo start, beside the import time of their libraries."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from statistics import median

import requests

from tests.soak.table import Report
from tests.support.servers.stack import free_ports
from tests.support.waiting import PATIENCE

LIBRARIES = "import flask, sqlmodel"
OUR_LIBRARIES = "import flask, requests, authlib, sqlmodel"
OUR_WEB = "import alc_app.web.factory"
POLL_INTERVAL = 0.002


def run(rounds: int, home: Path, on_progress: Callable[[], None] = lambda: None) -> Report:
    """Start and import everything in turns, so that the load of the machine affects all.

    The times are medians, without the first round, which fills the caches.
    """
    measured = []
    for _ in range(rounds + 1):
        imported = [_import(code) for code in (LIBRARIES, OUR_WEB, OUR_LIBRARIES)]
        measured.append((*_start(home), imported[0][0], imported[1][1], imported[2][1], _first_page(home)))
        on_progress()
    columns = zip(*measured[1:], strict=True)
    listens, answered, alone, web, libraries, page = (median(each) * 1000 for each in columns)
    report = Report()
    report.add("import of the web app ÷ import of its libraries, by processor", web / libraries, "≤ 1.3")
    report.add("  the web app, processor ms", web)
    report.add("  flask, requests, authlib and sqlmodel, processor ms", libraries)
    report.add("`alc-app demo` → its first page, ms", page, "≤ 2000")
    report.add("`mock-alc serve` → its first answer ÷ import of its libraries", answered / alone)
    report.add("`mock-alc serve` → it listens, ms", listens)
    report.add("`mock-alc serve` → its first answer, ms", answered)
    report.add("  flask and sqlmodel, ms", alone)
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


def _first_page(home: Path) -> float:
    """Return the seconds from `alc-app demo` until the workspace's first page is there."""
    port, alc, attio = free_ports(3)
    command = [Path(sys.executable).with_name("alc-app"), "demo", "--home", home / "demo", "--port", str(port)]
    command += ["--alc-url", f"http://127.0.0.1:{alc}", "--mock-attio-port", str(attio)]
    with (home / "demo.log").open("ab") as log:
        began = time.perf_counter()
        with subprocess.Popen(command, stdout=log, stderr=log) as process:  # noqa: S603 - our own program
            try:
                _until_it_listens(port, process)
                while not requests.get(f"http://127.0.0.1:{port}/", timeout=PATIENCE).ok:  # Attio is not there yet
                    time.sleep(POLL_INTERVAL)
                return time.perf_counter() - began
            finally:
                process.terminate()


def _until_it_listens(port: int, process: subprocess.Popen[bytes]) -> float:
    while process.poll() is None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return time.perf_counter()
        time.sleep(POLL_INTERVAL)
    raise ChildProcessError(f"mock-alc serve has ended with {process.returncode}.")


def _import(code: str) -> tuple[float, float]:
    """Return the seconds of a process that runs this code, and those of its processor."""
    before = os.times()
    subprocess.run([sys.executable, "-c", code], check=True)  # noqa: S603 - our own interpreter
    after = os.times()
    spent = after.children_user - before.children_user + after.children_system - before.children_system
    return after.elapsed - before.elapsed, spent
