"""What the processes have logged that no process should log."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from tests.support.servers.process import Server

TRACEBACK = "Traceback (most recent call last)"
NEVER = ("deadlock detected", "UniqueViolation", "UNIQUE constraint failed", "database is locked", "ended as ERROR")
"""In the app's own processes. The last is the web process's, about a run that a person waits for."""
ERROR = re.compile(r"^(?:[a-z_]\w*\.)+[A-Z]\w*(?=[:\s]|$)")
"""The last line of a traceback: the name of the exception with its module."""
OURS = re.compile(r'File ".*/(alc_app/[^"]+)", line (\d+), in (\w+)')
FRAMES = 3
Counts = dict[str, int]


def count(servers: Iterable[Server]) -> tuple[Counts, Counts]:
    """Count errors by process, kind and our lines that they came through: all of them, and those that are never."""
    found, never = Counter[str](), Counter[str]()
    for server in servers:
        frames: list[str] = []
        for line in server.log.read_text(errors="replace").splitlines():
            if TRACEBACK in line:
                found[f"{server.name}: {TRACEBACK}"] += 1
                frames = []
            elif frame := OURS.search(line):
                frames.append(f"{frame[1].removeprefix('alc_app/')}:{frame[2]} {frame[3]}")
            through = " > ".join(frames[-FRAMES:])
            if ERROR.match(line):
                found[f"{server.name}: {line[:120]} [{through}]"] += 1
            for words in filter(line.__contains__, NEVER):
                never[f"{server.name}: {words} [{through or line[:200]}]"] += 1
    return dict(sorted(found.items())), dict(never)
