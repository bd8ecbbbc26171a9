"""What the servers cost while nobody does anything, in processor time."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path

from tests.soak.processes import processor_seconds
from tests.support.people import User
from tests.support.servers.stack import Stack

SETTLE = 60.0
"""Seconds until whatever follows a start or a connect is over."""


@dataclass
class Report:
    """What was measured, in percent of one core."""

    seconds: float
    worker: float = 0.0
    web: float = 0.0
    stand_in: float = 0.0
    mock_alc: float = 0.0
    whole_demo: float = 0.0
    wrong: list[str] = field(default_factory=list)


def run(seconds: float, home: Path, database_url: str = "", settle: float = SETTLE) -> Report:
    """Start everything, connect, wait until it is calm, and measure for so many seconds."""
    stack = Stack(home, **({"ALC_APP_DATABASE_URL": database_url} if database_url else {}))
    with stack:
        User(stack.app_url).connect_alc()
        time.sleep(settle)
        servers = {"worker": stack.worker, "web": stack.web, "stand_in": stack.attio, "mock_alc": stack.alc}
        before = {name: processor_seconds([server.pid]) for name, server in servers.items()}
        began = time.monotonic()
        time.sleep(seconds)
        passed, report = time.monotonic() - began, Report(seconds)
        for name, server in servers.items():
            setattr(report, name, round((processor_seconds([server.pid]) - before[name]) / passed * 100, 2))
        report.whole_demo = round(report.worker + report.web + report.stand_in + report.mock_alc, 2)
        return report
