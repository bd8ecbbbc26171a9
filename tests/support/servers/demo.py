"""`alc-app demo`, as `scripts/demo` starts it, on free ports."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.servers.stack import free_ports
from tests.support.waiting import eventually


@dataclass(frozen=True)
class Demo:
    """A demo that is to be started: its home, and where it will be."""

    home: Path
    url: str
    attio_url: str
    command: list[str]


@dataclass(frozen=True)
class RunningDemo(Demo):
    """A demo that runs, and what it has said on the screen so far."""

    pid: int
    said: str


def plan(home: Path, *more: str) -> Demo:
    """Choose ports for a demo with this home, and with `more` arguments."""
    app, alc, attio = free_ports(3)
    command = [sys.executable, "-m", "alc_app", "demo", "--port", str(app), "--home", str(home)]
    command += ["--alc-url", f"http://127.0.0.1:{alc}", "--mock-attio-port", str(attio), *more]
    return Demo(home, f"http://127.0.0.1:{app}", f"http://127.0.0.1:{attio}", command)


@contextmanager
def running(folder: Path, *more: str, welcome: str) -> Iterator[RunningDemo]:
    """Run a demo in this folder, from its `welcome` on; then press Ctrl-C, and see it end as it should."""
    demo, screen = plan(folder / "home", "--decide-after", "0.5", *more), folder / "screen"
    log = demo.home / "demo.log"
    with screen.open("wb") as output:
        process = subprocess.Popen(demo.command, stdout=output, stderr=subprocess.STDOUT)  # noqa: S603 - our own program
    try:
        eventually(lambda: welcome in screen.read_text(), what=screen.read_text)
        eventually(lambda: "worker-0 is ready" in log.read_text(), what=log.read_text)
        yield RunningDemo(demo.home, demo.url, demo.attio_url, demo.command, process.pid, screen.read_text())
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=20) == 0
