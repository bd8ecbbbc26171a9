"""What the servers cost while nobody does anything, in processor time."""

from __future__ import annotations

import time
from pathlib import Path

from tests.soak.processes import processor_seconds
from tests.soak.table import Report
from tests.support.people import User
from tests.support.servers.stack import Stack

SETTLE = 60.0
"""Seconds until whatever follows a start or a connect is over."""


def run(seconds: float, home: Path, database_url: str = "", settle: float = SETTLE) -> Report:
    """Start everything, connect, wait until it is calm, and measure for so many seconds."""
    stack = Stack(home, ALC_APP_DATABASE_URL=database_url)
    with stack:
        User(stack.app_url).connect_alc()
        time.sleep(settle)
        servers = (stack.worker, stack.web, stack.attio, stack.alc)
        before = {server.name: processor_seconds([server.pid]) for server in servers}
        began = time.monotonic()
        time.sleep(seconds)
        passed = time.monotonic() - began
        used = {one.name: (processor_seconds([one.pid]) - before[one.name]) / passed * 100 for one in servers}
    report = Report()
    report.add("the whole demo at rest, % of a core", sum(used.values()), "≤ 4")
    for name, percent in used.items():
        report.add(f"  of which {name}, % of a core", percent, "≤ 2" if name == stack.worker.name else "")
    return report
