"""The demo's log: the output of every server in one file, and in the terminal on request."""

from __future__ import annotations

import threading
from collections import defaultdict, deque
from pathlib import Path

import click

FILE = "demo.log"
TAIL = 15
"""Lines of a server that are shown when it ends."""


class DemoLog:
    """One log of several servers. Thread-safe."""

    def __init__(self, home: Path, *, in_terminal: bool) -> None:
        """Begin the file `demo.log` in this home. With `in_terminal`, show each line, too."""
        self.path = home / FILE
        self.path.write_text("", encoding="utf-8")
        self._in_terminal = in_terminal
        self._tails: dict[str, deque[str]] = defaultdict(lambda: deque(maxlen=TAIL))
        self._lock = threading.Lock()

    def add(self, name: str, line: str, *, colour: str) -> None:
        """Add a line of the server with this name."""
        with self._lock:
            self._tails[name].append(line)
            with self.path.open("a", encoding="utf-8") as file:
                file.write(f"{name:>8} │ {line}\n")
        if self._in_terminal:
            click.echo(f"{click.style(f'{name:>8} │', fg=colour)} {line}")

    def tail(self, name: str) -> str:
        """Return a server's last lines, unless the terminal shows them already."""
        with self._lock:
            return "" if self._in_terminal else "\n".join(self._tails[name])
